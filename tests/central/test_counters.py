"""What the counters do now: followed, counted, and told to whoever may see it."""

from datetime import date, timedelta
from random import Random

import httpx
import pytest

from central.api.desk import Desk
from central.api.known import Moment
from central.api.models import SiteDay
from central.ingest.intake import Intake, Received
from central.registry.provinces import shipped_provinces
from central.rollup.business_day import trusted_ms
from central.rollup.counters import CounterNow, follow
from central.rollup.folder import Folder
from central.scope import Scope
from central.store.connection import Database
from central.store.database import transaction
from central.store.given_up import retire
from central.store.ingest import SqlIngestStore
from central.store.reader import CounterRow, Reader
from central.store.rollup import SqlRollupStore
from central.store.totals import Totals
from contract import commands as c
from contract import events as e
from contract.codec import decode_entry
from tests.central.journal import DAY, MORNING_MS, NODE, OTHER_NODE, Journal
from tests.central.nation import OTHER_SITE, QUIET_SITE, SITE, UNREGISTERED_SITE, Nation, answer
from tests.edge.core.life import ANYTHING, CLOCK_CHANGES, COUNTERS, LINES, MOVES, WHIMS, Life
from tests.edge.core.story import BOSS

MIN = 60_000
LIVE_MS = 180_000
NOW_MS = MORNING_MS + 60 * MIN
TODAY, TOMORROW = date.fromisoformat(DAY), date.fromisoformat(DAY) + timedelta(days=1)
OPEN, CLOSED = CounterNow("open", None, MORNING_MS), CounterNow("closed")
UNKNOWN = CounterNow("unknown")


def followed(journal: Journal) -> dict[int, CounterNow]:
    return follow({}, journal.entries, opened=False)


def day_of_two_counters() -> Journal:
    """Counter 1 is open, counter 2 rests, and nobody has been called."""
    journal = Journal()
    journal.open_day()
    journal.add(e.StaffSignedIn("lan", "1"))
    journal.add(e.CounterOpened("1", ("1",)))
    journal.add(e.CounterOpened("2", ("1",)))
    journal.add(e.CounterPaused("2", "lunch", None), 10 * MIN)
    return journal


# --- followed ---------------------------------------------------------------------------------


def test_a_counter_opens_rests_goes_on_and_closes() -> None:
    made = day_of_two_counters()
    assert followed(made) == {1: OPEN, 2: CounterNow("paused", "lunch", MORNING_MS + 10 * MIN)}
    made.add(e.CounterOpened("2", ("1",)), 20 * MIN, synced=False)
    made.add(e.CounterClosed("1", None, None), 21 * MIN)
    made.add(e.StaffSignedOut("lan", "1"), 21 * MIN)
    assert followed(made) == {
        1: CounterNow("closed", None, MORNING_MS + 21 * MIN),
        2: CounterNow("open", None, None),
    }


def test_who_sits_down_or_is_told_what_to_serve_opens_nothing() -> None:
    made = day_of_two_counters()
    made.add(e.StaffSignedIn("minh", "3"))
    made.add(e.ServicesAssigned("4", ("2",)))
    made.add(e.ServicesAssigned("1", ("2",)))
    found = followed(made)
    assert (found[1], found[3], found[4]) == (OPEN, CLOSED, CLOSED)


def test_training_opens_nothing() -> None:
    made = Journal()
    made.add(e.DayOpened(DAY, trusted=True, last_orders={}, counters=("5",)), training=True)
    made.add(e.CounterOpened("1", ("1",)), training=True)
    assert followed(made) == {}


def test_a_new_day_closes_all_counters_but_those_it_names() -> None:
    made = day_of_two_counters()
    made.add(e.CounterClosed("2", None, None), 30 * MIN)
    made.add(e.CounterOpened("3", ("1",)), 40 * MIN)
    made.add(e.DayOpened("2026-11-21", trusted=True, last_orders={}, counters=("3",)), 900 * MIN)
    assert followed(made) == {
        1: CounterNow("closed", None, MORNING_MS + 900 * MIN),
        2: CounterNow("closed", None, MORNING_MS + 30 * MIN),
        3: CounterNow("open", None, MORNING_MS + 40 * MIN),
    }


