"""The ESC/POS commands that every render mode needs, built by python-escpos where it knows them."""

from collections.abc import Callable

from escpos.constants import QR_ECLEVEL_M
from escpos.printer import Dummy

_FEED_DOTS = b"\x1bJ"
_LONGEST_FEED = 255
_LINES_TO_THE_TEAR_BAR = 6


def centre() -> bytes:
    """Centre what follows."""
    return _built(lambda printer: printer.set(align="center"))


def feed(rows: int, units_per_dot: int) -> bytes:
    """Move the paper by `rows` dots; ESC J counts `units_per_dot` for each."""
    full, rest = divmod(rows * units_per_dot, _LONGEST_FEED)
    feeds = [_LONGEST_FEED] * full + [rest] * (rest > 0)
    return b"".join(_FEED_DOTS + bytes([units]) for units in feeds)


def native_qr(payload: str, module_dots: int) -> bytes:
    """Let the printer draw a QR code of `payload` with error correction M."""
    return _built(
        lambda printer: printer.qr(payload, ec=QR_ECLEVEL_M, size=module_dots, native=True)
    )


def end(*, cutter: bool) -> bytes:
    """Let go of a slip: cut it, or feed it out to be torn."""
    if cutter:
        return _built(lambda printer: printer.cut(feed=False))
    return _built(lambda printer: printer.print_and_feed(_LINES_TO_THE_TEAR_BAR))


def _built(build: Callable[[Dummy], object]) -> bytes:
    printer = Dummy()
    build(printer)
    return bytes(printer.output)
