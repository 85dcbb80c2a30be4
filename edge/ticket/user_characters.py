"""Vietnamese on any ESC/POS printer: letters that it lacks are drawn into codes it can spare.

A printer forgets these characters whenever it is reset, so each ticket brings its own: nothing on
one slip depends on what an earlier one left behind. Commands: ESC %, ESC & and ESC ? of printer
makers' command manuals.
"""

from edge.ticket.glyphs import columns_of
from edge.ticket.letters import LetterError

_USE_OWN_CHARACTERS = b"\x1b%\x01"
_DEFINE = b"\x1b&\x03"  # columns of 3 bytes
_CANCEL = b"\x1b?"
_COLUMNS = 12

# What a Vietnamese ticket needs least, first. The space is no code that every printer lets go.
_SPARE_CODES = (
    "$#@^~|\\`{}[]<>=_*;&+%\"'!?WFZJwfzjXQKRIOEAYSUDLVGBMPNTHC"
    "()/.,-:qpskxrvldbyetaoumighcn9876543210"
)


class UserCharacterWriter:
    """Encodes one ticket, line by line, for a printer just reset."""

    def __init__(self) -> None:
        self._letter_at: dict[str, str] = {}

    def begin(self) -> bytes:
        """What must be sent once after the reset."""
        return _USE_OWN_CHARACTERS

    def encode(self, text: str) -> bytes:
        """A line in NFC, behind the definitions that it needs. Raises LetterError.

        The line before must have been printed, for a code may be given to another letter.
        """
        given_back = [code for code in self._letter_at if code in text]
        for code in given_back:
            del self._letter_at[code]
        drawn = [letter for letter in dict.fromkeys(text) if not " " <= letter <= "~"]
        known = set(self._letter_at.values())
        out = b"".join(_CANCEL + code.encode("ascii") for code in given_back)
        out += b"".join(self._define(letter, text) for letter in drawn if letter not in known)
        code_of = {letter: code for code, letter in self._letter_at.items()}
        return out + "".join(code_of.get(letter, letter) for letter in text).encode("ascii")

    def _define(self, letter: str, line: str) -> bytes:
        try:
            columns = columns_of(letter)
        except KeyError as error:
            raise LetterError(
                f"{letter!r} (U+{ord(letter):04X}) is not in the typeface of tickets"
            ) from error
        code = self._spare_code(line)
        self._letter_at[code] = letter
        at = code.encode("ascii")
        return _DEFINE + at + at + bytes([_COLUMNS]) + columns

    def _spare_code(self, line: str) -> str:
        """A code that `line` does not need: unused if there is one, else taken from a letter."""
        spare = [code for code in _SPARE_CODES if code not in line]
        unused = (code for code in spare if code not in self._letter_at)
        taken = (code for code in spare if self._letter_at[code] not in line)
        return next(unused, None) or next(taken)
