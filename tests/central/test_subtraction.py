"""Somebody with accounts reads everything after every press of a button, and subtracts.

Two centres are asked. In the second, citizens gave the same answers in another order within each
batch of five, and those that still wait are other answers altogether. Who cannot tell the two
apart, whatever they compare, can find out of no citizen what they said.
"""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from central.access.accounts import create_token
from central.access.permissions import Permission
from central.api.app import create_api
from central.api.entrance import Entrance
from central.ingest.intake import Intake, Received
from central.rollup import answer_batches
from central.rollup.folder import Folder
from central.settings import AccessSettings
from central.store.connection import Database
from central.store.database import Location, database_of, open_for_writing
from central.store.ingest import SqlIngestStore
from central.store.rollup import SqlRollupStore
from contract import events as e
from contract.stamp import MS_PER_DAY, Span
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from tests.central.journal import DAY, Journal
from tests.central.nation import NOW_MS, WHO, StandingClock
from tests.central.test_access_matrix import NEEDS, addresses, ask

SITES = ("01-00097-01", "01-00097-02", "48-20194-01")
LEVELS = {SITES[0]: 4, SITES[1]: 4, SITES[2]: 5}
DAYS = [(date.fromisoformat(DAY) - timedelta(days=back)).isoformat() for back in (2, 1, 0)]
PERIODS = (f"from={DAYS[0]}&to={DAYS[2]}", f"from={DAYS[1]}&to={DAYS[2]}")
PLACES = ("", "province=01", "unit=01-00097", *(f"site={site}" for site in SITES))
ANSWERS = (
    *(f"/overview?day={day}" for day in DAYS),
    *(f"/ratings?{period}&{place}" for period in PERIODS for place in PLACES),
    *(f"/sites/{SITES[0]}/days/{day}" for day in DAYS),
    *(f"/sites/{site}/days/{DAY}" for site in SITES[1:]),
    *(f"/exports/sites.csv?{period}" for period in PERIODS),
)
"""Where answers are told: of all places and overlapping periods."""
NARROWER = (f"/overview?day={DAY}", f"/ratings?{PERIODS[0]}")
THE_REST = (
    *(
        addresses(path, SITES[0])[0]
        for path, needed in NEEDS.items()
        if needed in (Permission.FIGURES, Permission.MACHINES)
    ),
    *(f"/exports/{table}.xlsx" for table in ("sites", "days")),
    "/trends/month",
)
"""Every operation but those for whoever may read single events anyway."""
READERS = {"national": ANSWERS, "hanoi": NARROWER, "hongha": NARROWER}


class Press(NamedTuple):
    """A citizen rates a service at a site, `later` days after the last who did so there."""

    site: str
    service: str
    counter: str
    level: int
    later: int


def many_of_a_kind(kind: tuple[str, str]) -> st.SearchStrategy[list[Press]]:
    """Citizens at one site and for one service, enough of them for a batch or nearly so."""
    site, service = kind
    press = st.builds(
        Press,
        st.just(site),
        st.just(service),
        st.sampled_from("12"),
        st.integers(1, LEVELS[site]),
        st.sampled_from([0, 0, 0, 0, 1]),
    )
    return st.lists(press, min_size=3, max_size=7)


kinds = st.tuples(st.sampled_from(SITES), st.sampled_from("12"))
presses = (
    st.lists(kinds.flatmap(many_of_a_kind), min_size=2, max_size=2)
    .map(lambda groups: [press for group in groups for press in group])
    .flatmap(st.permutations)
)


def of_levels(*levels: int) -> list[Press]:
    """Citizens of one service at one site on one day."""
    return [Press(SITES[0], "1", "1", level, 0) for level in levels]


class Centre:
    """A centre, and what its readers find there. Each site has so many answers of every level that
    none is hidden."""

    def __init__(self, db: Database, clients: dict[str, httpx.Client]) -> None:
        self._intake = Intake(SqlIngestStore(db))
        self._folder = Folder(SqlRollupStore(db))
        self._clients = clients
        self._journals = {site: Journal(f"{site}-h1") for site in SITES}
        self._day = dict.fromkeys(SITES, 0)
        for site, journal in self._journals.items():
            journal.open_day(DAYS[0])
            for level in range(1, LEVELS[site] + 1):
                for service in "12":
                    for _ in range(5):
                        journal.add(
                            e.RatingGiven("1", service, level, LEVELS[site]), -2 * MS_PER_DAY
                        )
            self._send(journal, 1)

    def press(self, press: Press) -> None:
        """A service ends, its citizen answers, and the centre hears of both."""
        journal = self._journals[press.site]
        first, day_before = len(journal.rows) + 1, self._day[press.site]
        day = self._day[press.site] = min(day_before + press.later, len(DAYS) - 1)
        if day != day_before:
            journal.open_day(DAYS[day])
        at_ms = (day - len(DAYS) + 1) * MS_PER_DAY + first * 1_000
        service, counter, levels = press.service, press.counter, LEVELS[press.site]
        spent = Span(60_000)
        journal.add(e.ServiceFinished("1001", counter, service, spent, spent, spent), at_ms)
        journal.add(e.RatingGiven(counter, service, press.level, levels), at_ms + 500)
        self._send(journal, first)

    def read(self) -> dict[str, str]:
        """What is told of answers, by reader and address."""
        return {
            f"{who} {path}": ask(self._clients[who], path)[1]
            for who, paths in READERS.items()
            for path in paths
        }

    def read_the_rest(self) -> dict[str, str]:
        """All that may be read without the right to single events."""
        return {path: ask(self._clients["national"], path)[1] for path in THE_REST}

    def rebuild(self) -> None:
        """All figures anew from the events."""
        self._folder.rebuild()

    def _send(self, journal: Journal, first: int) -> None:
        rows = journal.batch(first, len(journal.rows))
        self._intake.commit([Received(journal.events_topic, rows, NOW_MS)])
        self._folder.step()


