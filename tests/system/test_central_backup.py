"""A backup taken while hubs report, put back in place of the database: docs/central.md, as it is
done there with each engine."""

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from central.access.accounts import create_token
from central.broker import CENTRE, EmbeddedBroker
from central.service import Centre, rebuild
from central.store.access import AccessStore
from central.store.database import Location, database_of, reading, writing
from central.store.postgres import Postgres
from contract import events as e
from edge.node_identity import Identity
from edge.store.journal import Journal, NewRow
from edge.upstream.outbox import OutboxLimits
from edge.upstream.uplink import Uplink
from runtime.clock import SystemClock
from tests.central.busy_day import Morning, morning
from tests.central.journal import NODE
from tests.postgres import postgres_server
from tests.waiting import until

_AT_ONCE = 5


@contextmanager
def serving(folder: Path, database: Location, broker: EmbeddedBroker) -> Iterator[None]:
    """The centre on `folder`."""
    centre = Centre(folder, broker.settings(CENTRE), database=database)
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


def issued(database: Location) -> int:
    """How many tickets the centre counts in the nation."""
    with reading(database) as conn:
        found = conn.execute("SELECT sum(issued) FROM totals WHERE province = ''").fetchone()
        return int(found[0])


def held(database: Location) -> tuple[int, bytes]:
    """How far the centre holds the hub's journal, and the proof of it."""
    with reading(database) as conn:
        row: tuple[int, bytes] = conn.execute("SELECT watermark, chain FROM journals").fetchone()
        return row


def add_account(database: Location, name: str) -> list[str]:
    """Make an account; the names of all that there are then."""
    with writing(database) as db:
        create_token(db, name, "national", None, 0, who="operator")
        return [account.name for account in AccessStore(db.conn).accounts()]


def append(journal: Journal, uplink: Uplink, rows: list[bytes]) -> None:
    """Write rows, a few at a time."""
    for first in range(0, len(rows), _AT_ONCE):
        journal.append([NewRow(row, b"") for row in rows[first : first + _AT_ONCE]])
        uplink.notify()


def live_through_a_loss(
    tmp_path: Path,
    database: Location,
    back_up: Callable[[], object],
    put_back: Callable[[], Location],
) -> None:
    """A hub reports, the centre is backed up meanwhile, and goes on from the backup later."""
    folder = tmp_path / "centre"
    made: Morning = morning(NODE, tickets=150)
    rows = made.journal.rows
    early, late = len(rows) // 3, 2 * len(rows) // 3
    journal = Journal(tmp_path / "journal.db")
    with (
        EmbeddedBroker(tmp_path / "broker", [NODE]) as broker,
        reporting(journal, broker) as uplink,
    ):
        with serving(folder, database, broker):
            add_account(database, "An")
            append(journal, uplink, rows[:early])
            until(lambda: journal.cursor == early)
            writer = threading.Thread(target=append, args=(journal, uplink, rows[early:late]))
            writer.start()
            back_up()
            writer.join()
            append(journal, uplink, rows[late:])
            until(lambda: journal.cursor == len(rows))
        assert issued(database) == made.issued

        restored = put_back()
        assert early <= held(restored)[0] <= late
        with serving(folder, restored, broker):
            made.journal.add(e.CounterClosed("1", None, None), 300 * 60_000)
            append(journal, uplink, rows[-1:])
            until(lambda: held(restored)[0] == len(rows), within_s=30)
            assert add_account(restored, "Bình") == ["An", "Bình"]
    assert held(restored) == (len(rows), made.journal.hashes[-1])
    assert issued(restored) == made.issued
    assert rebuild(folder, restored) == len(rows)
    assert issued(restored) == made.issued


def test_hubs_send_again_what_a_restored_backup_lacks(tmp_path: Path) -> None:
    database, kept = database_of(tmp_path / "centre"), tmp_path / "backup.db"

    def back_up() -> None:
        with closing(sqlite3.connect(database)) as db:
            db.execute("VACUUM INTO ?", (str(kept),))

    def put_back() -> Location:
        for part in database.parent.glob("centre.db*"):
            part.unlink()
        shutil.copy(kept, database)
        return database

    live_through_a_loss(tmp_path, database, back_up, put_back)


def test_hubs_send_again_what_a_restored_postgresql_lacks(tmp_path: Path) -> None:
    kept = tmp_path / "backup.dump"
    with postgres_server() as server:
        url, restored_url = server.new_database(), server.new_database()
        with closing(Postgres(url)) as database, closing(Postgres(restored_url)) as restored:

            def back_up() -> None:
                server.run("pg_dump", "-Fc", "-f", kept, "-d", url)

            def put_back() -> Location:
                server.run("pg_restore", "--exit-on-error", "-d", restored_url, kept)
                return restored

            live_through_a_loss(tmp_path, database, back_up, put_back)
