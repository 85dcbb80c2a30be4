"""What a site's machine pays: time to the first possible ticket, memory, and bytes written.

The first ticket is the one of a button, pressed as soon as its light is on, when its first byte
has reached a virtual printer; a kiosk's screen, which asks the local API, has its own line.

The hub and the hall's page are the real programs, in processes of their own. Baselines, in the
same run: a bare program of the same framework (FastAPI on uvicorn with one route) for start and
memory, and a bare SQLite append with `synchronous=FULL` of a row as large as the journal's for
bytes: those of a number that is given out without paper, and those of a ticket's whole life
(`benchmarks/written.py`), as fast as it goes and with minutes between its steps.

A Pi is slower. How much, is estimated by a loop of plain Python, run before each start, for which
others published how long a Pi takes: `.pi3_s` and its like are the processor's time of a start
times that ratio. It takes a start for as slow as that loop, and knows nothing of a card: measure
there.
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
from benchmarks.watched_printer import WatchedPrinter
from benchmarks.written import LIFE_ROWS, written_bytes, written_for_a_life
from contract.commands import Actor
from edge.access import Access
from edge.core.house import House
from edge.store.journal import Journal, NewRow
from edge.store.recovery import JOURNAL, keep_checkpoint
from runtime.clock import SystemClock
from simulation.printer.model import PrinterModel
from simulation.printer.ports import TcpPort

_STARTS = 7
_SLIP_WITHIN_S = 60.0
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
# A finger at the ticket button of a hub with mock pins: it waits for the button's light.
_BUTTON, _LIGHT = 17, 27
_HUB_WITH_FINGER = f"""
import sys, threading, time
sys.modules["numpy"] = None
from gpiozero.pins import mock
pins = mock.MockFactory()
mock.MockFactory = lambda: pins
def press():
    while not pins.pin({_LIGHT}).state:
        time.sleep(0.002)
    pins.pin({_BUTTON}).drive_low()
threading.Thread(target=press, daemon=True).start()
from edge.__main__ import main
sys.exit(main())
"""
_WITH_BUTTON = """
pin_library = "mock"
ticket_buttons = [{{ service = "1", pin = {button}, led_pin = {light} }}]
printer = {{ url = "tcp://127.0.0.1:{port}" }}
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
        button, screen, bare_s = _Starts(), _Starts(), list[float]()
        loop_s: list[float] = []
        for number in range(_STARTS):
            loop_s.append(float(_output(_LOOP, _LOOP_TURNS)))
            button.add(*_until_button_ticket(root / f"button-{number}"))
            with _hub(root / f"screen-{number}") as (site, seconds):
                screen.add(seconds, _processor_s(site.pid))
            with _bare_app() as (_, seconds):
                bare_s.append(seconds)
        for name, starts in (("first_ticket", button), ("first_screen_ticket", screen)):
            base = statistics.median(bare_s)
            print(line(f"start.{name}_s", starts.took_s, "s", f"{_BARE}, first answer", base))
            _scale(name, starts.worked_s, statistics.median(loop_s))
        _measure_after_a_year(root / "year", screen.worked_s)
        _measure_work(root)


class _Starts:
    """Several starts; what is told of them is the median."""

    def __init__(self) -> None:
        self._took_s: list[float] = []
        self._worked_s: list[float] = []

    def add(self, took_s: float, worked_s: float) -> None:
        """One more: until the ticket, by a watch and of the processor."""
        self._took_s.append(took_s)
        self._worked_s.append(worked_s)

    @property
    def took_s(self) -> float:
        """By a watch."""
        return statistics.median(self._took_s)

    @property
    def worked_s(self) -> float:
        """Of the processor."""
        return statistics.median(self._worked_s)


def _scale(name: str, worked_s: float, loop_s: float) -> None:
    loop = f"{_LOOP_TURNS} turns of the loop"
    print(line(f"start.{name}_processor_s", worked_s, "s", loop, loop_s))
    for board, published_s in _PUBLISHED_S.items():
        there_s = published_s * _LOOP_TURNS / _PUBLISHED_TURNS
        scaled_s = worked_s / loop_s * there_s
        print(line(f"start.{name}.{board}_s", scaled_s, "s", f"{loop}, published", there_s))
    sys.stdout.flush()


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
        before = written_bytes(site.pid)
        numbers = [site.ticket() for _ in range(_TICKETS)]
        per_number = (written_bytes(site.pid) - before) / _TICKETS
        assert len({*numbers}) == _TICKETS
        hub_mb, hall_mb, bare_mb = (_memory_mb(pid) for pid in (site.pid, site.hall, bare))
        bare_bytes = float(_output(_BARE_STORE, root / "bare.db", _TICKETS, _ROW_BYTES))
    print(line("memory.hub_mb", hub_mb, "MB", _BARE, bare_mb))
    print(line("memory.hub_and_hall_mb", hub_mb + hall_mb, "MB", f"two of {_BARE}", 2 * bare_mb))
    print(line("written.per_number_bytes", per_number, "bytes", "bare SQLite append", bare_bytes))
    for name, slowly in (("life", False), ("slow_life", True)):
        life = written_for_a_life(root / name, slowly=slowly)
        baseline = f"{LIFE_ROWS} bare SQLite appends"
        print(line(f"written.per_{name}_bytes", life, "bytes", baseline, LIFE_ROWS * bare_bytes))


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


def _until_button_ticket(data: Path) -> tuple[float, float]:
    """How long a hub takes from its start to a ticket at its button, and what it works for it."""
    settings = data.with_suffix(".toml")
    with closing(WatchedPrinter(PrinterModel())) as printer, closing(TcpPort(printer)) as port:
        beside = _WITH_BUTTON.format(button=_BUTTON, light=_LIGHT, port=port.address[1])
        settings.write_text(hub_settings(data, beside=beside), encoding="utf-8")
        command = [sys.executable, "-c", _HUB_WITH_FINGER, "--config", str(settings), "run"]
        started = time.perf_counter()
        with _running(command) as process:
            begun = printer.begun.get(timeout=_SLIP_WITHIN_S)
            worked_s = _processor_s(process.pid)
        return begun - started, worked_s


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
