"""Several ingest workers on one PostgreSQL database: who owns what, and that figures stay exact."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import NamedTuple

import psycopg
import pytest

from central.ingest.intake import Committed, Intake, Received
from central.rollup.folder import Folder
from central.store.ingest import SqlIngestStore
from central.store.ledger import Ledger
from central.store.postgres import Postgres
from central.store.postgres_connection import Claim, PostgresConnection, WorkerConnection
from central.store.postgres_lanes import LaneLocks
from central.store.protocol import Counts, OwnedElsewhereError, StoreError
from central.store.rollup import SqlRollupStore
from contract.ids import split_node
from contract.topics import LANES, lane_of
from tests.central.busy_day import Morning, morning
from tests.central.journal import MORNING_MS, NODE, OTHER_NODE
from tests.waiting import until

FIGURES = ("cells", "site_days", "counter_cells", "ratings", "queue_now", "totals")
EVERY_LANE = range(LANES)
SHORTEST = 35


class Worker(NamedTuple):
    """The store's side of a worker."""

    conn: WorkerConnection
    locks: LaneLocks
    intake: Intake
    folder: Folder


@contextmanager
def worker(where: Postgres, lanes: range = EVERY_LANE) -> Iterator[Worker]:
    conn = where.open_for_worker()
    try:
        locks = LaneLocks(conn, lanes)
        intake = Intake(
            SqlIngestStore(conn), owns=lambda node: lane_of(split_node(node).site) in locks.held
        )
        folder = Folder(SqlRollupStore(conn), intake.recent, lambda: locks.held)
        locks.take()
        yield Worker(conn, locks, intake, folder)
    finally:
        end(where, conn)


def part(made: Morning, first: int, last: int) -> list[Received]:
    return [Received(made.journal.events_topic, made.journal.batch(first, last), MORNING_MS)]


def whole(made: Morning) -> list[Received]:
    return part(made, 1, len(made.journal.rows))


def figures(where: Postgres) -> dict[str, list[tuple[object, ...]]]:
    with where.reading() as conn:
        return {
            table: sorted(
                tuple(map(in_order, row))
                for row in conn.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own names
            )
            for table in FIGURES
        }


def in_order(value: object) -> object:
    """The bins of a histogram are pairs of bytes in any order."""
    if not isinstance(value, bytes):
        return value
    return sorted(value[at : at + 2] for at in range(0, len(value), 2))


def rebuilt(where: Postgres) -> dict[str, list[tuple[object, ...]]]:
    with opened(where, Claim.SOLE) as conn:
        Folder(SqlRollupStore(conn)).rebuild()
    return figures(where)


def end(where: Postgres, conn: WorkerConnection) -> None:
    """Close a connection, and wait until the server has let go of what it held."""
    if conn.is_lost:
        return
    pid = conn._conn.info.backend_pid
    conn.close()
    with where.reading() as reader:
        gone = "SELECT count(*) = 0 FROM pg_locks WHERE pid = ?"
        until(lambda: reader.execute(gone, (pid,)).fetchone() == (True,))


