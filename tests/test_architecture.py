"""The house rules of `docs/architecture.md`, read from the code itself.

Every rule lists all its offenders at once, each as `file:line: what is wrong`.
"""

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache, cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("contract", "runtime", "edge", "display", "central", "simulation", "provision")
SIBLINGS = ("edge", "display", "central")
MOST_LINES = 400

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "contract": (),
    "runtime": ("contract",),
    "edge": ("contract", "runtime"),
    "display": ("contract", "runtime"),
    "central": ("contract", "runtime"),
    "simulation": ("contract", "runtime", "edge", "display", "central"),
    "provision": ("contract", "runtime", "edge", "display", "central"),
}

# Modules that decide and compute: no input, no output, no clock, no thread, no log.
PURE = (
    "contract.*",
    "edge.core.*",
    "edge.upstream.outbox",
    "edge.devices.escpos_status",
    "edge.ticket.content",
    "edge.ticket.layout",
    "edge.ticket.sheet",
    "edge.ticket.text_layout",
    "display.boards.frames",
    "display.hall.scene",
    "display.voice.backlog",
    "display.voice.levels",
    "display.voice.mixing",
    "display.voice.no_slip",
    "display.voice.phrases",
    "display.voice.volume",
    "central.scope",
    "central.alerts.hours",
    "central.alerts.hysteresis",
    "central.alerts.rules",
    "central.api.wilson",
    "central.public.queue",
    "central.rollup.counters",
    "central.rollup.devices",
    "central.ingest.check",
    "central.rollup.bins",
    "central.rollup.business_day",
    "central.rollup.answer_batches",
    "central.rollup.fold",
    "central.rollup.histogram",
    "central.rollup.queue",
    "central.store.cells",
    "central.store.ledger",
    "central.updates.progress",
    "central.updates.rollout",
    "central.store.rows",
    "central.store.storable",
    "simulation.agenda",
)
# Words are constants that happen to be in files.
PURE_ENOUGH = ("runtime.wording", "runtime.backoff")
PURE_LIBRARIES = frozenset(
    {
        "array",
        "bisect",
        "collections",
        "dataclasses",
        "datetime",
        "enum",
        "functools",
        "hashlib",
        "heapq",
        "itertools",
        "math",
        "msgspec",
        "operator",
        "re",
        "string",
        "struct",
        "types",
        "typing",
        "unicodedata",
        "zlib",
        "zoneinfo",
        "zstandard",
    }
)
CONTRACT_NEEDS = frozenset({"msgspec", "zstandard"})

CLOCK = "runtime.clock"
CLOCK_CALLS = (
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "loop.time"),
    *("time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.perf_counter"),
    *("time.perf_counter_ns", "time.localtime", "time.gmtime", "time.clock_gettime"),
)

# Files of runtime/ that wait for their second user; each line says for whom.
WAITING_FOR_A_SECOND_USER: dict[str, str] = {}


# What is imported late on purpose, by whom; its docstring says why.
LATE = {"edge.local_api": "edge.node"}


@dataclass(frozen=True)
class Import:
    """One imported module, and where: `lazy` inside a function, class or condition."""

    module: str
    line: int
    lazy: bool
    for_types: bool


@dataclass(frozen=True)
class Module:
    """One file of a package."""

    name: str
    path: Path

    @property
    def package(self) -> str:
        """The room it is in."""
        return self.name.partition(".")[0]

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax."""
        return ast.parse(self.path.read_text("utf-8"))

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """All its imports, wherever they stand."""
        return tuple(_imports(self.tree, lazy=False, for_types=False))

    def at(self, line: int, what: str) -> str:
        """A complaint."""
        return f"{self.path.relative_to(ROOT)}:{line}: {what}"


@cache
def modules() -> dict[str, Module]:
    """All modules of all packages by name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts).removesuffix(".__init__")
            found[name] = Module(name, path)
    return found


def matching(patterns: Iterable[str]) -> list[Module]:
    """The modules whose names match one of `patterns`."""
    patterns = tuple(patterns)
    return [m for name, m in modules().items() if any(fnmatch(name, p) for p in patterns)]


def none_of(offenders: Iterable[str]) -> None:
    """Fail with every offender on a line of its own."""
    found = sorted(offenders)
    if found:
        pytest.fail("\n".join(found), pytrace=False)


# --- who imports whom -------------------------------------------------------------------------


def test_the_rooms_import_each_other_in_one_direction() -> None:
    none_of(
        module.at(known.line, f"{module.package}/ may not import {known.module}")
        for module in modules().values()
        for known in module.imports
        if (room := known.module.partition(".")[0]) in (*PACKAGES, "tests", "benchmarks", "docs")
        and room not in (module.package, *MAY_IMPORT[module.package])
    )


def test_nothing_is_imported_late() -> None:
    none_of(
        module.at(known.line, f"{known.module} is imported late; do it at the top")
        for module in modules().values()
        for known in module.imports
        if known.lazy and not known.for_types and LATE.get(known.module) != module.name
    )


def test_nothing_is_imported_by_a_made_up_name() -> None:
    none_of(
        module.at(node.lineno, f"{name} imports what no reader can see")
        for module in modules().values()
        for node, name in calls(module)
        if name in ("__import__", "import_module", "importlib.import_module")
    )


