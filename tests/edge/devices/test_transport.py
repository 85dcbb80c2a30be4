import os
import socket
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.devices.transport import (
    DeviceError,
    SerialTransport,
    TcpTransport,
    Transport,
    UsbTransport,
    transport,
)
from runtime.settings import SettingsError


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    """The printer's end of a pseudo-terminal, and the path of ours."""
    master, slave = os.openpty()
    tty.setraw(slave)
    yield master, os.ttyname(slave)
    os.close(master)
    os.close(slave)


@pytest.fixture
def network() -> Iterator[tuple[socket.socket, str]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5.0)
        yield listener, f"tcp://127.0.0.1:{listener.getsockname()[1]}"


def test_settings_choose_the_transport() -> None:
    assert isinstance(transport("serial:/dev/ttyUSB0"), SerialTransport)
    assert transport("serial:/dev/ttyUSB0?baud=19200&flow=xonxoff").byte_s == 10 / 19200
    assert isinstance(transport("usb:/dev/usb/lp0"), UsbTransport)
    assert isinstance(transport("tcp://192.168.1.50"), TcpTransport)
    assert isinstance(transport("tcp://[::1]:9100"), TcpTransport)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/dev/ttyUSB0",
        "usb:04b8:0202",
        "usb:lp0",
        "usb:/dev/usb/lp0?baud=9600",
        "serial:ttyUSB0",
        "serial:/dev/ttyUSB0?baud=fast",
        "serial:/dev/ttyUSB0?baud=0",
        "serial:/dev/ttyUSB0?flow=dsrdtr",
        "serial:/dev/ttyUSB0?parity=even",
        "tcp://",
        "tcp://printer:99999",
        "tcp://printer?baud=9600",
    ],
)
def test_settings_that_name_no_transport_are_refused_by_name(url: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        transport(url)
    assert repr(url) in str(refusal.value)


@pytest.mark.parametrize("flow", ["rtscts", "xonxoff", "none"])
def test_a_serial_line_carries_bytes_unchanged(terminal: tuple[int, str], flow: str) -> None:
    master, path = terminal
    line = transport(f"serial:{path}?baud=19200&flow={flow}")
    line.open()
    every_byte = bytes(range(256)) if flow != "xonxoff" else bytes(set(range(256)) - {0x11, 0x13})

    assert line.write(bytes(range(256)), 1.0) == 256
    assert os.read(master, 1000) == bytes(range(256))
    os.write(master, every_byte)
    assert _all(line, len(every_byte)) == every_byte
    assert line.read(0) == b""
    line.close()


def test_a_serial_line_that_is_not_drained_takes_nothing_more_and_closes_at_once(
    terminal: tuple[int, str],
) -> None:
    _, path = terminal
    line = transport(f"serial:{path}")
    line.open()

    taken = 0
    while count := line.write(bytes(256), 0.05):
        taken += count
    line.close()

    assert 0 < taken < 100_000


def test_a_serial_line_is_held_by_one(terminal: tuple[int, str]) -> None:
    _, path = terminal
    line, second = transport(f"serial:{path}"), transport(f"serial:{path}")
    line.open()

    with pytest.raises(DeviceError, match="does not open"):
        second.open()
    line.close()
    second.open()
    second.close()


@pytest.mark.parametrize("scheme", ["serial", "usb"])
def test_a_missing_port_is_named(scheme: str, tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="printer does not open"):
        transport(f"{scheme}:{tmp_path / 'printer'}").open()


def test_a_usb_printer_carries_bytes_both_ways(terminal: tuple[int, str]) -> None:
    master, path = terminal
    line = transport(f"usb:{path}")
    line.open()

    assert line.write(bytes(range(256)), 1.0) == 256
    assert os.read(master, 1000) == bytes(range(256))
    assert line.read(0) == line.read(0.02) == b""
    os.write(master, bytes(range(256)))
    assert _all(line, 256) == bytes(range(256))
    line.close()
    with pytest.raises(DeviceError, match="is not open"):
        line.read(0)


def test_a_usb_printer_that_is_busy_takes_nothing_more(terminal: tuple[int, str]) -> None:
    _, path = terminal
    line = transport(f"usb:{path}")
    line.open()

    taken = 0
    while count := line.write(bytes(256), 0.05):
        taken += count
    line.close()

    assert 0 < taken < 100_000


def test_a_usb_printer_s_packets_of_no_bytes_are_not_its_end(
    terminal: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    master, path = terminal
    line = transport(f"usb:{path}")
    line.open()
    os.write(master, b"\x12")
    said = [b"", b"", b"\x12"]
    monkeypatch.setattr(os, "read", lambda *_: said.pop(0))

    assert line.read(1.0) == b"\x12"
    line.close()


@pytest.mark.parametrize("act", [lambda line: line.read(0.1), lambda line: line.write(b"x", 0.1)])
def test_a_usb_printer_unplugged_is_told_from_one_that_is_busy(
    act: Callable[[Transport], object],
) -> None:
    master, slave = os.openpty()
    line = transport(f"usb:{os.ttyname(slave)}")
    line.open()
    os.close(master)
    os.close(slave)

    with pytest.raises(DeviceError, match="unplugged"):
        act(line)
    line.close()


def test_a_network_printer_carries_bytes_both_ways(
    network: tuple[socket.socket, str],
) -> None:
    listener, url = network
    line = transport(url)
    line.open()
    printer, _ = listener.accept()
    with printer:
        assert line.write(b"ticket", 1.0) == 6
        assert printer.recv(100) == b"ticket"
        assert line.read(0) == b""
        printer.sendall(b"\x12")
        assert line.read(1.0) == b"\x12"
    with pytest.raises(DeviceError, match="closed the connection"):
        line.read(1.0)
    line.close()


def test_a_network_printer_that_reads_nothing_takes_no_more(
    network: tuple[socket.socket, str],
) -> None:
    listener, url = network
    line = transport(url)
    line.open()
    printer, _ = listener.accept()
    with printer:
        while line.write(bytes(65536), 0.05):
            pass
        line.close()


def test_a_network_printer_that_is_not_there_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    line = transport(f"tcp://127.0.0.1:{port}")

    with pytest.raises(DeviceError, match=f"127.0.0.1:{port} does not connect"):
        line.open()
    with pytest.raises(DeviceError, match="is not connected"):
        line.write(b"x", 0.1)
    line.close()


def _all(line: Transport, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = line.read(2.0)
        assert part, f"only {len(data)} of {count} bytes came"
        data += part
    return data
