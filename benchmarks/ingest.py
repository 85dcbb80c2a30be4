"""The centre's ingest, from bytes on the wire to durable rows and rollups.

The baseline is a raw `executemany` of ready tuples into the same table (WAL, `synchronous=FULL`,
10,000 rows a transaction), interleaved with what is measured, as is the naive way of
`ingest_naive.py`. What goes through a real broker is in `ingest_broker.py`. Every run is counted
again, exactly, before its rate is used.
"""

import json
import sqlite3
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.ingest_broker import measure_broker
from benchmarks.ingest_load import Load, day_of_hubs
from benchmarks.ingest_naive import take_naively
from benchmarks.ingest_recount import recount
from benchmarks.report import line
from central.garbage import keep_what_was_made
from central.ingest.committer import Committer
from central.ingest.intake import Intake
from central.rollup.folder import Folder
from central.store.database import open_for_writing, reading
from central.store.ingest import SqlIngestStore
from central.store.rollup import SqlRollupStore
from runtime.clock import SystemClock

_ROUNDS = 5
_NODES = 40
_AT_ONCE = 10_000
_BARE = "raw executemany of ready tuples, WAL, synchronous=FULL, 10,000 a transaction"
_NAIVE = "pydantic, insert_all, sketches"


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="thutu-bench-") as folder:
        root = Path(folder)
        _compare(root, 256, 1536, with_naive=True)
        _compare(root, 8, 768)
        measure_broker(root / "broker")


def _compare(root: Path, size: int, events_per_node: int, *, with_naive: bool = False) -> None:
    load = day_of_hubs(_NODES, events_per_node, size)
    keep_what_was_made()
    ours: list[float] = []
    bare: list[float] = []
    naive: list[float] = []
    for turn in range(_ROUNDS):
        database = root / f"{size}-{turn}.db"
        ours.append(load.events / _ingest_s(database, load))
        recount(database, load)
        bare.append(load.events / _bare_s(root / f"{size}-{turn}-bare.db", database))
        if with_naive:
            naive.append(_naive_rate(root / f"{size}-{turn}-naive.db", load))
    rate, base = statistics.median(ours), statistics.median(bare)
    print(line(f"ingest.b{size}.rate", rate, "events/s", _BARE, base))
    print(line(f"ingest.b{size}.ratio", _ratio(ours, bare), "of baseline", _BARE), flush=True)
    if with_naive:
        print(line("ingest.naive.ratio", _ratio(ours, naive), "times", _NAIVE), flush=True)


def _ratio(ours: list[float], others: list[float]) -> float:
    """The median of what was measured one after the other."""
    return statistics.median(a / b for a, b in zip(ours, others, strict=True))


def _ingest_s(database: Path, load: Load) -> float:
    """Until the last row is durable and in the figures."""
    db = open_for_writing(database)
    intake = Intake(SqlIngestStore(db))
    folder = Folder(SqlRollupStore(db), intake.recent)
    committer = Committer(intake, folder, SystemClock(), lambda _topic, _payload: True)
    start = time.perf_counter()
    committer.start()
    for topic, payload in load.messages:
        committer.put(topic, payload)
    committer.stop()
    took_s = time.perf_counter() - start
    db.close()
    return took_s


def _bare_s(path: Path, full: Path) -> float:
    with reading(full) as conn:
        table = conn.execute("SELECT sql FROM sqlite_master WHERE name = 'events'").fetchone()[0]
        rows = conn.execute("SELECT * FROM events").fetchall()
    store = sqlite3.connect(path, isolation_level=None)
    store.execute("PRAGMA journal_mode=WAL")
    store.execute("PRAGMA synchronous=FULL")
    store.execute(table)
    insert = f"INSERT INTO events VALUES ({', '.join('?' * len(rows[0]))})"  # noqa: S608 - as above
    start = time.perf_counter()
    for first in range(0, len(rows), _AT_ONCE):
        store.execute("BEGIN")
        store.executemany(insert, rows[first : first + _AT_ONCE])
        store.execute("COMMIT")
    took_s = time.perf_counter() - start
    assert store.execute("SELECT count(*) FROM events").fetchone() == (len(rows),)
    store.close()
    return took_s


def _naive_rate(path: Path, load: Load) -> float:
    start = time.perf_counter()
    take_naively(path, [payload for _, payload in load.messages])
    took_s = time.perf_counter() - start
    conn = sqlite3.connect(path)
    assert conn.execute("SELECT count(*) FROM events").fetchone() == (load.events,)
    cells = [json.loads(cell) for (cell,) in conn.execute("SELECT cell FROM cells")]
    conn.close()
    counts = sum((Counter(cell["counts"]) for cell in cells), Counter())
    assert counts["issued"] == 4 * load.issued
    assert counts["finished"] == 5 * load.finished
    assert sum(cell["wait"]["sum_ms"] for cell in cells) == 4 * load.wait_ms
    return load.events / took_s


if __name__ == "__main__":
    main()