def test_no_module_needs_itself() -> None:
    """Types and packages included: importing a module runs every package around it first."""
    needs = {
        name: {
            needed
            for known in module.imports
            for needed in (known.module, *around(known.module))
            if needed in modules() and needed not in (name, *around(name))
        }
        | {outer for outer in around(name) if needs_anything(outer)}
        for name, module in modules().items()
    }
    cycle: list[str] = []
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        cycle = error.args[1][::-1]
    none_of([" needs ".join(cycle)] if cycle else [])


def test_the_contract_needs_only_these_libraries() -> None:
    none_of(
        module.at(known.line, f"contract/ may not need {known.module}")
        for module in matching(["contract*"])
        for known in module.imports
        if (library := known.module.partition(".")[0]) != "contract"
        and library not in sys.stdlib_module_names | CONTRACT_NEEDS
    )


def test_what_is_in_runtime_is_used_by_two_siblings() -> None:
    users: dict[str, set[str]] = {name: set() for name in modules() if name.startswith("runtime.")}
    for module in modules().values():
        if module.package in SIBLINGS:
            for used in reached(module.name, within="runtime"):
                users[used].add(module.package)
    few = {name for name, rooms in users.items() if len(rooms) < 2}
    none_of(
        f"{name}: used only by {', '.join(users[name]) or 'no sibling'}"
        for name in few - WAITING_FOR_A_SECOND_USER.keys()
    )
    none_of(
        f"{name}: has two users now; take it off the list"
        for name in WAITING_FOR_A_SECOND_USER.keys() - few
    )


# --- purity and clocks ------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", PURE)
def test_every_pure_module_named_here_is_there(pattern: str) -> None:
    assert matching([pattern])


def test_pure_modules_need_only_pure_modules() -> None:
    pure = {module.name for module in matching((*PURE, *PURE_ENOUGH))}
    packages = {name for name, module in modules().items() if module.path.name == "__init__.py"}
    none_of(
        module.at(known.line, f"a pure module may not need {known.module}")
        for module in matching(PURE)
        for known in module.imports
        if known.module not in pure | packages
        and (module.name, known.module) != ("contract.decoders", "threading")  # its lock
        and known.module.partition(".")[0] not in PURE_LIBRARIES
    )


def test_pure_modules_neither_read_nor_print() -> None:
    none_of(
        module.at(node.lineno, f"a pure module may not call {name}")
        for module in matching(PURE)
        for node, name in calls(module)
        if name in ("open", "print", "input", "exec", "eval")
    )


def test_clocks_are_read_in_one_place() -> None:
    others = [module for name, module in modules().items() if name != CLOCK]
    none_of(
        module.at(node.lineno, f"{name}: take a Clock")
        for module in others
        for node, name in calls(module)
        if name.endswith(CLOCK_CALLS)
    )
    none_of(
        module.at(node.lineno, "import time itself, so that its clocks can be seen")
        for module in others
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and node.module == "time"
    )


# --- reading from top to bottom ---------------------------------------------------------------


def test_no_file_is_two_files() -> None:
    files = [path for room in (*PACKAGES, "tests", "benchmarks") for path in python_files(room)]
    lines = {path: len(path.read_text("utf-8").splitlines()) for path in files}
    none_of(
        f"{path.relative_to(ROOT)}: {count} lines, more than {MOST_LINES}"
        for path, count in lines.items()
        if count > MOST_LINES
    )


def test_what_is_public_says_what_it_is() -> None:
    """A method may leave that to the protocol of its package that it belongs to."""
    public = [(m, node) for m in modules().values() for node in public_definitions(m.tree)]
    said = {(m.package, node.name) for m, node in public if ast.get_docstring(node)}
    none_of(
        module.at(node.lineno, f"{node.name} has no docstring")
        for module, node in public
        if ast.get_docstring(node) is None
        and (node in module.tree.body or (module.package, node.name) not in said)
    )


def test_every_module_says_what_it_is() -> None:
    none_of(
        module.at(1, "no docstring")
        for module in modules().values()
        if module.tree.body and ast.get_docstring(module.tree) is None
    )


# --- reading the syntax -----------------------------------------------------------------------


def python_files(room: str) -> list[Path]:
    """All Python files in a folder of the project."""
    return sorted((ROOT / room).rglob("*.py"))


def around(name: str) -> list[str]:
    """The packages around a module, innermost first."""
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(len(parts) - 1, 0, -1)]


def needs_anything(package: str) -> bool:
    """Whether a package's own file imports anything of ours."""
    return any(known.module.partition(".")[0] in PACKAGES for known in modules()[package].imports)


def reached(name: str, within: str) -> set[str]:
    """The modules of the room `within` that a module needs, by itself or through that room."""
    found: set[str] = set()
    unread = [name]
    while unread:
        for known in modules()[unread.pop()].imports:
            if known.module.startswith(f"{within}.") and known.module not in found:
                found.add(known.module)
                unread.append(known.module)
    return found


def calls(module: Module) -> Iterator[tuple[ast.Call, str]]:
    """All calls of names and attributes, as they are written."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            yield node, ast.unparse(node.func)


def public_definitions(
    tree: ast.Module | ast.ClassDef,
) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Public functions and classes of a module, and public methods of public classes."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if node.name.startswith("_"):
                continue
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node)


def _imports(node: ast.AST, *, lazy: bool, for_types: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(alias.name, child.lineno, lazy, for_types)
        elif isinstance(child, ast.ImportFrom):
            for alias in child.names:
                inner = f"{child.module}.{alias.name}"
                module = inner if inner in modules() else str(child.module)
                yield Import(module, child.lineno, lazy, for_types)
        else:
            types = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
            yield from _imports(child, lazy=True, for_types=for_types or types)
