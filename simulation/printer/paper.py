"""The paper of a virtual printer: rows of burnt dots, cut into slips.

A row is an integer whose highest bit is the leftmost dot; blank paper is 0.
"""

from collections.abc import Sequence

from msgspec import Struct
from PIL import Image

from simulation.printer.characters import Character


class Slip(Struct, frozen=True):
    """A piece of paper that came off the roll.

    `rows` are all of the paper, `dots` wide, with the blank head of it that lay between knife and
    print head. `lines` are what was printed of characters, `qr` is what the last QR code contains.
    `complete` is false when the printer lost its power, or was emptied, on the way.
    """

    rows: Sequence[int]
    dots: int
    lines: Sequence[Sequence[Character]]
    qr: str | None
    complete: bool

    @property
    def text(self) -> str:
        """What its characters say to a reader, who takes his time: the printer never waits."""
        return "\n".join("".join(character.letter for character in line) for line in self.lines)

    @property
    def image(self) -> Image.Image:
        """The paper to look at: mode "1", black on white."""
        width = (self.dots + 7) // 8
        blank = 8 * width - self.dots
        white = (1 << 8 * width) - 1
        pixels = b"".join((white ^ (row << blank)).to_bytes(width) for row in self.rows)
        return Image.frombytes("1", (self.dots, len(self.rows)), pixels)


class Roll:
    """Paper of `dots` on its way from the head, where rows are burnt, past the knife."""

    def __init__(self, dots: int, cutter_dots: int) -> None:
        self._dots = dots
        self._cutter_dots = cutter_dots
        self._rows = [0] * cutter_dots
        self._lines: list[Sequence[Character]] = []
        self._qr: str | None = None
        self._complete = True

    def add(self, rows: Sequence[int]) -> None:
        """Burn rows and move on behind them."""
        self._rows += rows

    def note_text(self, line: Sequence[Character]) -> None:
        """Remember a line of characters just printed."""
        self._lines.append(line)

    def note_qr(self, content: str) -> None:
        """Remember what a QR code just printed contains."""
        self._qr = content

    @property
    def printed(self) -> bool:
        """Whether anything has been burnt since the last cut."""
        return any(self._rows)

    def spoil(self) -> None:
        """What comes up to the next cut is no whole slip."""
        self._complete = False

    def cut(self) -> Slip:
        """Cut at the knife: what lies between knife and head stays on the roll."""
        return self._part(max(1, len(self._rows) - self._cutter_dots))

    def tear(self) -> Slip | None:
        """Pull out and tear off what is printed, if anything is."""
        if not self.printed:
            return None
        self._rows += [0] * self._cutter_dots
        return self.cut()

    def _part(self, end: int) -> Slip:
        slip = Slip(
            rows=tuple(self._rows[:end]),
            dots=self._dots,
            lines=self._lines,
            qr=self._qr,
            complete=self._complete,
        )
        self._rows = self._rows[end:]
        self._lines, self._qr, self._complete = [], None, True
        return slip