def test_what_a_former_card_told_of_is_unknown_until_the_counter_does_something() -> None:
    made = Journal(epoch="00000000000000bb")
    made.add(e.StaffSignedIn("lan", "4"))
    made.add(e.DayOpened(DAY, trusted=True, last_orders={}, counters=("1", "2", "3", "4")))
    assert followed(made) == {1: UNKNOWN, 2: UNKNOWN, 3: UNKNOWN, 4: UNKNOWN}
    made.add(e.CounterPaused("1", "lunch", None), MIN)
    made.add(e.TicketCalled("1001", "2", "1", None, None), MIN)
    assert followed(made) == {
        1: CounterNow("paused", "lunch", MORNING_MS + MIN),
        2: CounterNow("open"),
        3: UNKNOWN,
        4: UNKNOWN,
    }
    made.add(e.DayOpened("2026-11-21", trusted=True, last_orders={}), 900 * MIN)
    assert {known.state for known in followed(made).values()} == {"closed"}


def test_a_reason_is_kept_as_far_as_it_can_be() -> None:
    made = Journal()
    made.add(e.CounterPaused("1", "a\0b" + "c" * 500, None))
    assert followed(made)[1].reason == "a\ufffdb" + "c" * 197


@pytest.mark.parametrize("seed", range(40))
def test_the_centre_knows_of_random_lives_what_the_hub_knows(seed: int) -> None:
    random = Random(seed)
    life = Life(honest=seed % 2 == 0, wrong_ms=0)
    life.change_clock(random.choice(("set", "lost")), 0)
    known: dict[int, CounterNow] = {}
    seen: set[str] = set()
    done, opened, moved = 0, False, False
    for _ in range(300):
        life.pass_time(random.choice((1_000, 60_000, 60_000, 3_600_000)))
        chance = random.randrange(100)
        if chance < 3:
            life.pass_time(random.choice((0, 20 * 3_600_000)))
            life.change_clock(random.choice(CLOCK_CHANGES), -86_400_000)
        elif chance < 4 and seed % 4 == 3:
            life.move(random.choice(MOVES))
            known, done, opened, moved = {}, 0, False, True
        elif chance < 30:
            life.order(BOSS, c.IssueTicket(random.choice(LINES)))
        elif chance < 55:
            life.order(BOSS, random.choice(random.choice(ANYTHING)), training=chance < 32)
        else:
            life.work(random.choice(COUNTERS), random.choice(WHIMS), training=False)
        entries = [decode_entry(row) for row in life.rows[done:]]
        known, done = follow(known, entries, opened=opened), len(life.rows)
        opened |= any(isinstance(x.event, e.DayOpened) and not x.training for x in entries)
        if not opened:
            assert moved or not life.house.live.counters
            continue
        for id_, counter in life.house.live.counters.items():
            said = known.get(int(id_), CLOSED)
            seen.add(said.state)
            assert said.state == counter.phase or (moved and said == UNKNOWN)
            assert said.reason == counter.pause_reason or said == UNKNOWN
            if said.state == "paused":
                assert said.since_ms == trusted_ms(counter.since)
    assert moved or {"open", "closed"} <= seen


# --- stored and counted -----------------------------------------------------------------------


class Centre:
    """What hubs send, and what is said of the site of NODE."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.sent: dict[str, int] = {}

    def take(self, *journals: Journal, now_ms: int = NOW_MS) -> None:
        """What is new in these journals, and a status that announces it."""
        intake, folder = Intake(SqlIngestStore(self.db)), Folder(SqlRollupStore(self.db))
        for journal in journals:
            batch = journal.batch(self.sent.get(journal.epoch, 0) + 1, len(journal.rows))
            self.sent[journal.epoch] = len(journal.rows)
            status = journal.status(wall_ms=now_ms)
            intake.commit([Received(journal.events_topic, batch, now_ms)])
            intake.commit([Received(journal.status_topic, status, now_ms)])
        while folder.step():
            pass

    def site(self, day: date = TODAY, now_ms: int = NOW_MS) -> SiteDay:
        """The site, by an answer in which the province and the nation say the same."""
        reader, totals = Reader(self.db.conn, Scope()), Totals(self.db.conn, Scope())
        desk = Desk(reader, totals, Moment(now_ms, LIVE_MS), shipped_provinces())
        found = desk.site_day(NODE[:11], day, "vi")
        assert found is not None
        assert desk.province("01", day).now == found.site.now == desk.overview(day).now
        return found

    def counted(self, now_ms: int = NOW_MS) -> tuple[int | None, int | None, int | None]:
        """How many counters are open and paused, and whether the site is unattended."""
        now = self.site(now_ms=now_ms).site.now
        return now.counters_open, now.counters_paused, now.unattended

    def states(self) -> dict[tuple[str, int], str]:
        """What the site's page says of each counter."""
        shown = self.site().counters_now
        assert shown is not None
        return {(one.node[-2:], one.counter): one.state.value for one in shown}


