"""The ESC/POS commands that every render mode needs, in python-escpos's constants.

They are what its `Dummy` builds, which no program imports: at import it parses all that it knows of
printers as YAML and keeps that in a file, unsynced; where a power cut leaves that file empty, no
program that imports it starts again.
"""

from escpos.constants import ESC, GS, QR_ECLEVEL_M, QR_MODEL_2, TXT_STYLE

_FEED_DOTS: bytes = ESC + b"J"
_LONGEST_FEED = 255
_FEED_LINES: bytes = ESC + b"d"
_LINES_TO_THE_TEAR_BAR = 6
_FEED_AND_CUT: bytes = GS + b"VB\x00"
_CODE: bytes = GS + b"(k"
_QR = b"1"


def centre() -> bytes:
    """Centre what follows."""
    return bytes(TXT_STYLE["align"]["center"])


def feed(rows: int, units_per_dot: int) -> bytes:
    """Move the paper by `rows` dots; ESC J counts `units_per_dot` for each."""
    full, rest = divmod(rows * units_per_dot, _LONGEST_FEED)
    feeds = [_LONGEST_FEED] * full + [rest] * (rest > 0)
    return b"".join(_FEED_DOTS + bytes([units]) for units in feeds)


def native_qr(payload: str, module_dots: int) -> bytes:
    """Let the printer draw a QR code of `payload` with error correction M."""
    return (
        _code_function(b"A", bytes([ord("0") + QR_MODEL_2, 0]))
        + _code_function(b"C", bytes([module_dots]))
        + _code_function(b"E", bytes([ord("0") + QR_ECLEVEL_M]))
        + _code_function(b"P", b"0" + payload.encode("utf-8"))
        + _code_function(b"Q", b"0")
    )


def end(*, cutter: bool) -> bytes:
    """Let go of a slip: cut it, or feed it out to be torn."""
    return _FEED_AND_CUT if cutter else _FEED_LINES + bytes([_LINES_TO_THE_TEAR_BAR])


def _code_function(function: bytes, parameters: bytes) -> bytes:
    """GS ( k: its length counts the kind of code and the function too."""
    length = len(_QR + function + parameters)
    return _CODE + length.to_bytes(2, "little") + _QR + function + parameters
