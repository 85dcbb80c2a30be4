"""Emulated counter displays: they read bytes as the real ones do, and forget without power."""

from collections import deque

_HISTORY = 200


class Powered:
    """What all displays have in common: power, and a memory of what they showed."""

    def __init__(self, at_power_on: str) -> None:
        self._at_power_on = at_power_on
        self._shows = at_power_on
        self.powered = True
        self.history: deque[str] = deque([at_power_on], maxlen=_HISTORY)

    @property
    def shown(self) -> str:
        """What a citizen sees; nothing without power."""
        return self._shows if self.powered else ""

    def power_off(self) -> None:
        """Cut the power: it goes dark, answers nothing and forgets."""
        self.powered = False

    def power_on(self) -> None:
        """Give power back: it shows what it always shows at first."""
        self._show(self._at_power_on)
        self.powered = True

    def _show(self, text: str) -> None:
        self._shows = text
        if text != self.history[-1]:
            self.history.append(text)


class ModbusPanel(Powered):
    """A DM36/DM56 digit panel: registers 0 to 5 characters, 6 and 7 a number (lamaPLC, DM36-DM56).

    A slave of a Modbus RTU line: silent on a bad checksum and on other addresses, obeys but never
    answers address 0, and says by an exception what it cannot do.
    """

    def __init__(self, address: int, digits: int = 4) -> None:
        super().__init__(" " * digits)
        self.address = address
        self.digits = digits
        self._registers = [0x20] * 6 + [0, 0]
        self._heard = b""

    def receive(self, data: bytes) -> bytes:
        if not self.powered:
            self._heard = b""
            return b""
        self._heard += data
        length = self._request_length()
        if length is None or len(self._heard) < length:
            return b""
        request, self._heard = self._heard[:length], self._heard[length:]
        return self._obey(request)

    def silence(self) -> bytes:
        request, self._heard = self._heard, b""
        return self._obey(request) if self.powered and len(request) >= 4 else b""

    def _request_length(self) -> int | None:
        """A pseudo-terminal keeps no pauses, so a known function's length ends its frame."""
        if len(self._heard) < 7 or self._heard[1] not in (3, 6, 16):
            return None
        return 9 + self._heard[6] if self._heard[1] == 16 else 8

    def _obey(self, request: bytes) -> bytes:
        address, function, body = request[0], request[1], request[2:-2]
        if _crc(request[:-2]) != int.from_bytes(request[-2:], "little"):
            self._heard = b""
            return b""
        if address not in (0, self.address):
            return b""
        obey = {3: self._read, 6: self._write_one, 16: self._write_many}.get(function)
        try:
            answer = bytes((function,)) + (obey(body) if obey else _refuse(1))
        except _IllegalRequest as refusal:
            answer = bytes((function | 0x80, refusal.code))
        reply = bytes((self.address,)) + answer
        return b"" if address == 0 else reply + _crc(reply).to_bytes(2, "little")

    def _read(self, body: bytes) -> bytes:
        start, count = _word(body, 0), _word(body, 2)
        if not 1 <= count <= 8 - start:
            _refuse(2)
        values = self._registers[start : start + count]
        return bytes((2 * count,)) + b"".join(value.to_bytes(2, "big") for value in values)

    def _write_one(self, body: bytes) -> bytes:
        if _word(body, 0) == 6:
            _refuse(2)
        self._write(_word(body, 0), [_word(body, 2)])
        return body

    def _write_many(self, body: bytes) -> bytes:
        count = _word(body, 2)
        if body[4] != 2 * count or len(body) != 5 + 2 * count:
            _refuse(3)
        self._write(_word(body, 0), [_word(body, 5 + 2 * place) for place in range(count)])
        return body[:4]

    def _write(self, start: int, values: list[int]) -> None:
        if start + len(values) > 8:
            _refuse(2)
        characters = values[: max(0, 6 - start)]
        if any(not 0x20 <= value < 0x7F for value in characters):
            _refuse(3)
        self._registers[start : start + len(values)] = values
        if start + len(values) > 6:
            if start == 7:
                self._registers[6] = 0
            self._show(self._as_number())
        else:
            self._show("".join(map(chr, self._registers[: self.digits])))

    def _as_number(self) -> str:
        high, low = self._registers[6:]
        value = (high & 0xFF) << 16 | low
        places = high >> 8 & 0x0F
        text = f"{value / 10**places:.{places}f}"
        return (f"-{text}" if high >> 12 else text).rjust(self.digits)


class SumPanel(Powered):
    """An RS-485 panel whose frame is address, number high and low, and their sum; it is mute."""

    def __init__(self, address: int, digits: int = 4) -> None:
        super().__init__("0".rjust(digits))
        self.address = address
        self.digits = digits
        self._heard = b""

    def receive(self, data: bytes) -> bytes:
        self._heard = self._heard + data if self.powered else b""
        while len(self._heard) >= 4:
            frame, self._heard = self._heard[:4], self._heard[4:]
            if frame[0] == self.address and sum(frame[:3]) % 256 == frame[3]:
                self._show(str(_word(frame, 1)).rjust(self.digits))
        return b""

    def silence(self) -> bytes:
        self._heard = b""
        return b""


class CustomerDisplayPanel(Powered):
    """A CD5220: two lines of 20 columns, in ASCII; what it cannot show it notes as a fault.

    Source: CD5220 user's manual, 6.1. In string mode it knows ESC Q A, ESC Q B and CLR.
    """

    def __init__(self) -> None:
        super().__init__(f"{'':20}\n{'':20}")
        self.faults: list[bytes] = []
        self._heard = b""

    def receive(self, data: bytes) -> bytes:
        for byte in data if self.powered else b"":
            self._heard += bytes((byte,))
            if self._heard == b"\x0c":
                self._show(self._at_power_on)
            elif self._heard[:3] in (b"\x1bQA", b"\x1bQB") and len(self._heard) <= 24:
                if byte != 0x0D:
                    continue
                self._write_line(upper=self._heard[2:3] == b"A", text=self._heard[3:-1])
            elif self._heard in (b"\x1b", b"\x1bQ"):
                continue
            else:
                self.faults.append(self._heard)
            self._heard = b""
        return b""

    def silence(self) -> bytes:
        return b""

    def power_off(self) -> None:
        super().power_off()
        self._heard = b""

    def _write_line(self, text: bytes, *, upper: bool) -> None:
        if len(text) != 20 or not all(0x20 <= byte < 0x7F for byte in text):
            self.faults.append(self._heard)
            return
        lines = self._shows.split("\n")
        lines[0 if upper else 1] = text.decode("ascii")
        self._show("\n".join(lines))


class _IllegalRequest(Exception):  # noqa: N818 - Modbus calls it an exception code
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def _refuse(code: int) -> bytes:
    raise _IllegalRequest(code)


def _word(data: bytes, place: int) -> int:
    return int.from_bytes(data[place : place + 2], "big")


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 * (value & 1))
        table.append(value)
    return table


_CRC_TABLE = _crc_table()


def _crc(frame: bytes) -> int:
    """CRC-16/MODBUS by the table of "MODBUS over Serial Line" V1.02, appendix B."""
    value = 0xFFFF
    for byte in frame:
        value = value >> 8 ^ _CRC_TABLE[(value ^ byte) & 0xFF]
    return value
