"""What differs between printer models."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from simulation.printer.code_pages import TCVN3_CAPITALS, TCVN3_SMALL, CodePage, of_codec

_MM_PER_INCH = 25.4

_WESTERN = {0: of_codec("cp437"), 2: of_codec("cp850"), 16: of_codec("cp1252")}
_CODE_PAGES = MappingProxyType({**_WESTERN, 30: TCVN3_SMALL, 31: TCVN3_CAPITALS})


class PrinterModel(Struct, frozen=True):
    """The abilities and measures of one model.

    `baud` paces received bytes (None: as fast as they come); `mm_per_s` paces the paper. BUSY
    means that nothing is drained from the port: with a full buffer, and `busy_when_offline` also
    with an open cover or no paper. `cutter_mm` lies between head and knife; 0 is no knife. With
    `kanji` two bytes from 81 on are one Chinese character, until FS . is received. With
    `user_characters` the host may draw characters (ESC &), which are forgotten at each reset. With
    `power_on_notice` it says so when it was switched on (memory switch 1-1 of Epson's).
    """

    dots: int = 576
    dpi: int = 203
    mm_per_s: float = 150.0
    baud: int | None = None
    buffer_bytes: int = 4096
    busy_when_offline: bool = True
    cutter_mm: float = 12.0
    feed_units_per_dot: int = 1
    native_qr: bool = True
    process_id: bool = True
    automatic_status: bool = True
    in_order_status: bool = True
    near_end_mm: float = 1_500.0
    code_pages: Mapping[int, CodePage] = _CODE_PAGES
    kanji: bool = False
    user_characters: bool = True
    power_on_notice: bool = False

    @property
    def dots_per_mm(self) -> float:
        """Rows (and columns) of dots in a millimetre."""
        return self.dpi / _MM_PER_INCH


# A clone that has other pages where most printers have TCVN-3.
WRONG_PAGES = PrinterModel(
    process_id=False,
    code_pages=MappingProxyType({**_WESTERN, 30: of_codec("cp874"), 31: of_codec("cp1258")}),
)

# A clone made for China: it takes Vietnamese letters for halves of Chinese ones.
CHINESE = PrinterModel(process_id=False, kanji=True)
