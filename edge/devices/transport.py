"""Byte transports to a device, behind one small protocol; chosen by a URL in the settings.

`serial:/dev/ttyUSB0?baud=19200&flow=rtscts` or `tcp://192.168.1.50:9100`.
"""

import contextlib
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
        if parts.scheme == "tcp" and parts.hostname and not options:
            return TcpTransport(parts.hostname, parts.port or _DEFAULT_PORT)
    except ValueError as error:
        raise SettingsError(f"{url!r}: {error}") from error
    raise SettingsError(
        f"{url!r} is no printer port such as serial:/dev/ttyUSB0?baud=19200&flow=rtscts"
        " or tcp://192.168.1.50:9100"
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


class TcpTransport:
    """A network printer: plain bytes on a TCP connection, usually to port 9100."""

    byte_s = 0.0

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
