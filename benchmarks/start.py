"""What a site's machine pays: time to the first possible ticket, memory, and bytes written.

The hub and the hall's page are the real programs, in processes of their own. Baselines, in the
same run: a bare program of the same framework (FastAPI on uvicorn with one route) for start and
memory, and a bare SQLite append with `synchronous=FULL` of a row as large as the journal's for
bytes. Bytes are what Linux counts as sent to the disk (`write_bytes` in /proc/PID/io); paper is
not printed.

A Pi is slower. How much, is estimated by a loop of plain Python, run before each start, for which
others published how long a Pi takes: `start.scaled` is the processor's time of a start times that
ratio. It takes a start for as slow as that loop, and knows nothing of a card: measure there.
"""

import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
from msgspec.structs import replace

from benchmarks.report import line
from benchmarks.running_hub import hub_settings
from contract.commands import Actor
from edge.access import Access
from edge.core.house import House
from edge.store.journal import Journal, NewRow
from edge.store.recovery import JOURNAL, keep_checkpoint
from runtime.clock import SystemClock

_STARTS = 7
_TICKETS = 300
_ROW_BYTES = 150
_YEAR_ROWS = 375_000  # of a large site
_BARE = "FastAPI on uvicorn, one route"
_BARE_APP = """
import socket, sys, uvicorn
from fastapi import FastAPI
app = FastAPI()
@app.get("/")
def root() -> str:
    return "ready"
listening = socket.socket(fileno=int(sys.argv[1]))
uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listening])
"""
_BARE_STORE = """
import os, sqlite3, sys
store = sqlite3.connect(sys.argv[1], isolation_level=None)
store.execute("PRAGMA journal_mode=WAL")
store.execute("PRAGMA synchronous=FULL")
store.execute("CREATE TABLE entries (seq INTEGER PRIMARY KEY, body BLOB)")
def written():
    return int(open("/proc/self/io").read().split("\\nwrite_bytes: ")[1].split()[0])
before = written()
for _ in range(int(sys.argv[2])):
    store.execute("INSERT INTO entries (body) VALUES (?)", (os.urandom(int(sys.argv[3])),))
print((written() - before) / int(sys.argv[2]))
"""
# sqlite-utils loads numpy where it is, as here for the centre; a site has none.
_HUB = """
import sys
sys.modules["numpy"] = None
from edge.__main__ import main
sys.exit(main())
"""
_LOOP_TURNS = 200
_LOOP = """
import sys, time
before_s = time.process_time()
for turn in range(int(sys.argv[1])):
    for x in range(1, 1000):
        3.141592 * 2**x
    for x in range(1, 10000):
        float(x) / 3.141592
    for x in range(1, 10000):
        float(3.141592) / x
print(time.process_time() - before_s)
"""
# Seconds that 10,000 turns take (github.com/alexdedyura/cpu-benchmark: its table; issue 20).
_PUBLISHED_TURNS = 10_000
_PUBLISHED_S = {"pi4": 79.216, "pi3": 245.0}
# From a Pi 4 to a Pi 5, by sysbench on one core (leoncode.co.uk/articles/raspberry-pi-benchmarks).
_PUBLISHED_S["pi5"] = _PUBLISHED_S["pi4"] * 1477.83 / 2737.49


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="thutu-bench-", dir=Path.cwd()) as folder:
        root = Path(folder)
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed is compiled
        os.environ["PYDANTIC_DISABLE_PLUGINS"] = "true"  # as the hub's unit does
        start_s: list[float] = []
        bare_s: list[float] = []
        worked_s: list[float] = []
        loop_s: list[float] = []
        for number in range(_STARTS):
            loop_s.append(float(_output(_LOOP, _LOOP_TURNS)))
            with _hub(root / f"start-{number}") as (site, seconds):
                start_s.append(seconds)
                worked_s.append(_processor_s(site.pid))
            with _bare_app() as (_, seconds):
                bare_s.append(seconds)
        value, base = statistics.median(start_s), statistics.median(bare_s)
        print(line("start.first_ticket_s", value, "s", f"{_BARE}, first answer", base), flush=True)
        _scale(statistics.median(worked_s), statistics.median(loop_s))
        _measure_after_a_year(root / "year", statistics.median(worked_s))
        _measure_work(root)


def _scale(worked_s: float, loop_s: float) -> None:
    name = f"{_LOOP_TURNS} turns of the loop"
    print(line("start.first_ticket_processor_s", worked_s, "s", name, loop_s))
    for board, published_s in _PUBLISHED_S.items():
        there_s = published_s * _LOOP_TURNS / _PUBLISHED_TURNS
        scaled_s = worked_s / loop_s * there_s
        print(line(f"start.scaled.{board}_s", scaled_s, "s", f"{name}, published", there_s))


