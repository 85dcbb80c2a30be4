"""Where each word of a ticket goes, in dots: pure, so that every paper can be tested."""

from bisect import bisect_right
from collections.abc import Callable
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from edge.ticket.content import TicketContent
from edge.ticket.sheet import Sheet

Weight = Literal["Medium", "SemiBold", "Bold"]
Role = Literal["heading", "title", "number", "mark", "service", "fact", "caption", "note"]

# How wide `text` is in dots at a size in dots and a weight.
Measure = Callable[[str, int, Weight], int]

# The face's tallest letter (Ẵ) and deepest (Ộ), its capitals, and the way from one baseline to the
# next, in parts of the type size.
ASCENT_EM = 1.26
DESCENT_EM = 0.30
CAP_HEIGHT_EM = 0.77
LINE_EM = 1.36

_MM_PER_INCH = 25.4
_SMALLEST_LEGIBLE_DOTS = 22
_MARGIN_MM = 1.5


class Paper(Struct, frozen=True, forbid_unknown_fields=True):
    """What a print head covers: 576 dots on 80 mm rolls (512 at 180 dpi), 384 on 58 mm rolls."""

    dots: Annotated[int, Meta(ge=384, le=1000, multiple_of=8)] = 576
    dpi: Annotated[int, Meta(ge=150, le=320)] = 203

    def dots_of(self, mm: float) -> int:
        """`mm` in whole dots, at least one."""
        return max(1, round(mm * self.dpi / _MM_PER_INCH))


class Text(Struct, frozen=True):
    """Lines of one size and weight, centred.

    The first baseline is `baseline_dots` below the block's top, and `line_dots` lead to the next.
    With a plate, `plate_dots` wide, the letters are white on black.
    """

    role: Role
    lines: tuple[str, ...]
    size_dots: int
    weight: Weight
    baseline_dots: int
    line_dots: int
    height_dots: int
    plate_dots: int = 0


class Rule(Struct, frozen=True):
    """A line across the text's width."""

    width_dots: int
    height_dots: int


class Gap(Struct, frozen=True):
    """Blank paper."""

    height_dots: int


class Qr(Struct, frozen=True):
    """A QR code, as large as whole dots per module allow within `side_dots`."""

    payload: str
    side_dots: int


Block = Text | Rule | Gap | Qr

# A ticket from top to bottom.
Layout = tuple[Block, ...]


class _Style(Struct, frozen=True):
    size_mm: float
    weight: Weight


_STYLES: dict[Role, _Style] = {
    "heading": _Style(3.1, "Medium"),
    "title": _Style(4.1, "Bold"),
    "mark": _Style(4.0, "Bold"),
    "service": _Style(4.3, "Bold"),
    "fact": _Style(3.5, "SemiBold"),
    "caption": _Style(3.0, "Medium"),
    "note": _Style(2.9, "Medium"),
}
_NUMBER_WEIGHT: Weight = "Bold"
_NUMBER_MAX_MM = 24.0
QR_SIDE_MM = 21.0
_PLATE_BELOW_MM = 0.6


def layout(content: TicketContent, paper: Paper, measure: Measure) -> Layout:
    """Arrange `content` on `paper`: every line wrapped to fit, nothing clipped.

    The number is as large as the paper allows. `measure` gives widths of the face used.
    """
    page = _Page(paper, measure)
    if content.training:
        page.mark(content.training)
    _head(page, content)
    if content.reprint:
        page.mark(content.reprint)
    page.text("title", content.title)
    page.gap(1.6)
    page.number(content.number)
    page.gap(1.0)
    if content.priority:
        page.mark(content.priority)
    page.text("service", content.service)
    for fact in (content.counters, content.ahead, content.expected_wait):
        if fact:
            page.text("fact", fact)
    if content.issued:
        page.text("caption", content.issued)
    _foot(page, content)
    return tuple(page.blocks)


def sheet_layout(sheet: Sheet, paper: Paper, measure: Measure) -> Layout:
    """Arrange `sheet` on `paper` as `layout` does a ticket."""
    page = _Page(paper, measure)
    if sheet.mark:
        page.mark(sheet.mark)
    page.text("heading", sheet.organisation)
    page.text("title", sheet.title)
    for fact in sheet.facts:
        page.text("fact", fact)
    for section in sheet.sections:
        page.gap(0.8)
        page.rule()
        page.gap(0.6)
        page.text("heading", section.title, "Bold")
        for line in section.lines:
            page.text("caption", line)
    page.gap(1.5)
    return tuple(page.blocks)


