"""From a clerk's key to the change on the screen, with 300 people waiting.

Hub and terminal are the real programs, each in a process of its own; keys are written to a
pseudo-terminal of 80 x 24 cells, and the clock stops when the new state has been read from it.
The baseline is the hub's own answer to the same commands, given over HTTP at another counter and
interleaved with the keys.
"""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.report import line, quantile
from benchmarks.running_hub import PIN, Client, hub_settings, running_hub
from edge.access import Access
from runtime.clock import SystemClock
from runtime.wording import say

_WAITING = 300
_ROUNDS = 150
_ROWS, _COLUMNS = 24, 80
_PATIENCE_S = 20.0
_QUIET_S = 0.05

_TERMINAL = """
hub = "{hub}"
quick_finish_s = 0  # services here take less than a second, and no question is to be measured
"""


class _Hub(NamedTuple):
    port: int
    token: str


class _Window:
    """A terminal program on a pseudo-terminal."""

    def __init__(self, *command: str) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        self._process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )
        os.close(theirs)

    def press(self, keys: str, words: str) -> float:
        """Press keys, and return how many milliseconds later `words` are on the screen."""
        self._drain()
        started = time.perf_counter()
        os.write(self._ours, keys.encode())
        self.shows(words)
        return (time.perf_counter() - started) * 1000

    def shows(self, words: str) -> None:
        """Read until `words` have come."""
        read = b""
        deadline = time.monotonic() + _PATIENCE_S
        while words.encode() not in read:
            left_s = max(0.0, deadline - time.monotonic())
            ready, _, _ = select.select([self._ours], [], [], left_s)
            assert ready, f"{words!r} never came; the last was {read[-400:]!r}"
            read += os.read(self._ours, 65_536)

    def close(self) -> None:
        """End the program."""
        self._process.terminate()
        self._process.wait()
        os.close(self._ours)

    def _drain(self) -> None:
        while select.select([self._ours], [], [], _QUIET_S)[0]:
            os.read(self._ours, 65_536)


def main() -> None:
    """Measure and print."""
    with (
        tempfile.TemporaryDirectory(prefix="thutu-bench-") as folder,
        _hub(Path(folder)) as hub,
        closing(Client(hub.port, hub.token)) as other,
    ):
        assert other.command(type="SignIn", counter="2")[0] == 200
        assert other.command(type="OpenCounter", counter="2")[0] == 200
        for _ in range(_WAITING):
            other.number(**_ISSUE)
        url = f"http://127.0.0.1:{hub.port}"
        settings = Path(folder) / "terminal.toml"
        settings.write_text(_TERMINAL.format(hub=url), encoding="utf-8")
        program = (sys.executable, "-m", "display.terminal", "--config", str(settings))
        with closing(_Window(*program)) as window:
            _sit_down(window)
            screen_ms, answer_ms = _serve(window, other)
        _check(other)
    for label, q in (("p50", 0.5), ("p99", 0.99)):
        value, base = quantile(screen_ms, q), quantile(answer_ms, q)
        baseline = f"the hub's answer to the same commands, {label}"
        print(line(f"key_to_screen.{label}_ms", value, "ms", baseline, base))


def _sit_down(window: _Window) -> None:
    window.shows(say("terminal.pin"))
    window.press("nv01\r", f"▸ {say('terminal.pin')}")
    window.press(f"{PIN}\r", say("terminal.choose_counter"))
    window.press("\x1b[B\x1b[A\r", say("terminal.desk_idle").upper())


def _serve(window: _Window, other: Client) -> tuple[list[float], list[float]]:
    called, serving = (say(f"terminal.desk_{phase}").upper() for phase in ("called", "serving"))
    screen_ms: list[float] = []
    answer_ms: list[float] = []
    for _ in range(_ROUNDS):
        for keys, words, command in (
            ("g", called, {"type": "CallNext", "counter": "2", "finish_current": True}),
            ("b", serving, {"type": "StartService", "counter": "2"}),
        ):
            screen_ms.append(window.press(keys, words))
            started = time.perf_counter()
            status, answer = other.command(**command)
            answer_ms.append((time.perf_counter() - started) * 1000)
            assert status == 200, answer
        for _ in range(2):
            other.number(**_ISSUE)
    return screen_ms, answer_ms


def _check(other: Client) -> None:
    """What was seen on the screen is what the hub did: each counter had every second ticket."""
    last = other.number(type="FinishService", counter="2")
    assert last == str(1000 + 2 * _ROUNDS), last


_ISSUE = {"type": "IssueTicket", "services": ["1"], "on_paper": False}


@contextmanager
def _hub(folder: Path) -> Iterator[_Hub]:
    config = folder / "hub.toml"
    config.write_text(hub_settings(folder / "data", counters=2), encoding="utf-8")
    access = Access(folder / "data" / "access.db", SystemClock())
    for staff in ("nv01", "nv02"):
        access.set_pin(staff, "clerk", PIN)
    session = access.sign_in("nv02", PIN)
    access.close()
    assert session is not None
    with running_hub(config) as port:
        yield _Hub(port, session.token)


if __name__ == "__main__":
    main()
