"""Byte transports to a device, behind one small protocol; chosen by a URL in the settings.

`serial:/dev/ttyUSB0?baud=19200&flow=rtscts`, `usb:/dev/usb/lp0` or `tcp://192.168.1.50:9100`.
"""

import contextlib
import os
import select
import socket
import struct
import termios
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

import serial

from runtime.settings import SettingsError

_BITS_PER_BYTE = 10  # start, eight data bits, stop
_READ_BYTES = 4096
_FLOWS = ("rtscts", "xonxoff", "none")
_DEFAULT_BAUD = 9600
_DEFAULT_PORT = 9100
_CONNECT_S = 3.0
_VANISHED_MS = 10_000
_LOOK_AGAIN_S = 0.01
_GONE = select.POLLERR | select.POLLHUP | select.POLLNVAL
_RESET = struct.pack("ii", 1, 0)


class DeviceError(Exception):
    """A device that cannot be reached; the message says which and why."""


class Transport(Protocol):
    """A two-way stream of bytes that can be lost and opened again.

    Every call takes bounded time and raises DeviceError when the connection is gone; then only
    `close` and `open` make sense. `byte_s` is the time that one byte takes on the wire.
    """

    @property
    def byte_s(self) -> float:
        """Seconds that one byte takes, 0 where that is nothing to wait for."""
        ...

    @property
    def held(self) -> bool:
        """Whether the other end holds up the line, where a wire of its own says so."""
        ...

    def open(self) -> None:
        """Connect afresh."""
        ...

    def write(self, data: bytes, timeout_s: float) -> int:
        """Hand over the first bytes of `data`; return how many, 0 after `timeout_s` of refusal."""
        ...

    def read(self, timeout_s: float) -> bytes:
        """What has come; empty when nothing came for `timeout_s`."""
        ...

    def close(self) -> None:
        """Disconnect, dropping what was not yet sent; never fails."""
        ...


def transport(url: str) -> Transport:
    """The transport that `url` names, not yet open. Raises SettingsError when it names none."""
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
        if parts.scheme == "serial" and parts.path.startswith("/"):
            return _serial(parts.path, options)
        if parts.scheme == "usb" and parts.path.startswith("/") and not options:
            return UsbTransport(parts.path)
        if parts.scheme == "tcp" and parts.hostname and not options:
            return TcpTransport(parts.hostname, parts.port or _DEFAULT_PORT)
    except ValueError as error:
        raise SettingsError(f"{url!r}: {error}") from error
    raise SettingsError(
        f"{url!r} is no printer port such as serial:/dev/ttyUSB0?baud=19200&flow=rtscts,"
        " usb:/dev/usb/lp0 or tcp://192.168.1.50:9100"
    )


class SerialTransport:
    """A serial port, or a pseudo-terminal, held exclusively.

    `flow` is "rtscts" (the printer's DTR wired to our CTS), "xonxoff" or "none".
    """

    def __init__(self, path: str, baud: int, flow: str) -> None:
        self.byte_s = _BITS_PER_BYTE / baud
        self._port = serial.Serial()
        self._port.port = path
        self._port.baudrate = baud
        self._port.rtscts = flow == "rtscts"
        self._port.xonxoff = flow == "xonxoff"
        self._port.exclusive = True
        self._port.timeout = 0
        self._port.write_timeout = 0

    @property
    def held(self) -> bool:
        """Whether CTS is low; a pseudo-terminal has none."""
        try:
            return self._port.rtscts and not self._port.cts
        except (OSError, termios.error):
            return False

    def open(self) -> None:
        """Open the port and drop what was left in it."""
        self.close()
        try:
            self._port.open()
            self._port.reset_input_buffer()
            self._port.reset_output_buffer()
        except (OSError, termios.error) as error:
            raise DeviceError(f"{self._port.port} does not open: {error}") from error

    def write(self, data: bytes, timeout_s: float) -> int:
        """Hand bytes to the port's queue as far as flow control lets it drain."""
        try:
            if not select.select((), (self._port.fileno(),), (), timeout_s)[1]:
                return 0
            return self._port.write(data) or 0
        except (OSError, termios.error) as error:
            raise DeviceError(f"{self._port.port} takes no bytes: {error}") from error

    def read(self, timeout_s: float) -> bytes:
        """What the port has received."""
        try:
            if not select.select((self._port.fileno(),), (), (), timeout_s)[0]:
                return b""
            return bytes(self._port.read(_READ_BYTES))
        except (OSError, termios.error) as error:
            raise DeviceError(f"{self._port.port} gives no bytes: {error}") from error

    def close(self) -> None:
        """Drop what is queued (a printer that is off would hold up the close) and close."""
        if self._port.is_open:
            with contextlib.suppress(OSError, termios.error):
                self._port.reset_output_buffer()
            with contextlib.suppress(OSError):
                self._port.close()


