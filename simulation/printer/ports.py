"""Where a virtual printer is plugged in: a serial or USB cable, or a TCP port.

A pseudo-terminal stands for either cable. BUSY is modelled by not draining: a pseudo-terminal has
no CTS line, and a USB printer refuses bytes alike. Unlike a serial cable, a USB device vanishes
with the printer's power and is another one when that is back.
"""

import contextlib
import os
import select
import socket
import struct
import threading
import tty
from collections.abc import Callable
from functools import partial
from pathlib import Path

from simulation.printer.machine import VirtualPrinter

_AT_ONCE_BYTES = 256
_LOOK_AROUND_S = 0.05
_APPEARS_WITHIN_S = 5.0
_RESET = struct.pack("ii", 1, 0)


class PtyPort:
    """A serial port at `path`, a symbolic link of the caller's choice that outlives replugging."""

    def __init__(self, printer: VirtualPrinter, path: Path) -> None:
        self.path = path
        self._printer = printer
        self._unplugged = threading.Event()
        self._cable: threading.Thread | None = None
        self.plug()

    def plug(self) -> None:
        """Plug the cable in: the link points to a new terminal."""
        if self._cable is not None:
            return
        master, slave = _terminal(self.path)
        self._unplugged.clear()
        self._cable = threading.Thread(target=self._carry, args=(master, slave), daemon=True)
        self._cable.start()

    def unplug(self) -> None:
        """Pull the cable: whoever has the port open gets an error."""
        self._unplugged.set()
        if self._cable is not None:
            self._cable.join()
            self._cable = None
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Unplug for good."""
        self.unplug()

    def _carry(self, master: int, slave: int) -> None:
        _serve(self._printer, master, slave, self._unplugged.is_set)


class UsbPort:
    """A USB socket: `path` is there while a printer with power is plugged into it."""

    def __init__(self, printer: VirtualPrinter, path: Path) -> None:
        self.path = path
        self._printer = printer
        self._plugged = threading.Event()
        self._closed = threading.Event()
        self._appeared = threading.Event()
        self._bus = threading.Thread(target=self._watch, daemon=True)
        self._bus.start()
        self.plug()

    def plug(self) -> None:
        """Plug the cable in: a new device appears, as soon as the printer has power."""
        self._plugged.set()
        if self._printer.powered:
            self._appeared.wait(_APPEARS_WITHIN_S)

    def unplug(self) -> None:
        """Pull the cable: whoever has the device open gets an error."""
        self._plugged.clear()

    def close(self) -> None:
        """Unplug for good."""
        self._closed.set()
        self.unplug()
        self._bus.join()

    def _watch(self) -> None:
        while not self._closed.is_set():
            if self._printer.powered and self._plugged.is_set():
                self._be_a_device()
            else:
                self._closed.wait(_LOOK_AROUND_S)

    def _be_a_device(self) -> None:
        power_cuts = self._printer.power_cuts
        master, slave = _terminal(self.path)
        self._appeared.set()
        _serve(self._printer, master, slave, lambda: self._is_gone(power_cuts))
        self.path.unlink(missing_ok=True)
        self._appeared.clear()

    def _is_gone(self, power_cuts: int) -> bool:
        return not self._plugged.is_set() or self._printer.power_cuts != power_cuts


class TcpPort:
    """A network port that serves one host at a time; `address` is where."""

    def __init__(self, printer: VirtualPrinter, host: str = "127.0.0.1", port: int = 0) -> None:
        self._printer = printer
        self._listener = socket.create_server((host, port))
        self._listener.settimeout(_LOOK_AROUND_S)
        self.address: tuple[str, int] = self._listener.getsockname()[:2]
        self._closed = threading.Event()
        self._network = threading.Thread(target=self._listen, daemon=True)
        self._network.start()

    def close(self) -> None:
        """Stop listening and drop the host."""
        self._closed.set()
        self._network.join()
        self._listener.close()

    def _listen(self) -> None:
        while not self._closed.is_set():
            try:
                host, _ = self._listener.accept()
            except TimeoutError:
                continue
            with host:
                power_cuts = self._printer.power_cuts
                if self._printer.powered:
                    host.setblocking(False)
                    host.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._printer.attach(sender(host.send))
                    carry(
                        self._printer, host.fileno(), host.recv, partial(self._is_over, power_cuts)
                    )
                # A printer without power does not say goodbye.
                host.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)

    def _is_over(self, power_cuts: int) -> bool:
        return self._closed.is_set() or self._printer.power_cuts != power_cuts


def carry(
    printer: VirtualPrinter,
    fd: int,
    receive: Callable[[int], bytes | None],
    is_over: Callable[[], bool],
) -> None:
    """Drain `fd` into the printer while it is not BUSY, until the host has gone."""
    while not is_over():
        room = printer.room_bytes(_LOOK_AROUND_S)
        if not room or not select.select((fd,), (), (), _LOOK_AROUND_S)[0]:
            continue
        try:
            data = receive(min(room, _AT_ONCE_BYTES))
        except OSError:
            return
        if not data or is_over():
            return
        printer.receive(data)


def sender(send: Callable[[bytes], object]) -> Callable[[bytes], None]:
    """`send`, for a printer that does not care whether anybody listens."""

    def say(data: bytes) -> None:
        with contextlib.suppress(OSError, ValueError):
            send(data)

    return say


def _terminal(path: Path) -> tuple[int, int]:
    """A new pseudo-terminal, which `path` points to: our end and the host's."""
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    path.unlink(missing_ok=True)
    path.symlink_to(os.ttyname(slave))
    return master, slave


def _serve(printer: VirtualPrinter, master: int, slave: int, is_over: Callable[[], bool]) -> None:
    # Our own open slave keeps the terminal alive while the host closes and opens it.
    with open(master, "r+b", buffering=0) as line, open(slave, "rb", buffering=0):
        printer.attach(sender(line.write))
        carry(printer, line.fileno(), line.read, is_over)
