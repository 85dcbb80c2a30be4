"""A backup taken while hubs report, put back in place of the database: docs/central.md, as it is
done there."""

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from central.broker import CENTRE, EmbeddedBroker
from central.service import Centre
from central.store.database import database_of
from contract import events as e
from edge.node_identity import Identity
from edge.store.journal import Journal, NewRow
from edge.upstream.outbox import OutboxLimits
from edge.upstream.uplink import Uplink
from runtime.clock import SystemClock
from tests.central.busy_day import Morning, morning
from tests.central.journal import NODE
from tests.waiting import until

_AT_ONCE = 5


@contextmanager
def serving(folder: Path, broker: EmbeddedBroker) -> Iterator[None]:
    """The centre on `folder`."""
    centre = Centre(folder, broker.settings(CENTRE))
    centre.start()
    try:
        yield
    finally:
        centre.stop()


@contextmanager
def reporting(journal: Journal, broker: EmbeddedBroker) -> Iterator[Uplink]:
    """A hub's uplink, less patient than a real one."""
    clock = SystemClock()
    uplink = Uplink(
        journal,
        broker.settings(NODE),
        Identity(NODE, "0", "0"),
        clock=clock,
        line_clock=clock,
        limits=OutboxLimits(batch_entries=20, patience_s=0.5),
    )
    uplink.start()
    try:
        yield uplink
    finally:
        uplink.stop()
        journal.close()


def issued(database: Path) -> int:
    """How many tickets the centre counts in the nation."""
    with closing(sqlite3.connect(database)) as db:
        return int(db.execute("SELECT sum(issued) FROM totals WHERE province = ''").fetchone()[0])


def held(database: Path) -> tuple[int, bytes]:
    """How far the centre holds the hub's journal, and the proof of it."""
    with closing(sqlite3.connect(database)) as db:
        row: tuple[int, bytes] = db.execute("SELECT watermark, chain FROM journals").fetchone()
        return row


def append(journal: Journal, uplink: Uplink, rows: list[bytes]) -> None:
    """Write rows, a few at a time."""
    for first in range(0, len(rows), _AT_ONCE):
        journal.append([NewRow(row, b"") for row in rows[first : first + _AT_ONCE]])
        uplink.notify()


def test_hubs_send_again_what_a_restored_backup_lacks(tmp_path: Path) -> None:
    folder, kept = tmp_path / "centre", tmp_path / "backup.db"
    database = database_of(folder)
    made: Morning = morning(NODE, tickets=150)
    rows = made.journal.rows
    early = len(rows) // 3
    journal = Journal(tmp_path / "journal.db")
    with (
        EmbeddedBroker(tmp_path / "broker", [NODE]) as broker,
        reporting(journal, broker) as uplink,
    ):
        with serving(folder, broker):
            append(journal, uplink, rows[:early])
            until(lambda: journal.cursor == early)
            writer = threading.Thread(target=append, args=(journal, uplink, rows[early:]))
            writer.start()
            with closing(sqlite3.connect(database)) as db:
                db.execute("VACUUM INTO ?", (str(kept),))
            writer.join()
            until(lambda: journal.cursor == len(rows))
        assert issued(database) == made.issued
        assert early <= held(kept)[0] < len(rows)

        for part in folder.glob("centre.db*"):
            part.unlink()
        shutil.copy(kept, database)
        with serving(folder, broker):
            made.journal.add(e.CounterClosed("1", None, None), 300 * 60_000)
            append(journal, uplink, rows[-1:])
            until(lambda: held(database)[0] == len(rows), within_s=30)
    assert held(database) == (len(rows), made.journal.hashes[-1])
    assert issued(database) == made.issued
