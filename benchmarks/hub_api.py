"""Issuing and calling through a hub's HTTP API, durable on disk, with one and eight clients.

The hub is the real program in a process of its own; clients are other processes on the same
machine. The baseline is a bare SQLite append with `synchronous=FULL` of a row as large as the
journal's, interleaved with what is measured. Paper is not printed: what is measured ends with
the durable answer.
"""

import multiprocessing
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

from benchmarks.report import line, quantile
from benchmarks.running_hub import PIN, Client, hub_settings, running_hub
from contract.commands import Actor
from edge.access import Access
from runtime.clock import SystemClock

_T = TypeVar("_T")

_ROUNDS = 20
_PER_ROUND = 50
_CLIENTS = 8
_PER_CLIENT = 250
_ROW_BYTES = 150
_BARE = "bare SQLite append, WAL, synchronous=FULL"


class Hub(NamedTuple):
    """A running hub: its port, a kiosk's token, and a clerk's token per counter."""

    port: int
    kiosk: str
    clerks: list[str]


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="thutu-bench-") as folder:
        root = Path(folder)
        with closing(_bare_store(root / "bare.db")) as bare:
            with _hub(root / "alone") as hub:
                _one_client(hub, bare)
            with _hub(root / "crowd") as hub:
                _eight_clients(hub, bare)


def _one_client(hub: Hub, bare: sqlite3.Connection) -> None:
    kiosk, clerk = Client(hub.port, hub.kiosk), Client(hub.port, hub.clerks[0])
    issue_ms: list[float] = []
    call_ms: list[float] = []
    bare_ms: list[float] = []
    numbers = []
    _seat(clerk, "1")
    for _ in range(_ROUNDS):
        for _ in range(_PER_ROUND):
            numbers.append(_timed(issue_ms, lambda: kiosk.number(**_ISSUE)))
            _timed(bare_ms, lambda: _append(bare))
        for _ in range(_PER_ROUND):
            _timed(call_ms, lambda: clerk.number(type="CallNext", counter="1"))
            assert clerk.command(type="StartService", counter="1")[0] == 200
            assert clerk.command(type="FinishService", counter="1")[0] == 200
    assert len(set(numbers)) == len(numbers) == _ROUNDS * _PER_ROUND
    for name, values in (("issue", issue_ms), ("call", call_ms)):
        for label, q in (("p50", 0.5), ("p99", 0.99)):
            value, base = quantile(values, q), quantile(bare_ms, q)
            print(line(f"{name}.{label}_ms", value, "ms", f"{_BARE}, {label}", base), flush=True)
    kiosk.close()
    clerk.close()


def _eight_clients(hub: Hub, bare: sqlite3.Connection) -> None:
    start = time.perf_counter()
    for _ in range(_PER_CLIENT * _CLIENTS):
        _append(bare)
    bare_rate = _PER_CLIENT * _CLIENTS / (time.perf_counter() - start)
    jobs = [(hub.port, hub.kiosk)] * _CLIENTS
    with multiprocessing.get_context("spawn").Pool(_CLIENTS) as pool:
        pool.map(_issue_many, [(port, token, 1) for port, token in jobs])
        start = time.perf_counter()
        issued = pool.map(_issue_many, [(port, token, _PER_CLIENT) for port, token in jobs])
        seconds = time.perf_counter() - start
        seats = [(hub.port, token, str(i + 1)) for i, token in enumerate(hub.clerks)]
        called = pool.map(_call_until_empty, seats)
    numbers = [number for client in issued for number in client]
    calls = [number for client in called for number in client]
    assert len(calls) >= len(numbers)
    rate = len(numbers) / seconds
    print(line("issue8.rate", rate, "1/s", f"{_BARE}, one at a time", bare_rate))
    print(line("issue8.duplicates", len(numbers) - len(set(numbers)), "tickets"))
    print(line("call8.double_calls", len(calls) - len(set(calls)), "tickets"))


_ISSUE = {"type": "IssueTicket", "services": ["1"], "on_paper": False}


def _issue_many(job: tuple[int, str, int]) -> list[str]:
    port, token, count = job
    with closing(Client(port, token)) as client:
        return [client.number(**_ISSUE) for _ in range(count)]


def _call_until_empty(job: tuple[int, str, str]) -> list[str]:
    port, token, counter = job
    numbers = []
    with closing(Client(port, token)) as client:
        _seat(client, counter)
        while (answer := client.command(type="CallNext", counter=counter))[0] == 200:
            numbers.append(str(answer[1]["number"]))
            assert client.command(type="StartService", counter=counter)[0] == 200
            assert client.command(type="FinishService", counter=counter)[0] == 200
        assert answer[1]["reason"] == "nobody-waiting", answer
    return numbers


def _seat(client: Client, counter: str) -> None:
    assert client.command(type="SignIn", counter=counter)[0] == 200
    assert client.command(type="OpenCounter", counter=counter)[0] == 200


@contextmanager
def _hub(data: Path) -> Iterator[Hub]:
    config = data.with_suffix(".toml")
    config.write_text(hub_settings(data, counters=_CLIENTS), encoding="utf-8")
    access = Access(data / "access.db", SystemClock())
    kiosk = access.add_device(Actor("kiosk-1", "kiosk"))
    for i in range(_CLIENTS):
        access.set_pin(f"nv{i + 1}", "clerk", PIN)
    clerks = [access.sign_in(f"nv{i + 1}", PIN) for i in range(_CLIENTS)]
    access.close()
    with running_hub(config) as port:
        yield Hub(port, kiosk, [session.token for session in clerks if session])


def _bare_store(path: Path) -> sqlite3.Connection:
    store = sqlite3.connect(path, isolation_level=None)
    store.execute("PRAGMA journal_mode=WAL")
    store.execute("PRAGMA synchronous=FULL")
    store.execute("CREATE TABLE entries (seq INTEGER PRIMARY KEY, body BLOB)")
    return store


def _append(store: sqlite3.Connection) -> None:
    store.execute("INSERT INTO entries (body) VALUES (?)", (os.urandom(_ROW_BYTES),))


def _timed(into: list[float], work: Callable[[], _T]) -> _T:
    start = time.perf_counter()
    result = work()
    into.append((time.perf_counter() - start) * 1000)
    return result


if __name__ == "__main__":
    main()
