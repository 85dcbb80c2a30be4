"""What a site says about one of its printers, and how tickets are rendered for it."""

from typing import Literal, Protocol

from msgspec import Struct, field
from PIL import Image

from edge.ticket.content import TicketContent
from edge.ticket.layout import Paper
from edge.ticket.letters import LetterWriter
from edge.ticket.raster import RasterRenderer
from edge.ticket.tcvn3 import CodePages, Tcvn3Writer
from edge.ticket.text import TextRenderer
from edge.ticket.user_characters import UserCharacterWriter

Mode = Literal["raster", "text", "strip"]
Proof = Literal["process-id", "status", "none"]


class Renderer(Protocol):
    """Turns tickets into the bytes of one printer."""

    def encode(self, content: TicketContent) -> bytes:
        """The bytes of one ticket, up to the cut. Raises ValueError when it cannot be printed."""
        ...

    def preview(self, content: TicketContent) -> Image.Image:
        """A picture of the ticket: mode "1", black on white. Raises ValueError likewise."""
        ...

    def end(self) -> bytes:
        """The bytes that let go of a slip."""
        ...


class PrinterProfile(Struct, frozen=True, forbid_unknown_fields=True):
    """The abilities of a model that change what it is sent.

    `mode` is "raster" for pictures, which every printer prints; "strip" for characters of its own,
    with the Vietnamese ones drawn into it for each ticket; or "text" for its own alone: that needs
    the `code_page` that `thutu-printer calibrate` found. `proof` is how the
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
        if self.mode == "raster":
            return self.pictures()
        return TextRenderer(
            self.paper,
            self.letters,
            native_qr=self.native_qr,
            cutter=self.cutter,
            feed_units_per_dot=self.feed_units_per_dot,
        )

    def pictures(self) -> RasterRenderer:
        """A renderer of pictures for this printer, whatever its mode."""
        return RasterRenderer(
            self.paper,
            native_qr=self.native_qr,
            cutter=self.cutter,
            feed_units_per_dot=self.feed_units_per_dot,
        )

    def letters(self) -> LetterWriter:
        """What sets the letters of one ticket where they are characters of the printer."""
        if self.code_page is not None and self.mode == "text":
            return Tcvn3Writer(self.code_page)
        return UserCharacterWriter()
