"""How a ticket of characters looks, with the ticket's typeface in place of the printer's own."""

from PIL import Image, ImageChops

from edge.ticket import qr
from edge.ticket.glyphs import CELL_DOTS, cell_of
from edge.ticket.layout import Gap, Paper, Qr
from edge.ticket.text_layout import Line, TextLayout

_LINE_DOTS = 30


def preview(layout: TextLayout, paper: Paper) -> Image.Image:
    """Mode "1", black on white, as wide as the head. Raises KeyError for an unknown letter."""
    parts = [_draw(part, paper) for part in layout]
    ticket = Image.new("1", (paper.dots, sum(part.height for part in parts)))
    top = 0
    for part in parts:
        ticket.paste(part, ((paper.dots - part.width) // 2, top))
        top += part.height
    return ImageChops.invert(ticket)


def _draw(part: Line | Gap | Qr, paper: Paper) -> Image.Image:
    match part:
        case Gap():
            return Image.new("1", (paper.dots, part.height_dots))
        case Qr():
            return qr.picture(part.payload, qr.module_dots(part.payload, part.side_dots))
        case Line():
            return _draw_line(part)


def _draw_line(line: Line) -> Image.Image:
    width, height = CELL_DOTS
    small = Image.new("1", (width * len(line.words), height))
    for at, letter in enumerate(line.words):
        small.paste(cell_of(letter), (at * width, 0))
    if line.style.bold:
        small = ImageChops.logical_or(small, ImageChops.offset(small, 1, 0))
    size = (small.width * line.style.across, small.height * line.style.down)
    large = Image.new("1", (size[0], max(_LINE_DOTS, size[1])))
    large.paste(small.resize(size, Image.Resampling.NEAREST))
    return large
