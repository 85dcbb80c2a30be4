"""One at a time lays files on a machine; whoever comes second waits, and is told for whom."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from provision.install.plan import NOTES

_LOCKS = Path("/proc/locks")


class Other(NamedTuple):
    """The process that is at work, and what it was started as."""

    pid: int
    command: str


@contextmanager
def alone(root: Path, waits_for: Callable[[Other | None], object]) -> Iterator[None]:
    """Lay or clear below `root` while nobody else does.

    Where another is at work, `waits_for` is called with it, or None where it cannot be seen, before
    it is waited for. Raises OSError.
    """
    folder = root / NOTES
    folder.mkdir(parents=True, exist_ok=True)
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waits_for(_holder(os.fstat(opened)))
            fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def _holder(folder: os.stat_result) -> Other | None:
    """Whoever holds the folder's lock (proc_locks(5)); one of another container has no number."""
    device = f"{os.major(folder.st_dev):02x}:{os.minor(folder.st_dev):02x}"
    where = f"{device}:{folder.st_ino}"
    try:
        for line in _LOCKS.read_text("ascii").splitlines():
            _, kind, _, _, pid, place, *_ = line.split()
            if (kind, place) == ("FLOCK", where):
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                return Other(int(pid), b" ".join(words).decode(errors="replace").strip())
    except (OSError, ValueError):  # it has ended meanwhile, or the kernel keeps this to itself
        return None
    return None
