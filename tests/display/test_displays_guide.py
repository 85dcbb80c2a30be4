"""What `docs/displays.md` tells installers is so."""

import re
from pathlib import Path
from typing import get_args

import pytest

from display.boards import __main__ as boards
from display.boards import bus, drivers
from display.hall import __main__ as hall
from edge.satellite.__main__ import SatelliteSettings
from runtime.settings import load_settings

GUIDE = (Path(__file__).parents[2] / "docs" / "displays.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("program", "kind"),
    [
        ("thutu-boards", boards.Settings),
        ("thutu-hall", hall.Settings),
        ("thutu-satellite", SatelliteSettings),
    ],
)
def test_its_examples_are_accepted(program: str, kind: type, tmp_path: Path) -> None:
    examples = re.findall(rf"^```toml {program}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    assert examples
    for example in examples:
        file = tmp_path / "settings.toml"
        file.write_text(example, "utf-8")
        load_settings(file, kind, "THUTU", environment={})


def test_every_driver_is_there_with_all_its_settings() -> None:
    rows = dict(re.findall(r"^\| `([a-z0-9-]+)` \|(.*)\|$", GUIDE, re.MULTILINE))
    for driver in get_args(drivers.AnyBoard):
        fields = set(driver.__struct_fields__) - {"counter", "name"}
        told = set(re.findall(r"`([a-z]+)`", rows[driver.__struct_config__.tag].split("|")[2]))
        assert fields == told, driver


def test_every_fault_is_there() -> None:
    for fault in ("line-lost", "no-answer", *bus.GARBLED, "no-keypad"):
        assert f"`{fault}`" in GUIDE
