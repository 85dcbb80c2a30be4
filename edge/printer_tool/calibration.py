"""The calibration page: each way to Vietnamese letters that a printer may know, with a number."""

from msgspec.structs import replace

from edge.devices.printer_profile import PrinterProfile
from edge.ticket import commands
from edge.ticket.layout import wrap
from edge.ticket.tcvn3 import CodePages
from edge.ticket.text_layout import columns

# Epson, Citizen and most clones; Bixolon; the same on printers made for China. These come after,
# because some printers stay out of Chinese mode even when they are reset. None is the last resort:
# letters drawn into the printer for each ticket, in six times the bytes.
CANDIDATES = (
    CodePages(30, 31),
    CodePages(49, 50),
    CodePages(30, 31, leave_kanji=True),
    CodePages(49, 50, leave_kanji=True),
    None,
)

# Every Vietnamese letter that is not on an English keyboard, vowel by vowel, so that a wrong one
# stands out.
LETTERS = (
    "àảãáạ ăằẳẵắặ âầẩẫấậ đ èẻẽéẹ êềểễếệ ìỉĩíị òỏõóọ ôồổỗốộ ơờởỡớợ ùủũúụ ưừửữứự ỳỷỹýỵ "
    "ÀẢÃÁẠ ĂẰẲẴẮẶ ÂẦẨẪẤẬ Đ ÈẺẼÉẸ ÊỀỂỄẾỆ ÌỈĨÍỊ ÒỎÕÓỌ ÔỒỔỖỐỘ ƠỜỞỠỚỢ ÙỦŨÚỤ ƯỪỬỮỨỰ ỲỶỸÝỴ"
)

_RESET = b"\x1b@"
_LARGE = b"\x1d!\x11"
_NORMAL = b"\x1d!\x00"


def page(profile: PrinterProfile, title: str) -> bytes:
    """The bytes of the calibration page, for a printer whose code pages are not known yet.

    `title` is plain ASCII, the only letters that such a printer is sure to print.
    """
    across = columns(profile.paper)
    out = bytearray(_RESET)
    for line in wrap(title, across, len):
        out += line.encode("ascii") + b"\n"
    for number in range(1, len(CANDIDATES) + 1):
        writer = approved(profile, number).letters()
        out += _RESET + writer.begin() + _LARGE + f"\n{number}\n".encode("ascii") + _NORMAL
        for line in wrap(LETTERS, across, len):
            out += writer.encode(line) + b"\n"
    return bytes(out + _RESET + commands.end(cutter=profile.cutter))


def approved(profile: PrinterProfile, number: int) -> PrinterProfile:
    """`profile` with the candidate that somebody found right; 0 is none, so pictures stay.

    Raises ValueError for a number that is not on the page.
    """
    if number == 0:
        return replace(profile, mode="raster", code_page=None)
    if not 0 < number <= len(CANDIDATES):
        raise ValueError(f"there is no number {number} on the calibration page")
    pages = CANDIDATES[number - 1]
    return replace(profile, mode="strip" if pages is None else "text", code_page=pages)
