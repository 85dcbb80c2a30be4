"""QR codes of a ticket: how many modules they take, and their picture."""

from PIL import Image
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

_MODULES_OF_VERSION_1 = 21
_MODULES_PER_VERSION = 4


def module_dots(payload: str, side_dots: int) -> int:
    """Whole dots per module so that the code of `payload` fits `side_dots`, from 2 to 16.

    Raises ValueError when `payload` is longer than any QR code holds.
    """
    version = int(_code(payload).best_fit())
    modules = _MODULES_OF_VERSION_1 + _MODULES_PER_VERSION * (version - 1)
    return max(2, min(16, side_dots // modules))


def picture(payload: str, dots: int) -> Image.Image:
    """The code of `payload`, `dots` per module, without a quiet zone: mode "1", ink is 255."""
    code = _code(payload)
    code.make(fit=True)
    rows = code.modules
    small = Image.new("1", (len(rows), len(rows)))
    small.putdata([255 if dark else 0 for row in rows for dark in row])
    return small.resize((len(rows) * dots, len(rows) * dots), Image.Resampling.NEAREST)


def _code(payload: str) -> QRCode:
    code = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(payload.encode("utf-8"))
    return code