@pytest.fixture
def centre(each_db: Database) -> Centre:
    return Centre(each_db)


def test_the_site_is_told_of_with_counters_that_have_called_nobody(centre: Centre) -> None:
    centre.take(day_of_two_counters())
    assert centre.counted() == (1, 1, 0)
    shown = centre.site()
    assert shown.counters == []
    assert [one.model_dump(mode="json") for one in shown.counters_now or []] == [
        {
            "node": NODE,
            "counter": 1,
            "state": "open",
            "since": "2026-11-20T07:30:00+07:00",
            "pause_reason": None,
        },
        {
            "node": NODE,
            "counter": 2,
            "state": "paused",
            "since": "2026-11-20T07:40:00+07:00",
            "pause_reason": "lunch",
        },
    ]


def test_a_silent_site_or_another_day_is_unknown_and_never_closed(centre: Centre) -> None:
    centre.take(day_of_two_counters())
    for day, now_ms in (
        (TODAY - timedelta(days=1), NOW_MS),
        (TODAY, NOW_MS + LIVE_MS + 1),
        (TOMORROW, NOW_MS + 1440 * MIN),
    ):
        shown = centre.site(day, now_ms)
        assert shown.counters_now is None
        assert (shown.site.now.counters_open, shown.site.now.unattended) == (None, None)


def test_who_waits_where_no_counter_is_open_is_counted(centre: Centre) -> None:
    made = day_of_two_counters()
    made.add(e.TicketIssued("1001", ("1",)), 20 * MIN)
    centre.take(made)
    assert centre.counted() == (1, 1, 0)
    made.add(e.CounterClosed("1", None, None), 21 * MIN)
    centre.take(made)
    assert centre.counted() == (0, 1, 1)
    made.add(e.CounterOpened("2", ("1",)), 30 * MIN)
    centre.take(made)
    assert centre.counted() == (1, 0, 0)


def test_a_new_card_leaves_open_what_nobody_knows(centre: Centre) -> None:
    new = Journal(epoch="00000000000000bb")
    new.add(e.DayOpened(DAY, trusted=True, last_orders={}, counters=("1", "2")), 30 * MIN)
    new.add(e.TicketIssued("1001", ("1",)), 31 * MIN)
    centre.take(day_of_two_counters(), new)
    assert centre.states() == {("h1", 1): "unknown", ("h1", 2): "unknown"}
    assert centre.counted() == (None, None, None)
    new.add(e.TicketCalled("1001", "1", "1", None, None), 32 * MIN)
    centre.take(new)
    assert centre.counted() == (None, None, None)
    new.add(e.CounterOpened("2", ("1",)), 33 * MIN)
    centre.take(new)
    assert centre.counted() == (2, 0, 0)


def test_two_hubs_have_counters_of_their_own_until_one_is_retired(centre: Centre) -> None:
    other = Journal(f"{NODE[:11]}-h2", epoch="00000000000000b1")
    other.open_day()
    other.add(e.CounterOpened("1", ("1",)))
    centre.take(day_of_two_counters(), other)
    assert centre.counted() == (2, 1, 0)
    assert centre.states() == {("h1", 1): "open", ("h1", 2): "paused", ("h2", 1): "open"}
    with transaction(centre.db.conn):
        assert retire(centre.db.conn, NODE, NOW_MS)
    assert centre.counted() == (1, 0, 0)
    assert centre.states() == {("h2", 1): "open"}


