"""What a printer's sensors feel, and the bytes in which it says so.

Sources: the status tables of DLE EOT, GS r and GS a in printer makers' command manuals.
"""


class Sensors:
    """Paper, cover and cutter of one printer; `near_end_mm` of paper are felt as little."""

    def __init__(self, paper_mm: float, near_end_mm: float) -> None:
        self.paper_mm = paper_mm
        self.cover_open = False
        self.cutter_error = False
        self._near_end_mm = near_end_mm

    @property
    def paper_out(self) -> bool:
        """Whether the roll has come to its end."""
        return self.paper_mm <= 0

    @property
    def paper_low(self) -> bool:
        """Whether the roll's end is near."""
        return self.paper_mm <= self._near_end_mm

    @property
    def offline(self) -> bool:
        """Whether the printer cannot print."""
        return self.cover_open or self.paper_mm <= 0 or self.cutter_error

    def real_time(self, question: int) -> bytes:
        """The answer to DLE EOT 1 to 4."""
        answers = {
            1: 0x08 * self.offline,
            2: 0x04 * self.cover_open | 0x20 * self.paper_out | 0x40 * self.cutter_error,
            3: 0x08 * self.cutter_error,
            4: 0x0C * self.paper_low | 0x60 * self.paper_out,
        }
        return bytes([0x12 | answers[question]])

    def in_order(self) -> bytes:
        """The answer to GS r 1."""
        return bytes([0x03 * self.paper_low | 0x0C * self.paper_out])

    def automatic(self) -> bytes:
        """Automatic status back."""
        printer = 0x10 | 0x08 * self.offline | 0x20 * self.cover_open
        return bytes([printer, 0x08 * self.cutter_error, *self.in_order(), 0x00])
