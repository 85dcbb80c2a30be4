"""Vietnamese in the two code pages of TCVN-3: one for small letters, one for capitals."""

from typing import Annotated

from msgspec import Meta, Struct

from edge.ticket.letters import LetterError
from edge.ticket.printer_database import CodePage, printer_database

_SELECT_PAGE = b"\x1bt"
_LEAVE_KANJI = b"\x1c."
_FIRST_CODE = 0x80

PageNumber = Annotated[int, Meta(ge=0, le=255)]


class CodePages(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a printer keeps TCVN-3, as somebody saw on its calibration page.

    `small` and `capitals` are what ESC t selects. `leave_kanji` is for printers that take two
    bytes for one Chinese character until FS . tells them otherwise.
    """

    small: PageNumber = 30
    capitals: PageNumber = 31
    leave_kanji: bool = False


class Tcvn3Writer:
    """Encodes text for a printer just reset, selecting pages only when a letter needs another."""

    def __init__(self, pages: CodePages) -> None:
        self._pages = pages
        self._selected: int | None = None

    def begin(self) -> bytes:
        """What must be sent once after the reset."""
        return _LEAVE_KANJI if self._pages.leave_kanji else b""

    def encode(self, text: str) -> bytes:
        """`text`, in NFC, with the page changes it needs. Raises LetterError."""
        return b"".join(self._letter(letter) for letter in text)

    def _letter(self, letter: str) -> bytes:
        if " " <= letter <= "~":
            return letter.encode("ascii")
        if letter in _SMALL:
            return self._on(self._pages.small, _SMALL[letter])
        if letter in _CAPITALS:
            return self._on(self._pages.capitals, _CAPITALS[letter])
        raise LetterError(
            f"{letter!r} (U+{ord(letter):04X}) is on neither code page {self._pages.small}"
            f" nor {self._pages.capitals}"
        )

    def _on(self, page: int, code: int) -> bytes:
        change = b"" if page == self._selected else _SELECT_PAGE + bytes([page])
        self._selected = page
        return change + bytes([code])


def _codes(page: CodePage) -> dict[str, int]:
    letters = enumerate("".join(page.data), start=_FIRST_CODE)
    return {letter: code for code, letter in letters if letter != " "}


_PAGES = printer_database().encodings
_SMALL = _codes(_PAGES["TCVN-3-1"])
_CAPITALS = _codes(_PAGES["TCVN-3-2"])
# The table calls the letter at A7 an Icelandic Ð: on paper it is the Vietnamese Đ.
_CAPITALS["Đ"] = _CAPITALS.pop("Ð")