def wrap(text: str, width_dots: int, measured: Callable[[str], int]) -> tuple[str, ...]:
    """Break `text` into the fewest lines of at most `width_dots`, of about equal length.

    A dash stays with the word before it; a word wider than a line is broken within. Only words are
    measured, not lines, because measuring is what costs time.
    """
    if measured(text) <= width_dots:
        return (text,)
    words = [
        (part, measured(part))
        for word in _words(text)
        for part in _fitting(word, width_dots, measured)
    ]
    space = measured("n n") - 2 * measured("n")
    lines = _fill(words, space, width_dots)
    narrow, wide = max(width for _, width in words), width_dots
    while narrow < wide:
        middle = (narrow + wide) // 2
        narrower = _fill(words, space, middle)
        if len(narrower) > len(lines):
            narrow = middle + 1
        else:
            wide, lines = middle, narrower
    return tuple(lines)


def _head(page: "_Page", content: TicketContent) -> None:
    if content.organisation:
        page.text("heading", content.organisation)
    if content.centre:
        page.text("heading", content.centre, "Bold")
    if content.organisation or content.centre:
        page.gap(1.2)
        page.rule()
        page.gap(0.8)


def _foot(page: "_Page", content: TicketContent) -> None:
    if content.qr:
        page.gap(2.5)
        page.qr(content.qr)
        page.gap(1.2)
        if content.qr_caption:
            page.text("caption", content.qr_caption)
    if content.footer:
        page.gap(1.2)
        page.rule()
        page.gap(0.6)
    for note in content.footer:
        page.text("note", note)
    page.gap(1.5)


class _Page:
    """Blocks so far, and how to add one."""

    def __init__(self, paper: Paper, measure: Measure) -> None:
        self.blocks: list[Block] = []
        self._paper = paper
        self._measure = measure
        self._width = paper.dots - 2 * paper.dots_of(_MARGIN_MM)

    def text(self, role: Role, words: str, weight: Weight | None = None) -> None:
        self.blocks.append(self._lines(role, words, self._width, weight))

    def mark(self, words: str) -> None:
        padding = self._paper.dots_of(2.0)
        text = self._lines("mark", words, self._width - 2 * padding)
        widest = max(self._measure(line, text.size_dots, text.weight) for line in text.lines)
        self.gap(0.8)
        self.blocks.append(
            replace(
                text,
                plate_dots=widest + 2 * padding,
                height_dots=text.height_dots + self._paper.dots_of(_PLATE_BELOW_MM),
            )
        )
        self.gap(0.8)

    def number(self, digits: str) -> None:
        widest = self._paper.dots_of(_NUMBER_MAX_MM)
        size = min(widest, widest * self._width // self._measure(digits, widest, _NUMBER_WEIGHT))
        while self._measure(digits, size, _NUMBER_WEIGHT) > self._width:
            size -= 1
        cap_height = round(CAP_HEIGHT_EM * size)
        self.blocks.append(
            Text(
                role="number",
                lines=(digits,),
                size_dots=size,
                weight=_NUMBER_WEIGHT,
                baseline_dots=cap_height,
                line_dots=cap_height,
                height_dots=cap_height + round(0.03 * size),
            )
        )

    def rule(self) -> None:
        self.blocks.append(Rule(self._width, self._paper.dots_of(0.25)))

    def gap(self, mm: float) -> None:
        self.blocks.append(Gap(self._paper.dots_of(mm)))

    def qr(self, payload: str) -> None:
        self.blocks.append(Qr(payload, self._paper.dots_of(QR_SIDE_MM)))

    def _lines(self, role: Role, words: str, width: int, weight: Weight | None = None) -> Text:
        style = _STYLES[role]
        weight = weight or style.weight
        size = max(_SMALLEST_LEGIBLE_DOTS, self._paper.dots_of(style.size_mm))
        lines = wrap(words, width, lambda line: self._measure(line, size, weight))
        baseline, advance = round(ASCENT_EM * size), round(LINE_EM * size)
        return Text(
            role=role,
            lines=lines,
            size_dots=size,
            weight=weight,
            baseline_dots=baseline,
            line_dots=advance,
            height_dots=baseline + advance * (len(lines) - 1) + round(DESCENT_EM * size),
        )


def _words(text: str) -> list[str]:
    words: list[str] = []
    for word in text.split():
        if words and word in {"–", "-", "—"}:
            words[-1] += f" {word}"
        else:
            words.append(word)
    return words


def _fitting(word: str, width: int, measured: Callable[[str], int]) -> list[str]:
    if measured(word) <= width:
        return [word]
    cut = max(1, bisect_right(range(1, len(word)), width, key=lambda n: measured(word[:n])))
    return [word[:cut], *_fitting(word[cut:], width, measured)]


def _fill(words: list[tuple[str, int]], space: int, width: int) -> list[str]:
    lines: list[str] = []
    used = width
    for word, word_width in words:
        if used + space + word_width <= width:
            lines[-1] += f" {word}"
            used += space + word_width
        else:
            lines.append(word)
            used = word_width
    return lines
