"""Work that is killed, or finds no room, before the n-th change that it makes to a disk.

The kernel is asked for each by way of Python's audit events.
"""

import errno
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

UNPACKED = ".wheels/pip/"  # hundreds of files, one after another
CHANGES = {
    *("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.truncate"),
    *("shutil.copyfile", "shutil.rmtree", "subprocess.Popen", "zipfile.ZipFile"),
}


class Slaughter:
    """Counts changes of the disk below a folder, and kills the process before the n-th."""

    def __init__(self, folder: Path, at: int) -> None:
        self._folder = str(folder)
        self._at = at
        self.seen = 0

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._changes(event, arguments):
            return
        self.seen += 1
        if self.seen >= self._at:
            self.reached(event)

    def reached(self, _event: str) -> None:
        """The n-th change is about to be made."""
        os.kill(os.getpid(), signal.SIGKILL)

    def _changes(self, event: str, arguments: tuple[Any, ...]) -> bool:
        if event == "open":
            flags = arguments[2]
            return bool(flags & (os.O_WRONLY | os.O_RDWR)) and self._is_ours(arguments[0])
        return event in CHANGES and any(map(self._is_ours, arguments))

    def _is_ours(self, argument: object) -> bool:
        if isinstance(argument, list):
            return any(map(self._is_ours, argument))
        if not isinstance(argument, str | Path) or UNPACKED in str(argument):
            return False
        return str(argument).startswith(self._folder)


def killed(folder: Path, at: int, work: Callable[[], object]) -> bool:
    """Whether `work` was killed before its n-th change; False when it had come to its end."""
    child = os.fork()
    if child == 0:
        sys.addaudithook(Slaughter(folder, at))
        try:
            work()
        except BaseException:  # noqa: BLE001 - the child ends here, whatever it is
            os._exit(2)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


class Full(Slaughter):
    """From the n-th change on the disk has no room: for new names, or for any byte in a file."""

    def __init__(self, folder: Path, at: int, lacks: str) -> None:
        super().__init__(folder, at)
        self._lacks = lacks

    def reached(self, event: str) -> None:
        """Let the system call fail: the kernel itself does for bytes, as with a quota."""
        if self._lacks == "bytes":
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        elif event in ("open", "os.mkdir", "os.symlink"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def without_room(folder: Path, at: int, lacks: str, work: Callable[[], object]) -> bool:
    """Whether `work` found no room from its n-th change on; False when it came to its end."""
    child = os.fork()
    if child == 0:
        sys.addaudithook(Full(folder, at, lacks))
        try:
            work()
        except OSError as error:
            os._exit(1 if error.errno in (errno.ENOSPC, errno.EFBIG) else 2)
        except BaseException:  # noqa: BLE001 - the child ends here, whatever it is
            os._exit(2)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 1)
    return status == 1
