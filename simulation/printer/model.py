"""What differs between printer models."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

_MM_PER_INCH = 25.4
_CODE_PAGES = MappingProxyType({0: "cp437", 2: "cp850", 16: "cp1252"})


class PrinterModel(Struct, frozen=True):
    """The abilities and measures of one model.

    `baud` paces received bytes (None: as fast as they come); `mm_per_s` paces the paper. BUSY
    means that nothing is drained from the port: with a full buffer, and `busy_when_offline` also
    with an open cover or no paper. `cutter_mm` lies between head and knife; 0 is no knife.
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
    code_pages: Mapping[int, str] = _CODE_PAGES

    @property
    def dots_per_mm(self) -> float:
        """Rows (and columns) of dots in a millimetre."""
        return self.dpi / _MM_PER_INCH
