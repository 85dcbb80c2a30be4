"""What is kept of days that are over: never older than the store, never beyond a scope."""

from datetime import date

from central.api.kept import Kept
from central.api.known import Period
from central.ingest.intake import Intake, Received
from central.rollup.folder import Folder
from central.scope import Scope
from central.store.connection import Database
from central.store.history import History
from central.store.ingest import SqlIngestStore
from central.store.rollup import SqlRollupStore
from central.store.totals import Totals
from central.store.visible import Where
from tests.central.busy_day import morning
from tests.central.journal import MORNING_MS, NODE, OTHER_NODE, Journal

BEFORE = "2026-11-19"
PERIOD = Period(date(2026, 11, 19), date(2026, 11, 20))
TODAY = PERIOD.last


class Asking:
    """Asks as somebody with a scope does, and notes what was read."""

    def __init__(self, db: Database, kept: Kept[dict[str, bytes]], scope: Scope) -> None:
        self.read: list[tuple[Period, Where]] = []
        self._kept = kept
        self._history, self._totals = History(db.conn, scope), Totals(db.conn, scope)

    def waits(self, where: Where | None = None, today: date = TODAY) -> dict[str, int]:
        parts = self._kept.parts(PERIOD, today, where or Where(), self._totals, self._read)
        return {
            site: sum(len(part.get(site, b"")) // 2 for part in parts)
            for site in sorted({site for part in parts for site in part})
        }

    def _read(self, period: Period, where: Where) -> dict[str, bytes]:
        self.read.append((period, where))
        return self._history.wait_bins(*period.days, where)


def send(db: Database, journal: Journal, first: int, last: int) -> None:
    intake = Intake(SqlIngestStore(db))
    intake.commit([Received(journal.events_topic, journal.batch(first, last), MORNING_MS)])
    while Folder(SqlRollupStore(db)).step():
        pass


def two_days(db: Database) -> Journal:
    """The nation has two days; the journal that is returned has a further row of the first."""
    late = morning(NODE, seed=1, day=BEFORE, days_before=1).journal
    rows = len(late.rows)
    send(db, late, 1, rows - 40)
    for seed, node in ((2, OTHER_NODE), (3, "01-00367-01-h1")):
        other = morning(node, tickets=20, seed=seed).journal
        send(db, other, 1, len(other.rows))
    return late


def direct(db: Database, scope: Scope, where: Where | None = None) -> dict[str, int]:
    found = History(db.conn, scope).wait_bins(*PERIOD.days, where or Where())
    return {site: len(held) // 2 for site, held in sorted(found.items())}


def test_days_that_are_over_are_read_once_until_they_change(each_db: Database) -> None:
    late = two_days(each_db)
    asking = Asking(each_db, Kept(), Scope())
    assert asking.waits() == direct(each_db, Scope())
    over, today = Period(PERIOD.first, PERIOD.first), Period(TODAY, TODAY)
    assert asking.read == [(over, Where("01")), (today, Where())]
    asking.read.clear()
    before = asking.waits()
    assert asking.read == [(today, Where())]
    asking.read.clear()
    send(each_db, late, len(late.rows) - 39, len(late.rows))
    after = asking.waits()
    assert asking.read == [(over, Where("01")), (today, Where())]
    assert after == direct(each_db, Scope())
    assert after[NODE[:11]] > before[NODE[:11]]


def test_figures_that_are_made_again_are_never_mixed_with_older_ones(db: Database) -> None:
    two_days(db)
    asking = Asking(db, Kept(), Scope())
    whole = asking.waits()
    store = SqlRollupStore(db)
    store.reset_rollups()
    assert asking.waits() == {}
    while Folder(store).step():
        pass
    assert asking.waits() == whole


def test_what_one_scope_kept_serves_no_other_beyond_it(db: Database) -> None:
    two_days(db)
    kept: Kept[dict[str, bytes]] = Kept()
    tomorrow = date(2026, 11, 21)
    nation = Asking(db, kept, Scope()).waits(today=tomorrow)
    assert {site[:2] for site in nation} == {"01", "48"}
    for scope, where in (
        (Scope("01"), Where()),
        (Scope("01"), Where("48")),
        (Scope("48"), Where(unit="01-00367")),
        (Scope("01", "01-00367"), Where()),
        (Scope("01", "01-00367"), Where("01")),
        (Scope(), Where("48")),
        (Scope(), Where(site=NODE[:11])),
    ):
        found = Asking(db, kept, scope).waits(where, tomorrow)
        assert found == direct(db, scope, where)
