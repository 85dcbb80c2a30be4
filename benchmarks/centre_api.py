"""How soon the centre answers admins: 3,139 sites with 30 days behind them, idle and while it
ingests 2,000 events a second through a real broker, in the same process as it answers."""

import json
import tempfile
import threading
import time
from contextlib import closing
from datetime import date, timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.ingest_load import Load, day_of_hubs
from benchmarks.report import line, quantile
from benchmarks.running_centre import Hubs, running, until
from central.broker import CENTRE, EmbeddedBroker
from central.ingest.intake import Intake, Received
from central.rollup.business_day import day_of
from central.rollup.folder import Folder
from central.service import issue_token
from central.store.cells import TALLY_COLUMNS, TOTAL_COLUMNS
from central.store.database import database_of, open_for_writing, transaction
from central.store.ingest import SqlIngestStore
from central.store.rollup import SqlRollupStore
from runtime.clock import SystemClock

_SITES = 3_139
_STORED_EVENTS, _EVENTS, _PER_MESSAGE = 96, 136, 8
_EVENTS_PER_S = 2_000
_ASKED = 150
_ASKED_FOR_S = 7.0
_AT_ONCE = 500
_DAYS = 30


def main() -> None:
    """Measure and print."""
    now_ms = SystemClock().stamp().wall_ms
    load = day_of_hubs(_SITES, _EVENTS, _PER_MESSAGE, day=day_of(now_ms))
    stored = _SITES * _STORED_EVENTS // _PER_MESSAGE
    with (
        tempfile.TemporaryDirectory(prefix="thutu-bench-") as folder,
        EmbeddedBroker(Path(folder) / "broker") as broker,
    ):
        centre = Path(folder) / "centre"
        _fill(centre, load, stored, now_ms)
        token = issue_token(centre, "bench", "national")
        settings = broker.settings(CENTRE)
        with running(centre, settings) as program:
            idle = {name: _ask(program.url, token, path) for name, path in _paths(load).items()}
            hubs = _Stream(Hubs(settings), load.messages[stored:])
            busy = {name: _ask(program.url, token, path) for name, path in _paths(load).items()}
            rate = hubs.stop()
    for name, times_ms in busy.items():
        for label, q in (("p50", 0.5), ("p99", 0.99)):
            base = quantile(idle[name], q)
            print(line(f"centre.{name}.{label}_ms", quantile(times_ms, q), "ms", "idle", base))
    print(line("centre.ingest.rate", rate, "events/s"))


def _paths(load: Load) -> dict[str, str]:
    site = load.messages[0][0].split("/")[3][:11]
    first = date.fromisoformat(load.day) - timedelta(days=_DAYS - 1)
    period = f"from={first}&to={load.day}"
    return {
        "overview": f"/overview?day={load.day}",
        "provinces": f"/provinces?day={load.day}",
        "ranking": f"/provinces/{site[:2]}/sites?day={load.day}",
        "site_day": f"/sites/{site}/days/{load.day}",
        "trend": f"/trends/day?day={load.day}",
        "ranking_30d": f"/ranking?{period}",
        "provinces_30d": f"/ranking?of=provinces&{period}",
        "ratings_30d": f"/ratings?{period}",
    }


def _ask(url: str, token: str, path: str) -> list[float]:
    """How long each answer took, in milliseconds, one after the other."""
    times_ms = []
    end = time.perf_counter() + _ASKED_FOR_S
    with closing(HTTPConnection(urlsplit(url).netloc)) as connection:
        for turn in range(_ASKED + 5):
            if turn > 10 and time.perf_counter() > end:
                break
            start = time.perf_counter()
            connection.request(
                "GET", f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"}
            )
            answer = connection.getresponse()
            body = answer.read()
            took_ms = (time.perf_counter() - start) * 1000
            assert answer.status == 200, (path, answer.status, body)
            if turn >= 5:
                times_ms.append(took_ms)
        if path.startswith("/overview"):
            assert json.loads(body)["reporting"] == _SITES
    return times_ms


class _Stream:
    """Publishes messages at a steady rate from a thread of its own."""

    def __init__(self, hubs: Hubs, messages: list[tuple[str, bytes]]) -> None:
        self._hubs = hubs
        self._messages = messages
        self._stopping = threading.Event()
        self._sent = 0
        self._start = time.perf_counter()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> float:
        """End; events per second that the centre had acknowledged by then. The rest must come."""
        took_s = time.perf_counter() - self._start
        held = self._held()
        self._stopping.set()
        self._thread.join()
        assert self._sent < len(self._messages), "the stream ended before the questions did"
        until(lambda: self._held() == self._sent * _PER_MESSAGE)
        self._hubs.close()
        return held / took_s

    def _held(self) -> int:
        """How many of the events that it published are acknowledged."""
        return self._hubs.held() - _STORED_EVENTS * len(self._hubs.committed)

    def _run(self) -> None:
        for turn, message in enumerate(self._messages):
            due = self._start + turn * _PER_MESSAGE / _EVENTS_PER_S
            if self._stopping.wait(max(0.0, due - time.perf_counter())):
                return
            self._hubs.publish(*message)
            self._sent += 1


def _fill(folder: Path, load: Load, messages: int, now_ms: int) -> None:
    """Today until now, and the same figures on each of the 29 days before."""
    db = open_for_writing(database_of(folder))
    intake = Intake(SqlIngestStore(db))
    folding = Folder(SqlRollupStore(db), intake.recent)
    for first in range(0, messages, _AT_ONCE):
        some = load.messages[first : min(first + _AT_ONCE, messages)]
        intake.commit([Received(topic, payload, now_ms) for topic, payload in some])
        folding.step()
    while folding.step():
        pass
    today = date.fromisoformat(load.day)
    with transaction(db.conn):
        for back in range(1, _DAYS):
            day = (today - timedelta(days=back)).isoformat()
            for table, key, columns in (
                ("site_days", "site", TALLY_COLUMNS),
                ("totals", "province", TOTAL_COLUMNS),
                ("ratings", "site, service, levels, level", ("n",)),
            ):
                names = f"{key}, {', '.join(columns)}"
                copy = f"INSERT INTO {table} (day, {names}) SELECT ?, {names} FROM {table} "  # noqa: S608 - our own names
                db.execute(copy + "WHERE day = ?", (day, load.day))
    db.close()


if __name__ == "__main__":
    main()
