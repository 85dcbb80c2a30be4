"""Text and signs of the pages stand out from what they lie on (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re
from pathlib import Path

import pytest

from central.web import app

CSS = (Path(app.__file__).parent / "static" / "admin.css").read_text("utf-8")
NAMED: dict[str, str] = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", CSS))
TEXT, SIGN = 4.5, 3.0


def of_rule(selector: str, key: str) -> str:
    """The colour that a rule gives."""
    rule = re.search(rf"^{re.escape(selector)} {{(.*?)}}", CSS, re.MULTILINE | re.DOTALL)
    assert rule is not None, selector
    found = re.search(rf"(?:^|[ ;]){key}: (?:[^;]*?)(#[0-9a-f]{{3,6}}|var\(--\w+\))", rule[1])
    assert found is not None, (selector, key)
    name = str(found[1]).removeprefix("var(--").removesuffix(")")
    return NAMED.get(name, name)


def luminance(colour: str) -> float:
    """Relative luminance, 0 to 1."""
    digits = colour.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1, the same, to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_is_the_most_there_is() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("ground", ["paper", "card"])
@pytest.mark.parametrize("ink", ["ink", "quiet", "accent", "good", "late", "bad"])
def test_text_can_be_read(ink: str, ground: str) -> None:
    assert contrast(NAMED[ink], NAMED[ground]) >= TEXT


@pytest.mark.parametrize(
    ("selector", "ink"),
    [(".heat1", "ink"), (".heat2", "ink"), (".alert", "ink"), (".stale", "late")],
)
def test_text_on_a_ground_of_its_own_can_be_read(selector: str, ink: str) -> None:
    assert contrast(NAMED[ink], of_rule(selector, "background")) >= TEXT


@pytest.mark.parametrize("selector", [".top", "button", ".heat3"])
def test_white_text_on_dark_can_be_read(selector: str) -> None:
    assert contrast("#fff", of_rule(selector, "background")) >= TEXT


@pytest.mark.parametrize("name", ["bar", "accent"])
def test_bars_and_the_mark_of_the_focus_can_be_seen(name: str) -> None:
    assert min(contrast(NAMED[name], NAMED[ground]) for ground in ("paper", "card")) >= SIGN


@pytest.mark.parametrize("part", ["serving", "walk", "pause", "closed"])
def test_parts_of_a_counters_day_can_be_seen(part: str) -> None:
    assert contrast(of_rule(f".{part}", "fill"), NAMED["card"]) >= SIGN
