"""Errors in words, and what the tools say: every key is there, is fed, and is used."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import runtime
from central.access.accounts import AccountError
from central.broker import BrokerError
from central.commands import NodeNameError
from central.configuration.book import ConfigurationError
from central.identity.commands import IdentityError
from central.identity.register import RegisterError
from central.recovery.exports import ExportRefusedError
from central.registry.lists import ListError
from central.store.protocol import OwnedElsewhereError, StoreRefusedError
from central.updates.commands import RolloutError
from central.updates.releases import ReleaseError
from edge.command_refused import CommandRefused
from provision.image.refused import ImageError
from provision.install.ground import DamagedNoteError
from runtime.authority import AuthorityError
from runtime.folder_lock import FolderInUseError
from runtime.sealed import SealError
from runtime.worded_error import WordedError
from runtime.wording import catalogue
from simulation.nation.country import CountryError
from tests.runtime.test_wording import placeholders

ROOT = Path(runtime.__file__).parents[1]
ERRORS: tuple[type[WordedError], ...] = (
    AccountError,
    AuthorityError,
    BrokerError,
    CommandRefused,
    ConfigurationError,
    CountryError,
    DamagedNoteError,
    ExportRefusedError,
    FolderInUseError,
    IdentityError,
    ImageError,
    ListError,
    NodeNameError,
    OwnedElsewhereError,
    RegisterError,
    ReleaseError,
    RolloutError,
    SealError,
    StoreRefusedError,
)
TOOLS = {
    "central_tool": ("words", "central/__main__.py", "central/**/commands.py"),
    "hub_tool": ("_words", "edge/*.py", "edge/identity/commands.py"),
    "image_tool": ("_words", "provision/image/*.py"),
    "install_tool": ("_words", "provision/install/*.py"),
    "nation_tool": ("_words", "simulation/nation/*.py"),
    "release_tool": ("_words", "provision/release/*.py"),
    "terminal_tool": ("_words", "display/terminal/__main__.py"),
    "update_tool": ("_words", "provision/update/*.py"),
}


class _TasteError(WordedError):
    section = "list_refused"


def test_it_speaks_both_languages_and_is_english_in_a_log() -> None:
    error = _TasteError("line", line=2, fault="x")
    assert str(error) == "line 2: x"
    assert error.words("vi") == "dòng 2: x"


def test_errors_within_are_worded_in_the_same_language_a_line_each() -> None:
    within = (_TasteError("fields", count=4), _TasteError("line", line=3, fault="y"))
    error = _TasteError("faults", faults=within)
    assert error.words("vi").splitlines()[1:] == ["phải có 4 ô", "dòng 3: y"]
    assert str(error).splitlines()[1:] == ["there must be 4 fields", "line 3: y"]


def test_a_key_that_nobody_wrote_is_an_error() -> None:
    with pytest.raises(KeyError):
        _TasteError("because")


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_refusal_names_a_key_and_feeds_it(error: type[WordedError]) -> None:
    for call in _calls(error.__name__, *_packages_of(error)):
        _check(call, error.section)


@pytest.mark.parametrize("section", TOOLS)
def test_every_answer_names_a_key_and_feeds_it(section: str) -> None:
    name, *files = TOOLS[section]
    calls = list(_calls(name, *files))
    assert calls
    for call in calls:
        _check(call, section)


@pytest.mark.parametrize("section", TOOLS)
def test_nothing_is_worded_that_no_tool_says(section: str) -> None:
    said = set(_constants(*TOOLS[section][1:]))
    kinds = ("help", "done", "phase")
    said |= {f"{kind}_{word.replace('-', '_')}" for word in said for kind in kinds}
    worded = {key.partition(".")[2] for key in catalogue("vi") if key.startswith(f"{section}.")}
    assert worded <= said


@pytest.mark.parametrize(
    "error",
    [error for error in ERRORS if error.section.endswith("_refused")],
    ids=lambda error: error.__name__,
)
def test_nothing_is_worded_that_is_never_refused(error: type[WordedError]) -> None:
    """Where a section has refusals only."""
    said = set(_constants(*_packages_of(error)))
    keys = {key.partition(".")[2] for key in catalogue("vi") if key.startswith(f"{error.section}.")}
    assert keys
    assert keys <= said


def _packages_of(error: type[WordedError]) -> list[str]:
    """Where it may be raised: what `runtime` has, everybody uses."""
    own = error.__module__.partition(".")[0]
    others = ("edge", "display", "central", "simulation", "provision") if own == "runtime" else ()
    return [f"{package}/**/*.py" for package in (own, *others)]


def _check(call: ast.Call, section: str) -> None:
    match call.args:
        case [ast.Constant(value=str(key)), *_]:
            wanted = placeholders(catalogue("vi")[f"{section}.{key}"])
            assert {keyword.arg for keyword in call.keywords} == wanted, key


def _calls(name: str, *files: str) -> Iterator[ast.Call]:
    for node in _nodes(*files):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def _constants(*files: str) -> Iterator[str]:
    for node in _nodes(*files):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _nodes(*files: str) -> Iterator[ast.AST]:
    for path in sorted(path for pattern in files for path in ROOT.glob(pattern)):
        yield from ast.walk(ast.parse(path.read_text("utf-8")))
