"""Sums for provinces and the nation: equal to what their sites say, and within the scope."""

import random

import pytest

from central.api import freshness
from central.api.known import Moment, freshness_of, known_sites
from central.api.models import Liveness
from central.api.quality import Shares, shares
from central.ingest.intake import Intake, Received
from central.rollup.bins import quantiles
from central.rollup.folder import Folder
from central.scope import Scope
from central.store.cells import DayTotal, merge, merge_totals
from central.store.connection import Database
from central.store.ingest import SqlIngestStore
from central.store.reader import Reader
from central.store.rollup import SqlRollupStore
from central.store.totals import Restatement, Standing, Totals, sum_standings
from central.store.visible import Where
from contract.topics import up
from tests.central.busy_day import morning
from tests.central.journal import DAY, MORNING_MS, NODE, Journal

NOW_MS = MORNING_MS + 4 * 3_600_000
LIVE_MS = 180_000
NEXT_DAY_MS = 24 * 3_600_000
NODES = [f"{province}-{unit:05}-01-h1" for province in ("01", "48") for unit in range(1, 7)]


@pytest.fixture
def db(each_db: Database) -> Database:
    return each_db


def send(db: Database, journal: Journal, received_ms: int, *runs: tuple[int, int]) -> None:
    intake = Intake(SqlIngestStore(db))
    runs = runs or ((1, len(journal.rows)),)
    intake.commit(
        [Received(journal.events_topic, journal.batch(*run), received_ms) for run in runs]
    )
    Folder(SqlRollupStore(db), intake.recent).step()


@pytest.fixture
def two_provinces(db: Database) -> Database:
    """Twelve sites, every third with a gap, some silent or late, one registered and never heard."""
    rng = random.Random(5)
    for place, node in enumerate(NODES):
        made = morning(node, tickets=30, seed=place).journal
        last = len(made.rows)
        runs = [(1, 60), (70, last)] if place % 3 == 0 else [(1, last)]
        heard_ms = NOW_MS - rng.choice((5_000, 170_000, 900_000))
        send(db, made, heard_ms, *runs)
        status = made.status(wall_ms=heard_ms, online=place % 5 != 4)
        Intake(SqlIngestStore(db)).commit([Received(made.status_topic, status, heard_ms)])
    db.execute("INSERT INTO sites (code, province, registered) VALUES ('01-00099-01', '01', 1)")
    return db


def expected(db: Database, province: str) -> Standing:
    """From the nodes of every site, one by one."""
    reader = Reader(db.conn, Scope(province))
    nodes = reader.nodes()
    fresh, complete, since = [], [], []
    opened = waiting = counters_open = unattended = 0
    days, waits = reader.site_days(DAY), reader.waiting(DAY)
    for row in reader.sites(DAY):
        own = [node for node in nodes if node.site == row.site]
        fresh.append(freshness.of_site(own, NOW_MS, LIVE_MS, row.valid_to))
        if row.site in days:
            complete += [freshness.complete_up_to_ms(node) for node in own]
        if fresh[-1].state is Liveness.LIVE and row.site in waits:
            opened += 1
            waiting += waits[row.site].n
            counters_open += waits[row.site].counters_open or 0
            unattended += bool(waits[row.site].n and not waits[row.site].counters_open)
            since.append(waits[row.site].since_ms)
    states = [one.state for one in fresh]
    assert None not in complete
    return Standing(
        sites=len(fresh),
        unregistered=sum(not row.registered for row in reader.sites(DAY)),
        reporting=len(days),
        running=len(days),
        live=states.count(Liveness.LIVE),
        delayed=states.count(Liveness.DELAYED),
        offline=states.count(Liveness.OFFLINE),
        never=states.count(Liveness.NEVER),
        ended=states.count(Liveness.ENDED),
        missing=sum(one.missing for one in fresh),
        complete_up_to_ms=min(ms for ms in complete if ms is not None),
        opened=opened,
        waiting=waiting,
        waiting_since_ms=min((ms for ms in since if ms is not None), default=None),
        counters_open=counters_open,
        counters_paused=0,
        unattended=unattended,
    )


def test_a_provinces_standing_is_what_its_sites_say(two_provinces: Database) -> None:
    found = Totals(two_provinces.conn, Scope()).standings(DAY, NOW_MS, LIVE_MS)
    assert found == {code: expected(two_provinces, code) for code in ("01", "48")}
    nation = sum_standings(found.values())
    assert (nation.sites, nation.reporting, nation.never) == (13, 12, 1)
    assert {nation.live, nation.delayed, nation.offline}.isdisjoint({0})
    assert nation.waiting > 0


