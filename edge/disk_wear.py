"""How much of its life the disk has used that says nothing of it itself, as SD cards and most USB
disks: by the bytes that Linux has written to it since the hub first ran on it.

Sources: the kernel's documentation of `stat` of a block device (sectors of 512 bytes, since the
start of the machine), of `dev/block` in sysfs, and of an SD card's `cid`, which no two cards share.
"""

import logging
import os
from pathlib import Path
from threading import Lock

import msgspec

from contract.decoders import from_json
from runtime.clock import Clock
from runtime.private_file import write_private

logger = logging.getLogger(__name__)

NOTE = "disk-wear.json"
_SYSTEM = Path("/sys")
_SECTOR_BYTES = 512
_WRITTEN = 6
_NOTE_EVERY_S = 3600.0
_HIGHEST_PERCENT = 100
_BYTES_A_TB = 10**12


class _Note(msgspec.Struct, frozen=True):
    """What was written to a disk: before the start `boot` of the machine, and since; less what was
    before the hub saw it first."""

    disk: str
    boot: str
    before_bytes: int
    since_bytes: int


class DiskWear:
    """Adds up what is written to the disk that a folder is on, over restarts; any thread may ask.

    The sum is noted in that folder once an hour, so a power cut loses what an hour wrote. Another
    disk begins with nothing.
    """

    def __init__(
        self, data: Path, clock: Clock, endurance_tb: float, system: Path = _SYSTEM
    ) -> None:
        """`endurance_tb`, in terabytes, is what the disk is taken to bear; `system` is where the
        kernel's /sys is."""
        self._data = data
        self._clock = clock
        self._endurance_bytes = endurance_tb * _BYTES_A_TB
        self._system = system
        self._lock = Lock()
        self._note = _Note("", "", 0, 0)
        self._noted_s: float | None = None

    def percent(self) -> int | None:
        """How much of its life is used; None where Linux counts nothing. Never fails."""
        with self._lock:
            try:
                return self._percent()
            except (OSError, ValueError, IndexError) as error:
                logger.debug("what is written to the disk is not known: %s", error)
                return None

    def _percent(self) -> int:
        now = self._clock.stamp()
        now_s = now.mono_s
        if self._noted_s is None:
            self._note = self._read_note()
        self._note = _later(self._note, *self._counted(), now.boot)
        if self._noted_s is None or now_s - self._noted_s >= _NOTE_EVERY_S:
            self._noted_s = now_s
            self._keep_note()
        written = self._note.before_bytes + self._note.since_bytes
        return min(_HIGHEST_PERCENT, int(written * 100 / self._endurance_bytes))

    def _counted(self) -> tuple[str, int]:
        """What tells this disk from another, and the bytes that this start has written to it."""
        number = self._data.stat().st_dev
        disk = self._system / f"dev/block/{os.major(number)}:{os.minor(number)}"
        disk = disk.resolve(strict=True)
        if (disk / "partition").exists():
            disk = disk.parent
        written = int((disk / "stat").read_text("ascii").split()[_WRITTEN]) * _SECTOR_BYTES
        named = (disk / "device/cid", disk / "device/serial", disk / "device/wwid")
        name = next((path.read_text("utf-8").strip() for path in named if path.is_file()), "")
        return name or disk.name, written

    def _read_note(self) -> _Note:
        try:
            return from_json((self._data / NOTE).read_bytes(), _Note)
        except (FileNotFoundError, msgspec.MsgspecError, UnicodeDecodeError):
            return self._note

    def _keep_note(self) -> None:
        try:
            write_private(self._data / NOTE, msgspec.json.encode(self._note))
        except OSError as error:
            logger.debug("what was written to the disk is not noted: %s", error)


def _later(note: _Note, disk: str, since_bytes: int, boot: str) -> _Note:
    """The note as of now. A count that has fallen began anew, as a disk's that was unplugged."""
    if note.disk != disk:
        return _Note(disk, boot, -since_bytes, since_bytes)
    before = note.before_bytes
    if note.boot != boot or since_bytes < note.since_bytes:
        before += note.since_bytes
    return _Note(disk, boot, before, since_bytes)
