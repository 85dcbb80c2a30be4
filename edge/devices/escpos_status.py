"""What an ESC/POS printer answers, told apart by the bits that are fixed: pure.

Sources: the status tables of DLE EOT, GS a, GS r and GS ( H in printer makers' command manuals.
"""

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

Condition = Literal[
    "disconnected",
    "no-answer",
    "cover-open",
    "paper-out",
    "cutter-error",
    "printer-error",
    "offline",
]

ASK_STATUS = {n: bytes((0x10, 0x04, n)) for n in (1, 2, 3, 4)}
ASK_IN_ORDER = b"\x1dr\x01"
ASK_FOR_CHANGES = b"\x1da\x0e"

_POWER_ON = b"\x3b1\x00"


class RealTime(Struct, frozen=True):
    """The answer to DLE EOT: one byte, whose meaning depends on the question."""

    byte: int


class Automatic(Struct, frozen=True):
    """Automatic status back: four bytes, unasked."""

    bytes: bytes


class InOrder(Struct, frozen=True):
    """The answer to GS r: everything sent before it has been processed."""


class ProcessId(Struct, frozen=True):
    """The echo of GS ( H: everything sent before it has been printed."""

    id: bytes


class PowerOn(Struct, frozen=True):
    """The printer was just switched on: it tells so where its memory switch 1-1 is set."""


class Flow(Struct, frozen=True):
    """XON (`ready`) or XOFF."""

    ready: bool


class Noise(Struct, frozen=True):
    """A byte that no printer sends in this place."""

    byte: int


Reply = RealTime | Automatic | InOrder | ProcessId | PowerOn | Flow | Noise


class Status(Struct, frozen=True):
    """A printer's state; None means that it can print. `paper_low` is only a warning."""

    condition: Condition | None
    paper_low: bool = False


class ReplyReader:
    """Cuts what the printer sends into replies, however the bytes arrive."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Reply]:
        """All replies complete with `data`; what is begun waits for more."""
        self._rest += data
        while self._rest:
            reply, length = _first(self._rest)
            if reply is None:
                return
            self._rest = self._rest[length:]
            yield reply

    def forget(self) -> None:
        """Drop a reply that was begun: its end never came."""
        self._rest = b""


def ask_process_id(process_id: bytes) -> bytes:
    """The command that makes the printer echo four bytes once it has printed what came before."""
    return b"\x1d(H\x06\x0000" + process_id


def is_online(printer: int) -> bool:
    """Read the answer to DLE EOT 1."""
    return not printer & 0x08


def paper(sensors: int) -> Status:
    """Read the answer to DLE EOT 4: each sensor sets two bits alike."""
    out = sensors & 0x60 == 0x60
    return Status("paper-out" if out else None, paper_low=out or sensors & 0x0C == 0x0C)


def why_offline(cause: int, error: int) -> Status:
    """Read the answers to DLE EOT 2 and 3 of a printer that is offline."""
    if cause & 0x04:
        return Status("cover-open")
    if cause & 0x20:
        return Status("paper-out", paper_low=True)
    if error & 0x08:
        return Status("cutter-error")
    if cause & 0x40 or error & 0x64:
        return Status("printer-error")
    return Status("offline")


def automatic(status: bytes) -> Status:
    """Read four bytes of automatic status back."""
    printer, error, sensors, _ = status
    low = sensors & 0x03 == 0x03
    if printer & 0x20:
        return Status("cover-open", low)
    if sensors & 0x0C == 0x0C:
        return Status("paper-out", paper_low=True)
    if error & 0x08:
        return Status("cutter-error", low)
    if error & 0x64:
        return Status("printer-error", low)
    return Status("offline" if printer & 0x08 else None, low)


def _first(data: bytes) -> tuple[Reply | None, int]:
    """The first reply of `data` and its length; None when it is only begun."""
    byte = data[0]
    if byte in {0x11, 0x13}:
        return Flow(byte == 0x11), 1
    if byte in {0x37, _POWER_ON[0]}:
        return _process_id(data) if byte == 0x37 else _power_on(data)
    if byte & 0x93 == 0x12:
        return RealTime(byte), 1
    if byte & 0x93 == 0x10:
        return _automatic(data)
    if byte & 0x90 == 0x00:
        return InOrder(), 1
    return Noise(byte), 1


def _process_id(data: bytes) -> tuple[Reply | None, int]:
    if data[1:2] not in {b"", b"\x22"} or (len(data) >= 7 and data[6] != 0):
        return Noise(data[0]), 1
    if len(data) < 7:
        return None, 0
    return ProcessId(data[2:6]), 7


def _power_on(data: bytes) -> tuple[Reply | None, int]:
    if not _POWER_ON.startswith(data[: len(_POWER_ON)]):
        return Noise(data[0]), 1
    if len(data) < len(_POWER_ON):
        return None, 0
    return PowerOn(), len(_POWER_ON)


def _automatic(data: bytes) -> tuple[Reply | None, int]:
    if any(byte & 0x90 for byte in data[1:4]):
        return Noise(data[0]), 1
    if len(data) < 4:
        return None, 0
    return Automatic(data[:4]), 4
