"""Code pages in a virtual printer's memory: what codes 80 to FF print.

The TCVN-3 pages are written down here from the standard TCVN 5712 (VN3) and the character charts
that printer makers print, so that an error in our encoder's tables cannot hide.
"""

from collections.abc import Mapping

_FIRST_CODE = 0x80
_CODES = range(_FIRST_CODE, 0x100)
_NOTHING = "\ufffd"

# Codes 80 to FF, one letter each; a code that prints nothing readable is U+FFFD.
CodePage = str


def of_codec(name: str) -> CodePage:
    """The upper half of one of Python's codecs."""
    return bytes(_CODES).decode(name, errors="replace")


def _of_runs(runs: Mapping[int, str]) -> CodePage:
    letters = {first + n: letter for first, run in runs.items() for n, letter in enumerate(run)}
    return "".join(letters.get(code, _NOTHING) for code in _CODES)


_ACCENTED = {
    0xB5: "àảãáạ",
    0xBB: "ằẳẵắ",
    0xC6: "ặầẩẫấậè",
    0xCE: "ẻẽéẹềểễếệìỉ",
    0xDC: "ĩíịò",
    0xE1: "ỏõóọồổỗốộờởỡớợù",
    0xF1: "ủũúụừửữứựỳỷỹýỵ",
}

TCVN3_SMALL = _of_runs({0xA8: "ăâêôơưđ", **_ACCENTED})
TCVN3_CAPITALS = _of_runs(
    {
        0xA1: "ĂÂ",
        0xA7: "Đ",
        0xAA: "ÊÔƠƯ",
        **{first: run.upper() for first, run in _ACCENTED.items()},
    }
)