@contextmanager
def centre(database: Location) -> Iterator[Centre]:
    """A centre whose clock stands at 10:42 of the last day."""
    with ExitStack() as stack:
        db = stack.enter_context(closing(open_for_writing(database)))
        access = AccessSettings(requests_per_minute=1_000_000)
        entrance = Entrance(database, StandingClock(), live_within_s=180, access=access)
        server = HttpServer(create_api(entrance, lambda: True), HttpAddress("127.0.0.1", 0))
        server.start()
        stack.callback(server.stop)
        clients = {}
        for who in READERS:
            role, province, unit = WHO[who]
            token = create_token(db, who, role, province, NOW_MS, unit=unit, who="operator")
            headers = {"Authorization": f"Bearer {token}"}
            clients[who] = stack.enter_context(
                httpx.Client(base_url=server.url, headers=headers, timeout=30)
            )
        yield Centre(db, clients)


def told_otherwise(presses: Sequence[Press]) -> list[Press]:
    """The same batches with their answers in another order; answers that wait are the opposite."""
    places: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for place, press in enumerate(presses):
        places[press.site, press.service].append(place)
    found = list(presses)
    for (site, _), own in places.items():
        whole = len(own) - len(own) % 5
        for place in own[whole:]:
            opposite = LEVELS[site] + 1 - presses[place].level
            found[place] = presses[place]._replace(level=opposite)
        for start in range(0, whole, 5):
            batch = own[start : start + 5]
            for place, other in zip(batch, batch[1:] + batch[:1], strict=True):
                found[place] = presses[place]._replace(level=presses[other].level)
    return found


def numbers_of_answers(read: dict[str, str]) -> list[int]:
    """Every number of answers in what was read, without those of single levels."""
    found: list[int] = []
    for address, text in read.items():
        if ".csv" in address:
            cells = (row.get("Số lượt đánh giá") for row in csv.DictReader(io.StringIO(text)))
            found += [int(cell) for cell in cells if cell]
        elif text.startswith("{"):
            found += _within(json.loads(text))
    return found


def _within(value: Any) -> Iterator[int]:
    if isinstance(value, dict):
        if isinstance(value.get("answers"), int) and "level" not in value:
            yield value["answers"]
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _within(one)


def attack(
    locations: tuple[Location, Location], presses: Sequence[Press], others: Sequence[Press]
) -> None:
    """Read after every press. Raises AssertionError when anything is found."""
    with centre(locations[0]) as ours, centre(locations[1]) as theirs:
        read: dict[str, str] = {}
        for press, other in zip(presses, others, strict=True):
            ours.press(press)
            theirs.press(other)
            read = ours.read()
            assert theirs.read() == read, "an answer could be told from another"
            assert all(n % 5 == 0 for n in numbers_of_answers(read)), "no whole batches"
        assert theirs.read_the_rest() == ours.read_the_rest()
        ours.rebuild()
        assert ours.read() == read, "figures that were folded anew are others"


def two_files(folder: Path) -> tuple[Location, Location]:
    """Where two databases may be."""
    return database_of(folder / "ours"), database_of(folder / "theirs")


def test_without_batches_the_attack_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_batches, "BATCH", 1)
    presses = of_levels(4)
    with pytest.raises(AssertionError, match="no whole batches"):
        attack(two_files(tmp_path), presses, presses)


def test_what_whole_batches_say_is_told(tmp_path: Path) -> None:
    """Else the attack would find nothing because there is nothing."""
    with pytest.raises(AssertionError, match="an answer could be told"):
        attack(two_files(tmp_path), of_levels(4, 4, 4, 4, 4), of_levels(4, 4, 4, 4, 3))


@settings(
    max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(presses)
def test_nobody_finds_a_single_answer_by_subtraction(
    new_location: Callable[[], Location], presses: list[Press]
) -> None:
    attack((new_location(), new_location()), presses, told_otherwise(presses))