def _measure_after_a_year(data: Path, new_s: float) -> None:
    """The first start finds all rows in one file, and seals the older ones; then it starts anew."""
    data.mkdir()
    with closing(Journal(data / JOURNAL)) as journal:
        for _ in range(0, _YEAR_ROWS, 1000):
            bodies = (os.urandom(_ROW_BYTES) for _ in range(500))
            journal.append([NewRow(b, key) for b in bodies for key in (os.urandom(16), b"")])
        keep_checkpoint(journal, replace(House(), seq=journal.last_seq))
        journal.advance(journal.last_seq)
    for name in ("start.seals_a_year_processor_s", "start.after_a_year_processor_s"):
        with _hub(data) as (site, _):
            print(line(name, _processor_s(site.pid), "s", "a new site's start", new_s), flush=True)


def _measure_work(root: Path) -> None:
    with _hub(root / "work") as (site, _), _hall(root, site), _bare_app() as (bare, _):
        before = _written_bytes(site.pid)
        numbers = [site.ticket() for _ in range(_TICKETS)]
        per_ticket = (_written_bytes(site.pid) - before) / _TICKETS
        assert len({*numbers}) == _TICKETS
        hub_mb, hall_mb, bare_mb = (_memory_mb(pid) for pid in (site.pid, site.hall, bare))
        bare_bytes = float(_output(_BARE_STORE, root / "bare.db", _TICKETS, _ROW_BYTES))
    print(line("memory.hub_mb", hub_mb, "MB", _BARE, bare_mb))
    print(line("memory.hub_and_hall_mb", hub_mb + hall_mb, "MB", f"two of {_BARE}", 2 * bare_mb))
    print(line("written.per_ticket_bytes", per_ticket, "bytes", "bare SQLite append", bare_bytes))


class Site:
    """A running hub and, later, its hall page."""

    def __init__(self, pid: int, port: int, kiosk: str, hall_token: str) -> None:
        self.pid = pid
        self.hall = 0
        self.hall_token = hall_token
        self.url = f"http://127.0.0.1:{port}"
        self._client = httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {kiosk}"}, trust_env=False
        )

    def ticket(self) -> str:
        """Take a number. Raises httpx.ConnectError while nobody listens."""
        command = {"type": "IssueTicket", "services": ["1"], "on_paper": False}
        headers = {"Idempotency-Key": str(uuid4())}
        response = self._client.post("/api/commands", json=command, headers=headers)
        assert response.status_code == 200, response.text
        return str(response.json()["number"])

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


@contextmanager
def _hub(data: Path) -> Iterator[tuple[Site, float]]:
    """A hub and how long it took from its start to the first ticket."""
    port = _free_port()
    settings = data.with_suffix(".toml")
    settings.write_text(hub_settings(data, port=port), encoding="utf-8")
    with closing(Access(data / "access.db", SystemClock())) as access:
        kiosk = access.add_device(Actor("kiosk-1", "kiosk"))
        hall = access.add_device(Actor("hall", "display"))
    command = [sys.executable, "-c", _HUB, "--config", str(settings), "run"]
    started = time.perf_counter()
    with _running(command) as process, closing(Site(process.pid, port, kiosk, hall)) as site:
        _until_answered(site.ticket)
        yield site, time.perf_counter() - started


@contextmanager
def _hall(root: Path, site: Site) -> Iterator[None]:
    port = _free_port()
    (root / "hall.token").write_text(site.hall_token, encoding="ascii")
    settings = root / "hall.toml"
    settings.write_text(f'hub = "{site.url}"\ntoken_file = "hall.token"\nport = {port}\n', "utf-8")
    with _running([sys.executable, "-m", "display.hall", "--config", str(settings)]) as process:
        _until_answered(lambda: _get(port))
        site.hall = process.pid
        yield


@contextmanager
def _bare_app() -> Iterator[tuple[int, float]]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        command = [sys.executable, "-c", _BARE_APP, str(listening.fileno())]
        started = time.perf_counter()
        with _running(command, listening.fileno()) as process:
            _until_answered(lambda: _get(port))
            yield process.pid, time.perf_counter() - started


@contextmanager
def _running(command: list[str], *files: int) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=files
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _until_answered(ask: Callable[[], object]) -> None:
    deadline = time.perf_counter() + 60
    while True:
        try:
            ask()
        except httpx.ConnectError:
            assert time.perf_counter() < deadline, "no answer within a minute"
            time.sleep(0.005)
        else:
            return


def _get(port: int) -> None:
    response = httpx.get(f"http://127.0.0.1:{port}/", trust_env=False, timeout=60)
    assert response.status_code == 200


def _output(program: str, *arguments: object) -> str:
    """What a program of its own process prints."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _processor_s(pid: int) -> float:
    """What a process has worked until now (utime and stime in proc_pid_stat(5))."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _written_bytes(pid: int) -> int:
    return _number(Path(f"/proc/{pid}/io"), r"^write_bytes: (\d+)")


def _memory_mb(pid: int) -> float:
    """The proportional set size: memory that is shared counts in part."""
    return _number(Path(f"/proc/{pid}/smaps_rollup"), r"^Pss: +(\d+) kB") / 1000


def _number(path: Path, pattern: str) -> int:
    found = re.search(pattern, path.read_text(encoding="ascii"), re.MULTILINE)
    assert found is not None
    return int(found[1])


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
