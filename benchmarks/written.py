"""What a ticket's life writes to the disk: given out, printed, called, started, finished, rated.

The hub is the real program in a process of its own; kiosk, clerk and pad ask its API, a virtual
printer says what became of the slip. Each of the six steps is a row, stored before the next begins.
Bytes are what Linux counts as sent to the disk (`write_bytes` in /proc/PID/io).

At a site minutes lie between two steps, so Linux also writes what each step changed of the memory
that SQLite shares through a file (`journal.db-shm`): it does so within half a minute. `slowly`
writes that file after each step instead of waiting.
"""

import os
import re
import sqlite3
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path

from benchmarks.running_hub import PIN, Client, hub_settings
from benchmarks.watched_printer import WatchedPrinter
from contract.commands import Actor
from edge.access import Access
from edge.store.recovery import JOURNAL
from runtime.clock import SystemClock
from simulation.printer.model import PrinterModel
from simulation.printer.ports import TcpPort

LIFE_ROWS = 6
_LIVES = 120
_STEP_WITHIN_S = 20.0
_PRINTER = 'printer = {{ url = "tcp://127.0.0.1:{port}" }}'


def written_bytes(pid: int) -> int:
    """What Linux has counted for a process until now."""
    counted = Path(f"/proc/{pid}/io").read_text(encoding="ascii")
    found = re.search(r"^write_bytes: (\d+)", counted, re.MULTILINE)
    assert found is not None
    return int(found[1])


def written_for_a_life(data: Path, *, slowly: bool) -> float:
    """Bytes a ticket, from its number to its rating, the mean of some in turn at a new site."""
    settings = data.with_suffix(".toml")
    with ExitStack() as stack:
        printer = stack.enter_context(closing(WatchedPrinter(PrinterModel(mm_per_s=1e9))))
        paper = stack.enter_context(closing(TcpPort(printer)))
        beside = _PRINTER.format(port=paper.address[1])
        settings.write_text(hub_settings(data, beside=beside), encoding="utf-8")
        tokens = _tokens(data)
        command = [sys.executable, "-m", "edge", "--config", str(settings), "run"]
        hub = stack.enter_context(
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        )
        stack.callback(hub.terminate)
        assert hub.stdout is not None
        port = int(hub.stdout.readline().rsplit(":", 1)[1])
        kiosk, pad, clerk = (stack.enter_context(closing(Client(port, t))) for t in tokens)
        rows = stack.enter_context(closing(_Rows(data / JOURNAL, slowly=slowly)))
        assert clerk.command(type="OpenCounter", counter="1")[0] == 200
        rows.wait()
        before, first = written_bytes(hub.pid), rows.last
        for _ in range(_LIVES):
            kiosk.number(type="IssueTicket", services=["1"])
            rows.wait(2)
            for who, step in (
                (clerk, {"type": "CallNext"}),
                (clerk, {"type": "StartService"}),
                (clerk, {"type": "FinishService"}),
                (pad, {"type": "Rate", "level": 4}),
            ):
                status, answer = who.command(**step, counter="1")
                assert status == 200, answer
                rows.wait()
        assert rows.last - first == LIFE_ROWS * _LIVES
        return (written_bytes(hub.pid) - before) / _LIVES


def _tokens(data: Path) -> tuple[str, str, str]:
    """Of a kiosk, of counter 1's pad, and of a clerk."""
    with closing(Access(data / "access.db", SystemClock())) as access:
        access.set_pin("tt01", "supervisor", PIN)
        session = access.sign_in("tt01", PIN)
        assert session is not None
        kiosk = access.add_device(Actor("kiosk-1", "kiosk"))
        return kiosk, access.add_device(Actor("pad-1", "pad", "1")), session.token


class _Rows:
    """The rows of a running hub's journal, as another program sees them."""

    def __init__(self, journal: Path, *, slowly: bool) -> None:
        self._journal = sqlite3.connect(journal)
        self._shared = journal.with_name(f"{journal.name}-shm") if slowly else None
        self.last = self._read()

    def wait(self, new: int = 1) -> None:
        """Until `new` more rows are stored."""
        deadline = time.monotonic() + _STEP_WITHIN_S
        while (now := self._read()) < self.last + new:
            assert time.monotonic() < deadline, f"{now - self.last} rows, not {new}"
            time.sleep(0.002)
        self.last = now
        if self._shared is not None:
            with self._shared.open("rb+") as shared:
                os.fsync(shared)

    def close(self) -> None:
        """Close it."""
        self._journal.close()

    def _read(self) -> int:
        return int(self._journal.execute("SELECT max(seq) FROM entries").fetchone()[0])
