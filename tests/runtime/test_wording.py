"""Everything people read: complete in both languages, well formed, and fed by the code."""

import ast
import re
import string
import unicodedata
from pathlib import Path

import pytest

import runtime
from contract.refusals import Reason
from runtime.wording import LANGUAGES, catalogue, say
from tests.edge.core.refusals import CASES, Case

ROOT = Path(runtime.__file__).parents[1]
KEYS = sorted(catalogue("vi"))


def placeholders(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name is not None}


def test_vietnamese_comes_first() -> None:
    assert LANGUAGES == ("vi", "en")


def test_both_languages_have_the_same_keys() -> None:
    assert set(catalogue("en")) == set(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_both_languages_have_the_same_placeholders(key: str) -> None:
    assert placeholders(catalogue("en")[key]) == placeholders(catalogue("vi")[key])


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_composed_trimmed_and_not_empty(language: str) -> None:
    for key, words in catalogue(language).items():
        assert unicodedata.is_normalized("NFC", words), key
        assert words, key
        assert words == words.strip(), key
        assert "  " not in words, key
        assert all(name.isidentifier() for name in placeholders(words)), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_has_words_and_nothing_else_has(language: str) -> None:
    section = "refusal."
    worded = {key.removeprefix(section) for key in catalogue(language) if key.startswith(section)}
    assert worded == {reason.value for reason in Reason}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.reason} {case.command}")
def test_the_core_fills_the_placeholders_of_every_refusal(case: Case) -> None:
    refused = case.story().refuses(case.actor, case.command)
    for language in LANGUAGES:
        words = say(f"refusal.{refused.reason}", language, **refused.detail)
        assert "{" not in words


def test_words_of_someone_else_are_never_read_as_placeholders() -> None:
    words = say("refusal.unknown-service", "en", service="{priority}{0}")
    assert "“{priority}{0}”" in words


def test_a_key_that_nobody_wrote_is_an_error() -> None:
    with pytest.raises(KeyError):
        say("refusal.because")


def test_every_key_that_the_code_names_is_there() -> None:
    """Every call of `say`, or of what `words_of` made, with a literal key, wherever it is."""
    named = list(literal_keys())
    assert len(named) > 3
    missing = {(path, key) for path, key in named if key not in KEYS}
    assert not missing


def literal_keys() -> list[tuple[str, str]]:
    """Where a literal key is asked for, and which; a part in braces fits any word."""
    found = []
    for package in ("edge", "display", "central", "simulation", "provision", "runtime"):
        for path in sorted((ROOT / package).rglob("*.py")):
            nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
            sections = {"say": ""} | dict(pair for node in nodes for pair in _section_of(node))
            found += [(path.name, key) for node in nodes for key in _keys_of(node, sections)]
    return found


def _section_of(node: ast.AST) -> list[tuple[str, str]]:
    """The name by which a module asks for the words of a section, and how its keys begin."""
    match node:
        case ast.Assign(
            targets=[ast.Name(name)],
            value=ast.Call(func=ast.Name("words_of"), args=[ast.Constant(value=str(section))]),
        ):
            return [(name, f"{section}.")]
    return []


def _keys_of(node: ast.AST, sections: dict[str, str]) -> list[str]:
    match node:
        case ast.Call(func=ast.Name(name), args=[key, *_]) if name in sections:
            match key:
                case ast.Constant(value=str(literal)):
                    return [sections[name] + literal]
                case ast.JoinedStr():
                    return _keys_like(sections[name], key)
    return []


def _keys_like(section: str, key: ast.JoinedStr) -> list[str]:
    parts = [re.escape(section)] + [
        re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+"
        for part in key.values
    ]
    pattern = re.compile("".join(parts))
    matching = [known for known in KEYS if pattern.fullmatch(known)]
    return matching or [pattern.pattern]


def test_citizens_are_addressed_with_respect() -> None:
    theirs = ("ticket.", "announce.", "rating.", "kiosk.", "pad.", "hall.", "ticket_page.")
    said = {key: words for key, words in catalogue("vi").items() if key.startswith(theirs)}
    assert len(said) > 50
    assert [key for key, words in said.items() if "bạn" in words.lower()] == []
