"""What a site says about one of its printers, and how tickets are rendered for it."""

from typing import Literal

from msgspec import Struct, field

from edge.ticket.layout import Paper
from edge.ticket.raster import RasterRenderer

Proof = Literal["process-id", "status", "none"]


class PrinterProfile(Struct, frozen=True, forbid_unknown_fields=True):
    """The abilities of a model that change what it is sent.

    `proof` is how the printer can tell that a slip came out: "process-id" where it has GS ( H,
    "status" where it answers DLE EOT, "none" for a one-way line. `automatic_status` says that it
    has GS a. `feed_units_per_dot` is 2 on Epson models that feed by half dots.
    """

    paper: Paper = field(default_factory=Paper)
    proof: Proof = "status"
    automatic_status: bool = True
    native_qr: bool = True
    cutter: bool = True
    feed_units_per_dot: Literal[1, 2] = 1

    def renderer(self) -> RasterRenderer:
        """A renderer for this printer alone."""
        return RasterRenderer(
            self.paper,
            native_qr=self.native_qr,
            cutter=self.cutter,
            feed_units_per_dot=self.feed_units_per_dot,
        )