def test_rebuilding_gives_the_same_however_the_rows_came(centre: Centre) -> None:
    made = Journal()
    made.add(e.DayOpened(DAY, trusted=True, last_orders={}, counters=("7", "8")))
    centre.take(made)
    for event in (
        e.TicketIssued("1001", ("1",)),
        e.TicketCalled("1001", "7", "1", None, None),
        e.CounterOpened("1", ("1",)),
        e.ServiceStarted("1001", "7", "1", None),
        e.CounterPaused("1", "meeting", None),
        e.CounterClosed("8", None, None),
    ):
        made.add(event, MIN)
        centre.take(made)
    columns = "counters_open, counters_paused FROM journals"
    reader = Reader(centre.db.conn, Scope())
    grown = reader.counters_now(NODE[:11]), centre.db.execute(f"SELECT {columns}").fetchall()
    assert grown[1] == [(1, 1)]
    Folder(SqlRollupStore(centre.db)).rebuild()
    again = reader.counters_now(NODE[:11]), centre.db.execute(f"SELECT {columns}").fetchall()
    assert again == grown


def test_counters_are_read_within_the_scope(centre: Centre) -> None:
    other = Journal(OTHER_NODE, epoch="00000000000000c1")
    other.open_day()
    other.add(e.CounterOpened("9", ("1",)))
    centre.take(day_of_two_counters(), other)
    assert Reader(centre.db.conn, Scope("01")).counters_now(OTHER_NODE[:11]) == []
    (row,) = Reader(centre.db.conn, Scope("48")).counters_now(OTHER_NODE[:11])
    assert row == CounterRow(OTHER_NODE, 9, "open", None, MORNING_MS)


def test_where_nothing_of_a_counter_is_said_the_store_is_not_asked(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = day_of_two_counters()
    centre.take(made)
    asked: list[int] = []
    real = SqlRollupStore.counters

    def counters(store: SqlRollupStore, journal: int) -> dict[int, CounterNow]:
        asked.append(journal)
        return real(store, journal)

    monkeypatch.setattr(SqlRollupStore, "counters", counters)
    made.add(e.TicketIssued("1001", ("1",)), 30 * MIN)
    made.add(e.TicketCalled("1001", "1", "1", None, None), 31 * MIN)
    centre.take(made)
    assert asked == []
    made.add(e.CounterClosed("2", None, None), 32 * MIN)
    centre.take(made)
    assert len(asked) == 1


# --- told -------------------------------------------------------------------------------------


def test_the_api_tells_of_counters_where_it_tells_who_waits(
    served: Nation, national: httpx.Client
) -> None:
    day = answer(national, f"/sites/{SITE}/days/{DAY}")
    assert [(one["counter"], one["state"]) for one in day["counters_now"]] == [
        (1, "open"),
        (2, "open"),
        (3, "open"),
        (4, "paused"),
    ]
    assert day["counters_now"][3]["pause_reason"] == "lunch"
    assert {one["counter"] for one in day["counters"]} == {1, 2, 3}
    for site in (OTHER_SITE, UNREGISTERED_SITE, QUIET_SITE):
        assert answer(national, f"/sites/{site}/days/{DAY}")["counters_now"] is None
    assert answer(national, f"/sites/{SITE}/days/2026-11-19")["counters_now"] is None
    sites = {one["site"]: one["now"] for one in answer(national, "/provinces/01/sites")["sites"]}
    assert (sites[SITE]["counters_open"], sites[SITE]["counters_paused"]) == (3, 1)
    assert sites[UNREGISTERED_SITE]["counters_open"] is None
    with served.client("danang") as client:
        assert client.get(f"/api/v1/sites/{SITE}/days/{DAY}").status_code == 404
        assert answer(client, "/overview")["now"]["counters_open"] is None


@pytest.mark.parametrize("of", ["sites", "units", "provinces"])
def test_a_ranking_of_now_says_how_many_counters_are_open(national: httpx.Client, of: str) -> None:
    now = answer(national, f"/ranking?of={of}&by=longest&when=now")["places"]
    assert (now[0]["counters_open"], now[0]["counters_paused"]) == (3, 1)
    assert {place["counters_open"] for place in now[1:]} == {None}
    before = answer(national, f"/ranking?of={of}&by=longest&when=period")["places"]
    assert {place["counters_open"] for place in before} == {None}
