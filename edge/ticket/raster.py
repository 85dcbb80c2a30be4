"""Render mode `raster`: the ticket as a one-bit picture, which every ESC/POS printer can print."""

from collections.abc import Callable
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw

from edge.ticket import commands, qr
from edge.ticket.bands import Strip, strips
from edge.ticket.content import TicketContent
from edge.ticket.face import Face
from edge.ticket.layout import Block, Gap, Layout, Paper, Qr, Rule, Text, layout, sheet_layout
from edge.ticket.sheet import Sheet

_INK = 255
_BLOCKS_REMEMBERED = 64
_PLATE_RADIUS_MM = 1.2


class RasterRenderer:
    """Turns tickets into pictures, and into the bytes of one printer.

    `native_qr` lets the printer draw the code (90 bytes instead of thousands); `cutter` cuts after
    the ticket, else it is fed out to be torn; `feed_units_per_dot` is what ESC J counts in: 1 on
    most printers, 2 on Epson's that move by half dots. Blocks that recur are drawn once.
    """

    def __init__(
        self,
        paper: Paper,
        *,
        native_qr: bool = True,
        cutter: bool = True,
        feed_units_per_dot: int = 1,
    ) -> None:
        self._paper = paper
        self._native_qr = native_qr
        self._cutter = cutter
        self._feed_units_per_dot = feed_units_per_dot
        self._face = Face()
        self._strips: Callable[[Block], tuple[Strip, ...]] = lru_cache(_BLOCKS_REMEMBERED)(
            self._make_strips
        )

    def layout(self, content: TicketContent) -> Layout:
        """`content` arranged for this printer's paper."""
        return layout(content, self._paper, self._face.width_dots)

    def preview(self, content: TicketContent) -> Image.Image:
        """What the head will burn: mode "1", black on white, as wide as the head."""
        blocks = [_draw(block, self._paper, self._face) for block in self.layout(content)]
        ticket = Image.new("1", (self._paper.dots, sum(block.height for block in blocks)))
        top = 0
        for block in blocks:
            ticket.paste(block, (0, top))
            top += block.height
        return ImageChops.invert(ticket)

    def encode(self, content: TicketContent) -> bytes:
        """The ESC/POS bytes of one ticket for a printer just reset, up to the cut.

        Raises ValueError when the QR payload is longer than a QR code can hold.
        """
        return self._encode(self.layout(content))

    def encode_sheet(self, sheet: Sheet) -> bytes:
        """The bytes of a slip that is no ticket, likewise."""
        return self._encode(sheet_layout(sheet, self._paper, self._face.width_dots))

    def end(self) -> bytes:
        """The bytes that let go of a slip."""
        return commands.end(cutter=self._cutter)

    def _encode(self, blocks: Layout) -> bytes:
        out = bytearray(commands.centre())
        blank_rows = 0
        for block in blocks:
            for strip in self._strips(block):
                if strip.data:
                    out += commands.feed(blank_rows, self._feed_units_per_dot) + strip.data
                    blank_rows = 0
                else:
                    blank_rows += strip.blank_rows
        return bytes(out + commands.feed(blank_rows, self._feed_units_per_dot) + self.end())

    def _make_strips(self, block: Block) -> tuple[Strip, ...]:
        if isinstance(block, Qr) and self._native_qr:
            dots = qr.module_dots(block.payload, block.side_dots)
            return (Strip(commands.native_qr(block.payload, dots)),)
        return tuple(strips(_draw(block, self._paper, self._face)))


def _draw(block: Block, paper: Paper, face: Face) -> Image.Image:
    """One block across the whole head: mode "1", ink is 255."""
    match block:
        case Gap():
            return Image.new("1", (paper.dots, block.height_dots))
        case Rule():
            return _centred(Image.new("1", (block.width_dots, block.height_dots), _INK), paper)
        case Qr():
            dots = qr.module_dots(block.payload, block.side_dots)
            return _centred(qr.picture(block.payload, dots), paper)
        case Text():
            return _draw_text(block, paper, face)


def _draw_text(block: Text, paper: Paper, face: Face) -> Image.Image:
    picture = Image.new("1", (paper.dots, block.height_dots))
    for number, line in enumerate(block.lines):
        ink, baseline = face.draw(line, block.size_dots, block.weight)
        top = block.baseline_dots + number * block.line_dots - baseline
        picture.paste(_INK, ((paper.dots - ink.width) // 2, top), ink)
    if not block.plate_dots:
        return picture
    plate = Image.new("1", (block.plate_dots, block.height_dots))
    ImageDraw.Draw(plate).rounded_rectangle(
        (0, 0, plate.width - 1, plate.height - 1), paper.dots_of(_PLATE_RADIUS_MM), fill=_INK
    )
    return ImageChops.logical_xor(_centred(plate, paper), picture)


def _centred(ink: Image.Image, paper: Paper) -> Image.Image:
    picture = Image.new("1", (paper.dots, ink.height))
    picture.paste(ink, ((paper.dots - ink.width) // 2, 0))
    return picture
