"""Where each word of a ticket goes when the printer draws the letters itself: pure."""

from unicodedata import normalize

from msgspec import Struct

from edge.ticket.content import TicketContent
from edge.ticket.layout import QR_SIDE_MM, Gap, Paper, Qr, wrap

_CELL_DOTS = 12
_LARGEST = 8
_GAP_MM = 1.5

# Signs that no Vietnamese code page has, and how typewriters write them.
_TYPED = str.maketrans(
    {
        **dict.fromkeys("–—‐‑−", "-"),
        **dict.fromkeys("‘’", "'"),
        **dict.fromkeys("“”«»", '"'),
        "…": "...",
        "•": "*",
        "\u00a0": " ",
    }
)


class Style(Struct, frozen=True):
    """How characters look: so many times as wide and as high, and bold or not."""

    across: int = 1
    down: int = 1
    bold: bool = False


class Line(Struct, frozen=True):
    """A centred line that fits the paper."""

    words: str
    style: Style


# A ticket from top to bottom.
TextLayout = tuple[Line | Gap | Qr, ...]

_PLAIN = Style()
_BOLD = Style(bold=True)
_TALL = Style(down=2, bold=True)
_LARGE = Style(across=2, down=2, bold=True)


def columns(paper: Paper) -> int:
    """Characters in a line of `paper`: 48 on 576 dots, 42 on 512, 32 on 384."""
    return paper.dots // _CELL_DOTS


def text_layout(content: TicketContent, paper: Paper) -> TextLayout:
    """Arrange `content` in lines of characters: every line wrapped to fit, nothing clipped."""
    across = columns(paper)
    scale = max(1, min(_LARGEST, across // len(content.number)))
    gap = Gap(paper.dots_of(_GAP_MM))

    def lines(words: str | None, style: Style) -> TextLayout:
        if words is None:
            return ()
        wrapped = wrap(_typed(words), across // style.across, len)
        return tuple(Line(line, style) for line in wrapped)

    code = () if content.qr is None else (gap, Qr(content.qr, paper.dots_of(QR_SIDE_MM)), gap)
    return (
        *lines(content.training, _LARGE),
        *lines(content.organisation, _PLAIN),
        *lines(content.centre, _BOLD),
        *((gap,) if content.organisation or content.centre else ()),
        *lines(content.reprint, _LARGE),
        *lines(content.title, _TALL),
        gap,
        *lines(content.number, Style(across=scale, down=scale, bold=True)),
        *lines(content.priority, _LARGE),
        *lines(content.service, _TALL),
        *lines(content.counters, _BOLD),
        *lines(content.ahead, _BOLD),
        *lines(content.expected_wait, _BOLD),
        *lines(content.issued, _PLAIN),
        *code,
        *lines(content.qr_caption, _PLAIN),
        *(line for note in content.footer for line in lines(note, _PLAIN)),
        gap,
    )


def _typed(words: str) -> str:
    return normalize("NFC", words).translate(_TYPED)
