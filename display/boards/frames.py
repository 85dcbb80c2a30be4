"""What a counter display shows, and the bytes that tell it so. Pure functions."""

import unicodedata
from collections.abc import Callable
from functools import reduce
from operator import xor
from typing import Literal

from msgspec import Struct

from contract.snapshot import CounterView

LINE_COLUMNS = 20


class Face(Struct, frozen=True):
    """What is to be seen at one counter; `number` only while `calling` or `serving`."""

    counter: str
    state: Literal["unknown", "closed", "idle", "calling", "serving"] = "unknown"
    number: str = ""

    @property
    def flashes(self) -> bool:
        """Whether the number goes on and off, to be noticed."""
        return self.state == "calling"


def face(view: CounterView) -> Face:
    """What the display of a counter should show: a pause looks closed, a call flashes."""
    if view.ticket is not None:
        state: Literal["calling", "serving"] = (
            "calling" if view.ticket.phase == "called" else "serving"
        )
        return Face(view.counter, state, view.ticket.number)
    return Face(view.counter, "idle" if view.phase == "open" else "closed")


def digits(shown: Face, width: int) -> str:
    """The characters of a digit panel: a number at the right, dashes when closed, else nothing.

    A number too long for the panel is not shown at all: half of it would call somebody else.
    """
    if shown.state == "closed":
        return "-" * width
    return shown.number.rjust(width) if len(shown.number) <= width else " " * width


# --- Modbus RTU (MODBUS over Serial Line V1.02; Application Protocol V1.1b3, 6.6 and 6.12) --------


def modbus_write_text(address: int, register: int, text: str) -> bytes:
    """Function 16: one ASCII character in each register from `register` on."""
    values = b"".join(ord(letter).to_bytes(2, "big") for letter in text)
    head = bytes((address, 16)) + register.to_bytes(2, "big") + len(text).to_bytes(2, "big")
    return with_crc(head + bytes((len(values),)) + values)


def modbus_write_number(address: int, register: int, value: int) -> bytes:
    """Function 06: one number from 0 to 65,535 in one register."""
    return with_crc(bytes((address, 6)) + register.to_bytes(2, "big") + value.to_bytes(2, "big"))


def modbus_accepted(request: bytes, reply: bytes) -> bool:
    """Whether the 8 bytes of `reply` say that the slave did what `request` asked."""
    return reply == with_crc(request[:6])


def with_crc(frame: bytes) -> bytes:
    """A frame and its CRC-16/MODBUS, low byte first."""
    crc = 0xFFFF
    for byte in frame:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return frame + crc.to_bytes(2, "little")


# --- CD5220 customer displays (CD5220 user's manual, 6.1) -----------------------------------------


def customer_display(upper: str, lower: str) -> bytes:
    """Both lines of a CD5220, 20 columns each, in ASCII: it has no Vietnamese letters."""
    return b"".join(
        b"\x1bQ" + which + columns(text).encode("ascii") + b"\r"
        for which, text in ((b"A", upper), (b"B", lower))
    )


def columns(text: str) -> str:
    """A line of exactly 20 ASCII characters, centred, tone marks taken off (Đ becomes D)."""
    plain = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d"))
    kept = "".join(letter if letter.isascii() else "?" for letter in plain if not _is_mark(letter))
    return kept[:LINE_COLUMNS].center(LINE_COLUMNS)


def _is_mark(letter: str) -> bool:
    return unicodedata.combining(letter) != 0


# --- MAX7219 modules of eight digits (MAX7219/MAX7221 data sheet, 19-4452, tables 1, 2 and 6) -----


def eight_digits(segments: bytes, brightness: int, place: int, chain: int) -> bytes:
    """Registers of the module at `place` (1 is next to the Pi) of a chain, digits from the left.

    One selection of the chain after another, two bytes for each module, the farthest first; those
    of the other modules do nothing. Everything the chip forgets without power is said each time,
    and it is woken last, so that it never shows what was there by chance.
    """
    registers = (
        (_DISPLAY_TEST, 0),
        (_DECODE_MODE, 0),
        (_SCAN_LIMIT, 7),
        (_INTENSITY, brightness),
        *enumerate(reversed(segments), _DIGIT_0),
        (_SHUTDOWN, 1),
    )
    before, after = bytes(2 * (chain - place)), bytes(2 * (place - 1))
    return b"".join(before + bytes(register) + after for register in registers)


_DIGIT_0, _DECODE_MODE, _INTENSITY, _SCAN_LIMIT, _SHUTDOWN, _DISPLAY_TEST = 1, 9, 10, 11, 12, 15


# --- panels with a frame of their own -------------------------------------------------------------


def template(pattern: str, address: int, text: str, number: int) -> bytes:
    """Fill a frame's pattern, words apart by spaces, and return its bytes.

    Hexadecimal words stand for themselves; `address` is one byte; `digits` is `text` in ASCII and
    `bcd` packed two to a byte with F for a blank; `number` is 16 bits, high byte first, and
    `number-le` low byte first; `sum`, `xor` and `crc` check all bytes so far, or those after the
    word `|`. Raises ValueError for any other word, and for what does not fit.
    """
    fields = {
        "address": bytes((address,)),
        "digits": text.encode("ascii"),
        "bcd": _packed_bcd(text),
        "number": number.to_bytes(2, "big"),
        "number-le": number.to_bytes(2, "little"),
    }
    frame = b""
    checked_from = 0
    for word in pattern.split():
        if word == "|":
            checked_from = len(frame)
        elif word in _CHECKS:
            frame += _CHECKS[word](frame[checked_from:])
        else:
            frame += fields[word] if word in fields else _bytes_of(word)
    return frame


def _bytes_of(word: str) -> bytes:
    try:
        return bytes.fromhex(word)
    except ValueError as error:
        raise ValueError(f"{word!r} is neither a field nor hexadecimal") from error


def _packed_bcd(text: str) -> bytes:
    nibbles = "".join(letter if letter.isdigit() else "F" for letter in text)
    return bytes.fromhex(nibbles.rjust(len(nibbles) + len(nibbles) % 2, "F"))


_CHECKS: dict[str, Callable[[bytes], bytes]] = {
    "sum": lambda checked: bytes((sum(checked) & 0xFF,)),
    "xor": lambda checked: bytes((reduce(xor, checked, 0),)),
    "crc": lambda checked: with_crc(checked)[-2:],
}
