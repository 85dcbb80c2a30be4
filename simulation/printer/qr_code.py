"""QR codes as a printer draws them: settings first, then data, then the picture."""

from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar

from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_L, ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.main import QRCode

_CORRECTIONS = {
    48: ERROR_CORRECT_L,
    49: ERROR_CORRECT_M,
    50: ERROR_CORRECT_Q,
    51: ERROR_CORRECT_H,
}
_CODES_REMEMBERED = 16


class QrCode:
    """What GS ( k has set so far."""

    PRINT: ClassVar[bytes] = b"Q"

    def __init__(self) -> None:
        self._module_dots = 3
        self._correction = ERROR_CORRECT_L
        self._data = b""

    @property
    def content(self) -> str:
        """The stored data as text."""
        return self._data.decode("utf-8", errors="replace")

    def set(self, what: bytes, arguments: bytes) -> bool:
        """Take function `what` of GS ( k; return False when it is none, or out of range."""
        match what, arguments:
            case (b"A", b"1\x00" | b"2\x00"):
                pass
            case (b"C", _) if len(arguments) == 1 and 1 <= arguments[0] <= 16:
                self._module_dots = arguments[0]
            case (b"E", _) if len(arguments) == 1 and arguments[0] in _CORRECTIONS:
                self._correction = _CORRECTIONS[arguments[0]]
            case (b"P", _) if arguments[:1] == b"0" and len(arguments) > 1:
                self._data = arguments[1:]
            case _:
                return False
        return True

    def rows(self) -> Sequence[int]:
        """The code without a quiet zone, as wide as high, highest bit leftmost; empty if no code
        holds the data."""
        if not self._data:
            return ()
        return _drawn(self._data, self._correction, self._module_dots)


@lru_cache(_CODES_REMEMBERED)
def _drawn(data: bytes, correction: int, module_dots: int) -> Sequence[int]:
    code = QRCode(error_correction=correction, border=0)
    code.add_data(data)
    try:
        code.make(fit=True)
    except ValueError:
        return ()
    across = [
        int("".join(module_dots * str(int(bool(dark))) for dark in modules), 2)
        for modules in code.modules
    ]
    return tuple(row for row in across for _ in range(module_dots))