def cut(where: Postgres, conn: WorkerConnection) -> None:
    """Let the server end a connection."""
    pid = conn.execute("SELECT pg_backend_pid()").fetchone()[0]
    with psycopg.connect(where._url, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


def test_lanes_are_parted_and_taken_over(where: Postgres) -> None:
    with worker(where) as first, worker(where, range(0, LANES, 2)) as second:
        assert first.locks.held == frozenset(EVERY_LANE)
        assert second.locks.held == frozenset()
        assert second.locks.take() == frozenset()
        end(where, first.conn)
        assert second.locks.take() == frozenset(range(0, LANES, 2))
        assert second.locks.missing == frozenset()


def test_another_number_of_workers_is_safe_while_the_old_ones_run(where: Postgres) -> None:
    """From two to three: each lane goes over when its old owner ends, and never has two."""
    with ExitStack() as stack:
        even, odd = (
            stack.enter_context(worker(where, range(share, LANES, 2))) for share in range(2)
        )
        new = [stack.enter_context(worker(where, range(share, LANES, 3))) for share in range(3)]
        assert [one.locks.held for one in new] == [frozenset()] * 3
        end(where, even.conn)
        taken = [one.locks.take() for one in new]
        assert sorted(lane for lanes in taken for lane in lanes) == list(range(0, LANES, 2))
        end(where, odd.conn)
        for one in new:
            one.locks.take()
        assert sorted(lane for one in new for lane in one.locks.held) == list(EVERY_LANE)


def test_a_node_of_another_is_neither_stored_nor_answered(where: Postgres) -> None:
    own, other = morning(NODE), morning(OTHER_NODE)
    lane = lane_of(NODE[:11])
    with worker(where, one_lane(lane)) as one:
        answers = one.intake.commit([*whole(own), *whole(other)])
        assert answers == [Committed(NODE, own.journal.epoch, len(own.journal.rows))]
        broken = Received(other.journal.events_topic, b"?", MORNING_MS)
        assert one.intake.commit([broken]) == []
        assert one.conn.execute("SELECT code FROM nodes").fetchall() == [(NODE,)]
        assert one.conn.execute("SELECT count(*) FROM quarantine").fetchone() == (0,)


def test_a_lost_connection_writes_nothing_until_lanes_are_taken_again(where: Postgres) -> None:
    made = morning(NODE)
    with worker(where) as one, worker(where) as heir:
        cut(where, one.conn)
        with pytest.raises(StoreError):
            one.intake.commit(whole(made))
        with pytest.raises(StoreError):
            one.intake.commit(whole(made))
        assert heir.locks.take() == frozenset(EVERY_LANE)
        assert not one.locks.keep()
        assert one.locks.keep()
        assert one.locks.take() == frozenset()
        assert one.intake.commit(whole(made)) == []
        assert heir.intake.commit(whole(made))[0].watermark == len(made.journal.rows)


def test_what_was_remembered_of_a_lane_does_not_outlive_its_loss(where: Postgres) -> None:
    """An heir stores and folds more, then gives the lane back: nothing is counted twice."""
    made = morning(NODE)
    rows = len(made.journal.rows)
    halves = [*part(made, 1, 50), *part(made, 51, rows)]
    with worker(where) as one:
        one.intake.commit(halves[:1])
        cut(where, one.conn)
        with pytest.raises(StoreError):
            one.folder.step()
        with worker(where) as heir:
            assert heir.intake.commit(halves)[0].watermark == rows
            assert heir.folder.step() == rows
        assert not one.locks.keep()
        one.intake.forget()
        one.locks.take()
        assert one.intake.commit(halves)[0].watermark == rows
        assert one.folder.step() == 0
    assert figures(where) == rebuilt(where)


def test_two_open_transactions_hide_no_row_from_the_fold(where: Postgres) -> None:
    """Rows that were written first become visible last, after another worker has folded."""
    early, late = morning(NODE, seed=1), morning(OTHER_NODE, seed=2)
    lanes = [lane_of(made.journal.node[:11]) for made in (early, late)]
    known = 100
    with worker(where, one_lane(lanes[0])) as one, worker(where, one_lane(lanes[1])) as two:
        one.intake.commit(part(early, 1, known))
        two.intake.commit(part(late, 1, known))
        assert one.folder.step() == two.folder.step() == known
        seen: list[int] = []

        def others_commit_and_fold() -> None:
            two.intake.commit(whole(late))
            seen.extend((two.folder.step(), two.folder.step(), one_sees(where, NODE)))

        held_up = Intake(HeldUpStore(one.conn, others_commit_and_fold))
        held_up.commit(whole(early))
        assert seen == [len(late.journal.rows) - known, 0, known]
        assert two.folder.step() == 0
        assert one.folder.step() == len(early.journal.rows) - known
    grown = figures(where)
    assert grown == rebuilt(where)
    assert [row[2] for row in grown["totals"]] != []


class HeldUpStore(SqlIngestStore):
    """A store in whose transaction, all rows being written, something else happens first."""

    def __init__(self, conn: WorkerConnection, meanwhile: Callable[[], None]) -> None:
        super().__init__(conn)
        self._meanwhile = meanwhile

    def save_ledger(self, journal: int, ledger: Ledger, counts: Counts) -> None:
        super().save_ledger(journal, ledger, counts)
        assert len(self.entries(journal, 1, ledger.watermark)) == ledger.watermark
        self._meanwhile()


def test_many_workers_at_once_give_the_figures_of_one(where: Postgres) -> None:
    """New days, services and refused messages at the same time, which belong to no lane."""
    made = [
        morning(f"{place % 34 + 1:02d}-{place * 31:05d}-01-h1", tickets=12, seed=place)
        for place in range(1, 41)
    ]
    failures: list[BaseException] = []

    def work(share: int) -> None:
        with worker(where, range(share, LANES, 4)) as one:
            try:
                for start in range(1, SHORTEST, 7):
                    one.intake.commit(
                        [
                            message
                            for each in made
                            for message in (
                                *part(each, start, start + 6),
                                Received(each.journal.events_topic, b"?", MORNING_MS),
                            )
                        ]
                    )
                    one.folder.step()
                while one.folder.step():
                    pass
            except BaseException as error:
                failures.append(error)
                raise

    threads = [threading.Thread(target=work, args=(share,)) for share in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with where.reading() as conn:
        folded, rows = conn.execute("SELECT sum(folded), sum(watermark) FROM journals").fetchone()
        refused = conn.execute("SELECT count(*) FROM quarantine").fetchone()
    assert folded == rows == SHORTEST * len(made)
    assert refused == (SHORTEST // 7 * len(made),)
    assert figures(where) == rebuilt(where)


def test_a_centre_that_takes_in_events_itself_bears_no_workers(where: Postgres) -> None:
    with worker(where) as one:
        with pytest.raises(OwnedElsewhereError, match="workers are at"):
            where.open_for_writing(Claim.SOLE)
        end(where, one.conn)
        with opened(where, Claim.SOLE), worker(where) as other:
            assert other.locks.held == frozenset()


def test_one_centre_leads_beside_workers(where: Postgres) -> None:
    with worker(where) as one, opened(where, Claim.LEADER):
        assert one.locks.held == frozenset(EVERY_LANE)
        with pytest.raises(OwnedElsewhereError, match="another centre"):
            where.open_for_writing(Claim.LEADER)
    with opened(where, Claim.LEADER):
        pass


@contextmanager
def opened(where: Postgres, claim: Claim) -> Iterator[PostgresConnection]:
    """A connection with a claim, once the server has ended whoever had it."""
    found: list[PostgresConnection] = []

    def can_be_opened() -> bool:
        with suppress(OwnedElsewhereError):
            found.append(where.open_for_writing(claim))
        return bool(found)

    until(can_be_opened)
    with closing(found[0]) as conn:
        yield conn


def one_lane(lane: int) -> range:
    return range(lane, lane + 1)


def one_sees(where: Postgres, node: str) -> int:
    """How many rows of a node others can read now."""
    with where.reading() as conn:
        return int(
            conn.execute(
                """SELECT count(*) FROM events JOIN journals USING (journal)
                JOIN nodes USING (node) WHERE code = ?""",
                (node,),
            ).fetchone()[0]
        )
