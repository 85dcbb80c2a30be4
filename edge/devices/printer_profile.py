"""What a site says about one of its printers, and how tickets are rendered for it."""

from typing import Literal, Protocol

from msgspec import Struct, field

from edge.ticket.content import TicketContent
from edge.ticket.layout import Paper
from edge.ticket.raster import RasterRenderer
from edge.ticket.tcvn3 import CodePages
from edge.ticket.text import TextRenderer

Mode = Literal["raster", "text"]
Proof = Literal["process-id", "status", "none"]


class Renderer(Protocol):
    """Turns tickets into the bytes of one printer."""

    def encode(self, content: TicketContent) -> bytes:
        """The bytes of one ticket, up to the cut. Raises ValueError when it cannot be printed."""
        ...

    def end(self) -> bytes:
        """The bytes that let go of a slip."""
        ...


class PrinterProfile(Struct, frozen=True, forbid_unknown_fields=True):
    """The abilities of a model that change what it is sent.

    `mode` is "raster" for pictures, which every printer prints, or "text" for characters of its
    own: that needs the `code_page` that `thutu-printer calibrate` found. `proof` is how the
    printer can tell that a slip came out: "process-id" where it has GS ( H, "status" where it
    answers DLE EOT, "none" for a one-way line. `automatic_status` says that it has GS a.
    `feed_units_per_dot` is 2 on Epson models that feed by half dots.
    """

    paper: Paper = field(default_factory=Paper)
    mode: Mode = "raster"
    code_page: CodePages | None = None
    proof: Proof = "status"
    automatic_status: bool = True
    native_qr: bool = True
    cutter: bool = True
    feed_units_per_dot: Literal[1, 2] = 1

    def __post_init__(self) -> None:
        if self.mode == "text" and self.code_page is None:
            raise ValueError('mode "text" needs the code_page that `thutu-printer calibrate` found')

    def renderer(self) -> Renderer:
        """A renderer for this printer alone."""
        if self.mode == "text" and self.code_page is not None:
            return TextRenderer(
                self.paper,
                self.code_page,
                native_qr=self.native_qr,
                cutter=self.cutter,
                feed_units_per_dot=self.feed_units_per_dot,
            )
        return RasterRenderer(
            self.paper,
            native_qr=self.native_qr,
            cutter=self.cutter,
            feed_units_per_dot=self.feed_units_per_dot,
        )
