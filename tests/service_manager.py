"""A stand-in for systemd's end of the notification socket."""

import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Self


class Systemd:
    """Listens on a socket in `folder`, which must have a short path, for what programs say."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "notify"
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.bind(str(self._path))
        self._line.setblocking(False)

    def environment(self, watch_s: float | None = None) -> dict[str, str]:
        """What systemd gives a program of `Type=notify`, with `WatchdogSec=` if named."""
        watch = {} if watch_s is None else {"WATCHDOG_USEC": str(round(watch_s * 1e6))}
        return {"NOTIFY_SOCKET": str(self._path), **watch}

    def heard(self, message: str) -> bool:
        """Whether `message` is the next thing said."""
        said = self._next()
        assert said in (None, message), said
        return said == message

    def said_within(self, seconds: float) -> list[str]:
        """Everything that is said until `seconds` are over."""
        end_s = time.monotonic() + seconds
        said = []
        while True:
            message = self._next()
            if message is not None:
                said.append(message)
            elif time.monotonic() >= end_s:
                return said
            else:
                time.sleep(0.005)

    def _next(self) -> str | None:
        try:
            return self._line.recv(1000).decode()
        except BlockingIOError:
            return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._line.close()
