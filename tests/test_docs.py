"""What the documents say is what the code does."""

import re
from pathlib import Path

import pytest

from central.access.permissions import PERMISSIONS, Permission
from central.settings import CentralSettings
from display.boards import __main__ as boards
from display.hall import __main__ as hall
from docs import reference
from edge.settings import HubSettings
from runtime.settings import load_settings


@pytest.mark.parametrize("name", ["messages.md", "asyncapi.json", "settings.md"])
def test_references_are_those_of_the_code(name: str) -> None:
    written = (reference.FOLDER / name).read_text("utf-8")
    assert written == reference.references()[name], "run `make reference`"


@pytest.mark.parametrize(
    ("program", "kind"),
    [
        ("thutu-hub", HubSettings),
        ("thutu-central", CentralSettings),
        ("thutu-boards", boards.Settings),
        ("thutu-hall", hall.Settings),
    ],
)
def test_settings_in_the_guide_are_accepted(program: str, kind: type, tmp_path: Path) -> None:
    guide = (reference.FOLDER / "operate.md").read_text("utf-8")
    examples = re.findall(rf"^```toml {program}\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
    assert examples
    for number, example in enumerate(examples):
        file = tmp_path / f"{number}.toml"
        file.write_text(example, "utf-8")
        assert isinstance(load_settings(file, kind, "THUTU", environment={}), kind)


COLUMNS = {
    "figures, files, trends": Permission.FIGURES,
    "hubs, devices, data quality, alerts": Permission.MACHINES,
    "acknowledge and close alerts": Permission.ALERTS,
    "publish procedures": Permission.CATALOGUE,
    "single events": Permission.EVENTS,
    "audit log": Permission.AUDIT,
    "appointments": Permission.APPOINTMENTS,
}


def test_the_guide_says_of_each_role_what_it_may() -> None:
    guide = (reference.FOLDER / "operate.md").read_text("utf-8")
    table = re.findall(r"^\| (.*) \|$", guide.partition("### Who may see what")[2], re.MULTILINE)
    (roles, *columns), *rows = [line.split(" | ") for line in table]
    assert roles == "role"
    assert [COLUMNS[name] for name in columns] == [*COLUMNS.values()]
    said = {
        role: {
            COLUMNS[name]
            for name, cell in zip(columns, cells, strict=True)
            if {"yes": True, "no": False}[cell.partition(",")[0]]
        }
        for roles, *cells in rows
        for role in roles.split(", ")
    }
    assert set(COLUMNS.values()) == set(Permission)
    assert said == PERMISSIONS


def test_links_between_documents_lead_somewhere() -> None:
    pages = [reference.FOLDER.parent / name for name in ("README.md", "CONTRIBUTING.md")]
    for page in (*pages, *reference.FOLDER.glob("*.md")):
        for link, image in re.findall(r"\]\(([^):]+)\)|src=\"([^\"]+)\"", page.read_text("utf-8")):
            name, _, part = (link or image).partition("#")
            target = page.parent / name if name else page
            assert target.exists(), f"{page.name}: {link}"
            assert not part or part in parts(target), f"{page.name}: {link}"


def parts(page: Path) -> set[str]:
    """What a link can name within a page: its headings, as GitHub writes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(page: str) -> list[list[str]]:
    """The lines of each block of commands, without their comments."""
    text = (reference.FOLDER / page).read_text("utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [[line.partition(" #")[0].rstrip() for line in block.splitlines()] for block in blocks]


def test_the_technicians_page_has_the_commands_of_the_guide_and_no_others() -> None:
    page, guide = commands("install.vi.md"), commands("install.md") + commands("machines.md")
    last_at_a_site = "thutu-hub add-devices - < thutu-01-00097-01-satellite-2.devices.json"
    assert page[-1][-1].endswith(last_at_a_site)
    assert page == guide[: len(page)]
