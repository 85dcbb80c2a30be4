"""Render modes `text` and `strip`: the printer sets the letters itself, line by line."""

from collections.abc import Callable, Iterator

from PIL import Image

from edge.ticket import commands, qr
from edge.ticket.bands import strips
from edge.ticket.content import TicketContent
from edge.ticket.layout import Gap, Paper, Qr
from edge.ticket.letters import LetterWriter
from edge.ticket.text_layout import Line, Style, text_layout
from edge.ticket.text_preview import preview

_SIZE = b"\x1d!"
_BOLD = b"\x1bE"
_PRINT_LINE = b"\n"


class TextRenderer:
    """Turns tickets into characters: hundreds of bytes instead of thousands.

    `letters` makes the writer of each ticket: from code pages that somebody approved, or from
    characters drawn for it. `native_qr`, `cutter` and `feed_units_per_dot` mean what they mean to
    the raster renderer.
    """

    def __init__(
        self,
        paper: Paper,
        letters: Callable[[], LetterWriter],
        *,
        native_qr: bool = True,
        cutter: bool = True,
        feed_units_per_dot: int = 1,
    ) -> None:
        self._paper = paper
        self._letters = letters
        self._native_qr = native_qr
        self._cutter = cutter
        self._feed_units_per_dot = feed_units_per_dot

    def encode(self, content: TicketContent) -> bytes:
        """The ESC/POS bytes of one ticket for a printer just reset, up to the cut.

        Raises LetterError for a letter that the printer cannot be given, and ValueError when the QR
        payload is longer than a QR code can hold.
        """
        writer = self._letters()
        out = bytearray(writer.begin() + commands.centre())
        style = Style()
        for part in text_layout(content, self._paper):
            match part:
                case Line():
                    out += b"".join(_changes(style, part.style))
                    out += writer.encode(part.words) + _PRINT_LINE
                    style = part.style
                case Gap():
                    out += self._feed(part.height_dots)
                case Qr():
                    out += self._code(part)
        return bytes(out + self.end())

    def preview(self, content: TicketContent) -> Image.Image:
        """About what comes out: mode "1", black on white. Raises as `encode` does."""
        self.encode(content)
        return preview(text_layout(content, self._paper), self._paper)

    def end(self) -> bytes:
        """The bytes that let go of a slip."""
        return commands.end(cutter=self._cutter)

    def _code(self, code: Qr) -> bytes:
        dots = qr.module_dots(code.payload, code.side_dots)
        if self._native_qr:
            return commands.native_qr(code.payload, dots)
        drawn = strips(qr.picture(code.payload, dots))
        return b"".join(strip.data or self._feed(strip.blank_rows) for strip in drawn)

    def _feed(self, rows: int) -> bytes:
        return commands.feed(rows, self._feed_units_per_dot)


def _changes(before: Style, after: Style) -> Iterator[bytes]:
    """What must be sent between lines of two styles."""
    if (before.across, before.down) != (after.across, after.down):
        yield _SIZE + bytes([(after.across - 1) << 4 | (after.down - 1)])
    if before.bold != after.bold:
        yield _BOLD + bytes([after.bold])
