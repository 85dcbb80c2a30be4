"""A serial line on a pseudo-terminal, with its pace, its echo, its noise and its plug."""

import os
import select
import threading
import tty
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Protocol

from runtime.clock import Clock

_BITS_PER_BYTE = 10
_TURNAROUND_S = 0.005
_SILENCE_S = 0.02


class Device(Protocol):
    """Something that hangs on a serial line."""

    def receive(self, data: bytes) -> bytes:
        """Take bytes from the line and return the reply, if any."""
        ...

    def silence(self) -> bytes:
        """Notice that the line has been quiet, which ends a frame; return the reply, if any."""
        ...


class Noise:
    """A bad cable: each byte may be lost or have one bit flipped."""

    def __init__(self, random: Random, *, lose: float = 0.0, flip: float = 0.0) -> None:
        self._random = random
        self._lose = lose
        self._flip = flip

    def disturb(self, data: bytes) -> bytes:
        """What arrives of `data`."""
        arrived = bytearray()
        for byte in data:
            if self._random.random() < self._lose:
                continue
            flips = self._random.random() < self._flip
            arrived.append(byte ^ (1 << self._random.randrange(8)) if flips else byte)
        return bytes(arrived)


class BoardLine:
    """A serial adapter at `path` with devices on its line, which paces bytes at `baud`.

    With `echo` it is a two-wire adapter that hears itself. `unplug` and `plug` take the adapter
    out and put it back under the same path, as udev does.
    """

    def __init__(
        self,
        path: Path,
        devices: Sequence[Device],
        clock: Clock,
        *,
        baud: int = 9600,
        echo: bool = False,
        noise: Noise | None = None,
    ) -> None:
        self.path = path
        self._devices = devices
        self._clock = clock
        self._baud = baud
        self._echo = echo
        self._noise = noise
        self._is_in = False
        self.plug()

    def plug(self) -> None:
        """Put the adapter in, if it is out."""
        if self._is_in:
            return
        self._is_in = True
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        self._pulled = os.eventfd(0)
        self.path.symlink_to(os.ttyname(self._theirs))
        self._thread = threading.Thread(target=self._carry, name=f"line {self.path.name}")
        self._thread.start()

    def unplug(self) -> None:
        """Pull the adapter out, if it is in: whoever has it open gets an error."""
        if not self._is_in:
            return
        self._is_in = False
        os.eventfd_write(self._pulled, 1)
        self._thread.join()
        self.path.unlink()
        for descriptor in (self._ours, self._theirs, self._pulled):
            os.close(descriptor)

    def _carry(self) -> None:
        quiet_s: float | None = None
        while True:
            ready, _, _ = select.select([self._ours, self._pulled], [], [], quiet_s)
            if self._pulled in ready:
                return
            if not ready:
                quiet_s = None
                self._answer(b"".join(device.silence() for device in self._devices))
                continue
            data = os.read(self._ours, 4096)
            self._clock.sleep(len(data) * _BITS_PER_BYTE / self._baud)
            if self._echo:
                os.write(self._ours, data)
            arrived = self._disturbed(data)
            self._answer(b"".join(device.receive(arrived) for device in self._devices))
            quiet_s = _SILENCE_S

    def _answer(self, reply: bytes) -> None:
        if reply:
            self._clock.sleep(_TURNAROUND_S + len(reply) * _BITS_PER_BYTE / self._baud)
            os.write(self._ours, self._disturbed(reply))

    def _disturbed(self, data: bytes) -> bytes:
        return self._noise.disturb(data) if self._noise else data
