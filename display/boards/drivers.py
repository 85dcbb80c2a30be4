"""The kinds of counter displays, named by `driver` in the settings: each says its own bytes."""

from collections.abc import Iterable
from typing import Annotated, Literal

from luma.led_matrix import segment_mapper  # type: ignore[import-untyped]  # luma has no types
from msgspec import Meta, Struct

from contract.ids import CounterId, Name
from display.boards import frames
from display.boards.frames import Face
from runtime.wording import say

_Address = Annotated[int, Meta(ge=1, le=247)]
_Register = Annotated[int, Meta(ge=0, le=65535)]
_Place = Annotated[int, Meta(ge=1, le=8)]
_Digits = Annotated[int, Meta(ge=3, le=8)]


class Board(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="driver"):
    """One display of one counter; `name` is what reports call it, if not `board-<counter>`."""

    counter: CounterId
    name: Name | None = None

    @property
    def device(self) -> str:
        """The name of this display in reports to the hub."""
        return self.name or f"board-{self.counter}"

    @property
    def reply_bytes(self) -> int:
        """How many bytes the display answers to a frame; 0 when it never answers."""
        return 0

    def frame(self, shown: Face, *, lit: bool = True) -> bytes:
        """The bytes that make it show `shown`; not `lit` is the dark half of flashing."""
        raise NotImplementedError

    def parts(self, frame: bytes) -> Iterable[bytes]:
        """What of a frame is written at once."""
        return (frame,)

    def accepted(self, frame: bytes, reply: bytes) -> bool:  # noqa: ARG002 - others look at both
        """Whether `reply` says that the display shows `frame`."""
        return True


class ModbusDigits(Board, frozen=True, kw_only=True, tag="modbus-digits"):
    """A digit panel that takes one ASCII character a register, such as DM36 and DM56.

    `digits` is how many it has; `register` is that of the leftmost.
    """

    address: _Address
    digits: _Digits = 4
    register: _Register = 0

    @property
    def reply_bytes(self) -> int:
        return 8

    def frame(self, shown: Face, *, lit: bool = True) -> bytes:
        text = frames.digits(shown, self.digits) if lit else " " * self.digits
        return frames.modbus_write_text(self.address, self.register, text)

    def accepted(self, frame: bytes, reply: bytes) -> bool:
        return frames.modbus_accepted(frame, reply)


class ModbusNumber(Board, frozen=True, kw_only=True, tag="modbus-number"):
    """A digit panel that takes a whole number in one register, and shows `empty` for none."""

    address: _Address
    digits: _Digits = 4
    register: _Register = 7
    empty: Annotated[int, Meta(ge=0, le=65535)] = 0

    @property
    def reply_bytes(self) -> int:
        return 8

    def frame(self, shown: Face, *, lit: bool = True) -> bytes:
        value = _number(shown, self.digits, self.empty) if lit else self.empty
        return frames.modbus_write_number(self.address, self.register, value)

    def accepted(self, frame: bytes, reply: bytes) -> bool:
        return frames.modbus_accepted(frame, reply)


class CustomerDisplay(Board, frozen=True, kw_only=True, tag="cd5220"):
    """A customer display of two lines by 20 columns: counter above, what happens below."""

    language: Literal["vi", "en"] = "vi"

    def frame(self, shown: Face, *, lit: bool = True) -> bytes:
        counter = say("board.counter", self.language, counter=shown.counter)
        lower = ""
        if shown.state != "idle" and lit:
            lower = say(f"board.{shown.state}", self.language, number=shown.number)
        return frames.customer_display(counter, lower)


class TemplatePanel(Board, frozen=True, kw_only=True, tag="template"):
    """A panel with a frame of its own, written as a pattern; see `frames.template`.

    `empty` is the number for panels that take a number and cannot be blank.
    """

    pattern: str
    address: Annotated[int, Meta(ge=0, le=255)] = 1
    digits: _Digits = 4
    empty: Annotated[int, Meta(ge=0, le=65535)] = 0

    def __post_init__(self) -> None:
        self.frame(Face(self.counter, "serving", "9" * self.digits))

    def frame(self, shown: Face, *, lit: bool = True) -> bytes:
        text = frames.digits(shown, self.digits) if lit else " " * self.digits
        number = _number(shown, self.digits, self.empty) if lit else self.empty
        return frames.template(self.pattern, self.address, text, number)


class EightDigits(Board, frozen=True, kw_only=True, tag="max7219"):
    """An eight-digit module with a MAX7219 on SPI; `address` is its place in a chain of `chain`.

    The first is next to the Pi. `brightness` goes from 0 to 15.
    """

    address: _Place = 1
    chain: _Place = 1
    digits: _Digits = 8
    brightness: Annotated[int, Meta(ge=0, le=15)] = 8

    def __post_init__(self) -> None:
        if self.address > self.chain:
            raise ValueError(f"module {self.address} of a chain of {self.chain}")

    def frame(self, shown: Face, *, lit: bool = True) -> bytes:
        text = frames.digits(shown, self.digits) if lit else ""
        segments = bytes(segment_mapper.regular(text.rjust(8)))
        return frames.eight_digits(segments, self.brightness, self.address, self.chain)

    def parts(self, frame: bytes) -> Iterable[bytes]:
        size = 2 * self.chain
        return (frame[start : start + size] for start in range(0, len(frame), size))


AnyBoard = ModbusDigits | ModbusNumber | CustomerDisplay | TemplatePanel | EightDigits


def _number(shown: Face, digits: int, empty: int) -> int:
    """The number to show, or `empty` for none and for one that the panel cannot hold."""
    value = int(shown.number) if shown.number and len(shown.number) <= digits else empty
    return value if value <= 65535 else empty
