"""What `docs/displays.md` says of letters and contrast, measured in the pixels of a browser."""

import io
import math
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Browser, Locator, Page, expect

from display.hall.relay import Relay, create_app
from display.hall.scene import Call, Scene, Waiting
from display.hall.screen import Screen
from runtime.clock import SystemClock
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from tests.browser import page_of
from tests.display.scenes import NOW_MS

GUIDE = (Path(__file__).parents[3] / "docs" / "displays.md").read_text("utf-8")
STATED = re.findall(r"^\|[^|]+\| `([^`]+)` \| ([\d.]+)′ \| ([\d.]+) : 1 \|", GUIDE, re.MULTILINE)
SCREENS = [(1280, 720), (1366, 768), (1920, 1080), (3840, 2160), (1080, 1920), (2160, 3840)]
SHORT_SIDE_MM = 535  # of a 43-inch screen, 16 by 9
DISTANCE_MM = 8000

Colour = tuple[int, int, int]


@pytest.fixture(scope="module")
def relay() -> Iterator[tuple[Relay, str]]:
    relay = Relay()
    server = HttpServer(create_app(relay, Screen(SystemClock())), HttpAddress("127.0.0.1", 0))
    server.start()
    yield relay, server.url
    server.stop()


def busy(calls: int) -> Scene:
    return Scene(
        site_name="Trung tâm Phục vụ hành chính công phường Văn Miếu – Quốc Tử Giám",
        now_ms=NOW_MS,
        calling=tuple(Call(f"{20 + n}08", str(n + 1), n, priority=False) for n in range(calls)),
        recent=tuple(Call(f"{10 + n}08", str(n + 11), 90 + n, priority=False) for n in range(4)),
        waiting=tuple(
            Waiting(f"H{'ộ tịch – Chứng thực' * n}", 8 * 10**n, 15, ("8080", "8088"))
            for n in (0, 1, 2)
        ),
        notices=("Xin giữ trật tự.",),
    )


def test_the_guide_states_every_kind_of_text() -> None:
    assert {selector for selector, _, _ in STATED} >= {
        "#calling .number",
        "#calling .counter",
        "#recent .number",
        "#waiting .count",
        "#waiting .next",
        "#notice span",
        ".banner",
    }


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: f"{screen[0]}x{screen[1]}")
def test_letters_are_as_large_and_as_clear_as_the_guide_states(
    browser: Browser, relay: tuple[Relay, str], screen: tuple[int, int]
) -> None:
    with shown(browser, relay, screen) as page:
        for selector, least_minutes, least_contrast in STATED:
            relay[0].publish(None if selector == ".banner" else busy(4))
            found = page.locator(selector)
            # The last number has no other below it that reaches into its picture.
            text = found.last if selector.endswith(".number") else found.first
            text.wait_for()
            picture = pixels(text)
            letter_px = cap_height_px(text)
            if selector.endswith(".number"):
                # Digits stand alone in their line: what is seen is what the style says.
                assert ink_height_px(picture) == pytest.approx(letter_px, rel=0.06, abs=2)
            letter_mm = letter_px * SHORT_SIDE_MM / min(screen)
            assert minutes_of_arc(letter_mm) >= float(least_minutes), selector
            assert contrast(*ground_and_ink(picture)) >= float(least_contrast), selector
            style: str = text.evaluate("e => getComputedStyle(e).color")
            assert ground_and_ink(picture)[1] == tuple(map(int, re.findall(r"\d+", style)))


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: f"{screen[0]}x{screen[1]}")
def test_every_number_is_wholly_on_the_screen(
    browser: Browser, relay: tuple[Relay, str], screen: tuple[int, int]
) -> None:
    with shown(browser, relay, screen) as page:
        for calls in (0, 1, 2, 3, 4, 5, 8, 9, 14):
            relay[0].publish(busy(calls))
            expect(page.locator("#calling li")).to_have_count(calls)
            assert page.evaluate(CUT_OFF) == [], calls
            for row in page.locator("#calling li").all():
                number = row.locator(".number").bounding_box()
                counter = row.locator(".counter").bounding_box()
                assert number is not None
                assert counter is not None
                assert number["x"] + number["width"] < counter["x"]


CUT_OFF = """
() => [...document.querySelectorAll("b, .count, #waiting li:not([hidden]), time")]
  .filter((element) => element.checkVisibility())
  .filter((element) => {
    const box = element.getBoundingClientRect();
    const room = (element.closest("section") ?? document.body).getBoundingClientRect();
    const below = box.height * 0.15; // of a line's height no ink is in its lowest part
    return box.bottom > room.bottom + below || box.right > room.right + 1
      || box.left < room.left || box.top < room.top;
  })
  .map((element) => element.textContent)
"""


@contextmanager
def shown(browser: Browser, relay: tuple[Relay, str], screen: tuple[int, int]) -> Iterator[Page]:
    relay[0].publish(busy(4))  # nothing flashes that was there at first
    with page_of(browser, screen) as page:
        page.goto(relay[1])
        page.locator("body:not(.offline)").wait_for()
        page.evaluate("document.fonts.ready.then(() => null)")
        yield page


def cap_height_px(text: Locator) -> float:
    """How high the browser draws an H of this text."""
    height: float = text.evaluate(
        """(element) => {
          const pen = document.createElement("canvas").getContext("2d");
          const { fontWeight, fontSize, fontFamily } = getComputedStyle(element);
          pen.font = `${fontWeight} ${fontSize} ${fontFamily}`;
          return pen.measureText("H").actualBoundingBoxAscent;
        }"""
    )
    return height


def pixels(text: Locator) -> Image.Image:
    return Image.open(io.BytesIO(text.screenshot())).convert("RGB")


def minutes_of_arc(height_mm: float) -> float:
    return math.degrees(2 * math.atan(height_mm / 2 / DISTANCE_MM)) * 60


def ground_and_ink(picture: Image.Image) -> tuple[Colour, Colour]:
    """The commonest colour, and of the others that are common the one that differs most."""
    counts: Counter[Colour] = Counter(zip(*[iter(picture.tobytes())] * 3, strict=True))
    (ground, _), *others = counts.most_common()
    common = [seen for seen, count in others if count > picture.width * picture.height / 500]
    return ground, max(common, key=lambda seen: contrast(seen, ground))


def ink_height_px(picture: Image.Image) -> int:
    ground = Image.new("RGB", picture.size, ground_and_ink(picture)[0])
    ink = ImageChops.difference(picture, ground).convert("L").point(lambda seen: seen > 90 and 255)
    box = ink.getbbox()
    assert box is not None
    return box[3] - box[1]


def contrast(one: Colour, other: Colour) -> float:
    """The contrast ratio of WCAG 2.2."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: Colour) -> float:
    """The relative luminance of WCAG 2.2."""
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (value / 255 for value in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
