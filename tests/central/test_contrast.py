"""Text and signs of the pages stand out from what they lie on (WCAG 2.2, 1.4.3 and 1.4.11), by day
and in the dark."""

import re
from pathlib import Path

import pytest

from central.web import app

CSS = (Path(app.__file__).parent / "static" / "admin.css").read_text("utf-8")
_DARK = CSS.index("prefers-color-scheme: dark")
_RULES = CSS.index("\n* {")
TEXT, SIGN = 4.5, 3.0

Theme = dict[str, str]


def colours(text: str) -> Theme:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", text))


THEMES = {
    "light": colours(CSS[:_DARK]),
    "dark": colours(CSS[:_DARK]) | colours(CSS[_DARK:_RULES]),
}


@pytest.fixture(params=THEMES)
def theme(request: pytest.FixtureRequest) -> Theme:
    return THEMES[request.param]


def of_rule(theme: Theme, selector: str, key: str) -> str:
    """The colour that a rule gives."""
    rule = re.search(rf"^{re.escape(selector)} {{(.*?)}}", CSS, re.MULTILINE | re.DOTALL)
    assert rule is not None, selector
    found = re.search(rf"(?:^|[ ;]){key}: (?:[^;]*?)var\(--([a-z-]+)\)", rule[1])
    assert found is not None, (selector, key)
    return theme[found[1]]


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


def test_every_colour_has_a_name_so_that_the_dark_has_its_own() -> None:
    assert re.findall(r"#[0-9a-f]{3,8}\b|rgba?\(|hsla?\(", CSS[_RULES:]) == []
    assert len(THEMES["light"]) == len(THEMES["dark"]) > 20


@pytest.mark.parametrize("ground", ["paper", "card", "hover"])
@pytest.mark.parametrize("ink", ["ink", "quiet", "accent", "good", "late", "bad"])
def test_text_can_be_read(theme: Theme, ink: str, ground: str) -> None:
    assert contrast(theme[ink], theme[ground]) >= TEXT


@pytest.mark.parametrize(
    ("selector", "ink"),
    [
        *((".heat1", "ink"), (".heat2", "ink"), (".alert", "ink"), (".stale", "late")),
        *((".tile", "ink"), ("input, select, button", "ink"), (".second", "accent")),
    ],
)
def test_text_on_a_ground_of_its_own_can_be_read(theme: Theme, selector: str, ink: str) -> None:
    assert contrast(theme[ink], of_rule(theme, selector, "background")) >= TEXT


@pytest.mark.parametrize(
    "selector", [".top", "button", "a.button", ".heat3", ".tabs a[aria-current]"]
)
def test_white_text_on_dark_can_be_read(theme: Theme, selector: str) -> None:
    assert of_rule(theme, selector, "color") == theme["white"]
    assert contrast(theme["white"], of_rule(theme, selector, "background")) >= TEXT


@pytest.mark.parametrize("name", ["bar", "accent", "edge"])
def test_bars_and_the_marks_of_fields_and_the_focus_can_be_seen(theme: Theme, name: str) -> None:
    assert min(contrast(theme[name], theme[ground]) for ground in ("paper", "card")) >= SIGN


@pytest.mark.parametrize("part", ["serving", "walk", "pause", "closed"])
def test_parts_of_a_counters_day_can_be_seen(theme: Theme, part: str) -> None:
    assert contrast(of_rule(theme, f".{part}", "fill"), theme["card"]) >= SIGN


def test_what_is_too_late_is_marked_where_the_ground_alone_would_not_tell(theme: Theme) -> None:
    assert contrast(of_rule(theme, ".heat2", "border"), theme["paper"]) >= SIGN