def test_without_a_day_every_site_that_was_ever_heard_counts(two_provinces: Database) -> None:
    reader = Reader(two_provinces.conn, Scope())
    totals = Totals(two_provinces.conn, Scope())
    moment = Moment(NOW_MS, LIVE_MS)
    for where, sites in (
        (Where(), 13),
        (Where(province="01"), 7),
        (Where(unit="01-00002"), 1),
        (Where(site="48-00003-01"), 1),
        (Where(site="01-00099-01"), 1),
        (Where(province="79"), 0),
    ):
        known = known_sites(reader, DAY, where, moment)
        standing = sum_standings(totals.standings(None, *moment, where).values())
        ever = {site.row.site for site in known if site.nodes}
        assert (standing.sites, standing.reporting, standing.waiting) == (sites, len(ever), 0)
        assert freshness.of_standing(standing) == freshness_of(known, ever)


def test_a_provinces_day_is_the_sum_of_its_sites(two_provinces: Database) -> None:
    totals = Totals(two_provinces.conn, Scope())
    for province in (None, "01", "48"):
        reader = Reader(two_provinces.conn, Scope(province))
        tally = merge(list(reader.site_days(DAY).values()))
        summed = DayTotal()
        summed.add(tally, reader.answers(DAY))
        found = totals.days(DAY, DAY, Where(province))[DAY]
        assert found == summed
        assert found.wait.n == tally.wait.n > 0
        assert found.wait.quantiles((0.5, 0.9)) == quantiles(tally.wait.bins, (0.5, 0.9))
    assert merge_totals(list(totals.by_province(DAY).values())) == totals.days(DAY, DAY)[DAY]
    assert totals.days("2026-11-21", "2026-12-31") == {}


def test_a_scope_is_never_left(two_provinces: Database) -> None:
    hanoi = Totals(two_provinces.conn, Scope("01"))
    unit = Totals(two_provinces.conn, Scope("01", "01-00002"))
    nation = Totals(two_provinces.conn, Scope())
    assert hanoi.days(DAY, DAY) == nation.days(DAY, DAY, Where("01"))
    assert hanoi.days(DAY, DAY, Where("48")) == {} == hanoi.days(DAY, DAY, Where(unit="48-00001"))
    assert hanoi.by_province(DAY).keys() == {"01"} == hanoi.standings(DAY, NOW_MS, LIVE_MS).keys()
    site = Reader(two_provinces.conn, Scope("01", "01-00002")).site_days(DAY)
    assert unit.days(DAY, DAY)[DAY].issued == site["01-00002-01"].issued
    assert unit.days(DAY, DAY) == nation.days(DAY, DAY, Where(unit="01-00002"))
    assert unit.by_province(DAY) == {"01": unit.days(DAY, DAY)[DAY]}
    assert unit.days(DAY, DAY, Where("48")) == {}
    assert unit.standings(DAY, NOW_MS, LIVE_MS)["01"].sites == 1


def test_events_that_come_after_their_day_restate_it(db: Database) -> None:
    made = morning(NODE, tickets=30).journal
    rows = len(made.rows)
    send(db, made, NOW_MS, (1, 40))
    totals = Totals(db.conn, Scope())
    assert totals.restatements(DAY, DAY) == []
    send(db, made, NOW_MS + NEXT_DAY_MS, (41, 50))
    send(db, made, NOW_MS + NEXT_DAY_MS + 5, (51, rows))
    late = Restatement(
        NODE[:11],
        DAY,
        "2026-11-21",
        NOW_MS + NEXT_DAY_MS,
        NOW_MS + NEXT_DAY_MS + 5,
        rows - 40,
    )
    assert totals.restatements(DAY, DAY) == [late]
    assert Totals(db.conn, Scope("48")).restatements(DAY, DAY) == []
    assert totals.restatements(DAY, DAY, Where(site="48-20194-01")) == []
    Folder(SqlRollupStore(db)).rebuild()
    assert totals.restatements(DAY, DAY) == [late]


def test_the_four_figures_of_data_quality(two_provinces: Database) -> None:
    reader = Reader(two_provinces.conn, Scope())
    site = "01-00002-01"
    bad = Received(up(f"{site}-h1", "events"), b"?", NOW_MS)
    Intake(SqlIngestStore(two_provinces)).commit([bad])
    found = shares(reader.nodes(Where(site=site)), NOW_MS, LIVE_MS)
    assert (found.right, found.complete, found.clean) == (0.5, 1.0, 1.0)
    gap = shares(reader.nodes(Where(site="01-00001-01")), NOW_MS, LIVE_MS)
    assert gap.complete is not None
    assert 0 < gap.complete < 1
    alive = shares(reader.nodes(), NOW_MS, LIVE_MS).alive
    live = sum_standings(
        Totals(two_provinces.conn, Scope()).standings(DAY, NOW_MS, LIVE_MS).values()
    )
    assert alive == round(live.live / 12, 4)
    assert shares([], NOW_MS, LIVE_MS) == Shares(None, None, None, None)