class UsbTransport:
    """A USB printer behind the kernel's usblp driver, a character device that one may open.

    The kernel's driver rather than libusb: it keeps the printer claimed, needs no other rights than
    those on its file, and tells a printer unplugged from one that is busy. Source: usblp.c.
    """

    byte_s = 0.0
    held = False

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: int | None = None

    def open(self) -> None:
        """Open the device; it is another one whenever the printer was plugged in again."""
        self.close()
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)
        except OSError as error:
            raise DeviceError(f"{self._path} does not open: {error}") from error

    def write(self, data: bytes, timeout_s: float) -> int:
        """Hand bytes over as soon as the printer has taken those before."""
        try:
            if not self._is_ready(select.POLLOUT, timeout_s):
                return 0
            return os.write(self._opened(), data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise DeviceError(f"{self._path} takes no bytes: {error}") from error

    def read(self, timeout_s: float) -> bytes:
        """What the printer has said; many say nothing in packets of no bytes, which are no end."""
        try:
            for part_s in (0.0, *[_LOOK_AGAIN_S] * round(timeout_s / _LOOK_AGAIN_S)):
                if self._is_ready(select.POLLIN, part_s):
                    if data := self._received():
                        return data
                    select.select((), (), (), part_s)
        except OSError as error:
            raise DeviceError(f"{self._path} gives no bytes: {error}") from error
        return b""

    def close(self) -> None:
        """Close; what the printer has not taken yet is dropped."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.close(self._file)
            self._file = None

    def _received(self) -> bytes:
        try:
            return os.read(self._opened(), _READ_BYTES)
        except BlockingIOError:
            return b""

    def _is_ready(self, event: int, timeout_s: float) -> bool:
        device = select.poll()
        device.register(self._opened(), event)
        found = device.poll(round(timeout_s * 1000))
        if found and found[0][1] & _GONE:
            raise DeviceError(f"{self._path} was unplugged, or switched off")
        return bool(found)

    def _opened(self) -> int:
        if self._file is None:
            raise DeviceError(f"{self._path} is not open")
        return self._file


class TcpTransport:
    """A network printer: plain bytes on a TCP connection, usually to port 9100."""

    byte_s = 0.0
    held = False

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._socket: socket.socket | None = None

    def open(self) -> None:
        """Connect, so that a printer that vanishes silently is noticed within seconds."""
        self.close()
        try:
            connected = socket.create_connection(self._address, _CONNECT_S)
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _VANISHED_MS)
        except OSError as error:
            raise DeviceError(f"{self._name} does not connect: {error}") from error
        self._socket = connected

    def write(self, data: bytes, timeout_s: float) -> int:
        """Hand bytes to the network as far as the printer's window lets them go."""
        open_socket = self._connected()
        try:
            open_socket.settimeout(timeout_s)
            return open_socket.send(data)
        except (TimeoutError, BlockingIOError):
            return 0
        except OSError as error:
            raise DeviceError(f"{self._name} takes no bytes: {error}") from error

    def read(self, timeout_s: float) -> bytes:
        """What the network has brought."""
        open_socket = self._connected()
        try:
            open_socket.settimeout(timeout_s)
            data = open_socket.recv(_READ_BYTES)
        except (TimeoutError, BlockingIOError):
            return b""
        except OSError as error:
            raise DeviceError(f"{self._name} gives no bytes: {error}") from error
        if not data:
            raise DeviceError(f"{self._name} closed the connection")
        return data

    def close(self) -> None:
        """Reset the connection rather than wait for a printer that takes nothing."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._socket.close()
            self._socket = None

    @property
    def _name(self) -> str:
        return f"{self._address[0]}:{self._address[1]}"

    def _connected(self) -> socket.socket:
        if self._socket is None:
            raise DeviceError(f"{self._name} is not connected")
        return self._socket


def _serial(path: str, options: dict[str, str]) -> SerialTransport:
    if unknown := options.keys() - {"baud", "flow"}:
        raise ValueError(f"unknown option {', '.join(sorted(unknown))}")
    flow = options.get("flow", _FLOWS[0])
    if flow not in _FLOWS:
        raise ValueError(f"flow is one of {', '.join(_FLOWS)}")
    baud = int(options.get("baud", _DEFAULT_BAUD))
    if baud <= 0:
        raise ValueError("baud is above 0")
    return SerialTransport(path, baud, flow)
