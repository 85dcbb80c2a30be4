"""What is told of every site over a long period is summed while it is read."""

import random
import tracemalloc
from datetime import date, timedelta

from central.api.archive import Archive
from central.api.figures import figures
from central.api.known import Moment, Period
from central.registry.places import Places
from central.registry.provinces import shipped_provinces
from central.registry.units import shipped_units
from central.rollup.bins import pack, to_bin
from central.scope import Scope
from central.store.cells import TALLY_COLUMNS, Measure, Tally, tally_to_row
from central.store.connection import Database
from central.store.database import Location, reading, transaction
from central.store.history import History
from central.store.reader import Reader
from central.store.totals import Totals
from central.store.visible import Where
from tests.central.journal import MORNING_MS

SITES, DAYS, WAITS_A_DAY = 40, 120, 250
FIRST = date(2026, 7, 1)


def test_sites_over_months_take_little_memory_and_every_wait_counts(
    each_db: Database, location: Location
) -> None:
    chance = random.Random(3)
    codes = [f"{unit.code}-01" for unit in shipped_units().all[:SITES]]
    a_day = [_day(chance) for _ in range(7)]
    with transaction(each_db.conn):
        each_db.conn.executemany(
            "INSERT INTO sites (site, code, province, registered) VALUES (?, ?, ?, 1)",
            [(number, code, code[:2]) for number, code in enumerate(codes)],
        )
        names = ("day", "site", *TALLY_COLUMNS)
        insert = (
            f"INSERT INTO site_days ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - our own names
        )
        for day in range(DAYS):
            name = (FIRST + timedelta(days=day)).isoformat()
            each_db.conn.executemany(
                insert,
                [
                    (name, site, *tally_to_row(a_day[(day + site) % len(a_day)]))
                    for site in range(SITES)
                ],
            )
    period = Period(FIRST, FIRST + timedelta(days=DAYS - 1))
    with reading(location) as conn:
        scope = Scope()
        archive = Archive(
            Reader(conn, scope),
            History(conn, scope),
            Totals(conn, scope),
            Moment(MORNING_MS, 180_000),
            Places(shipped_provinces(), shipped_units()),
        )
        tracemalloc.start()
        found = archive.sites(period, Where())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert found is not None
    assert [site.site for site in found] == sorted(codes)
    for number, code in enumerate(codes):
        [told] = [site for site in found if site.site == code]
        days = [a_day[(day + number) % len(a_day)] for day in range(DAYS)]
        assert told.figures == figures(days)
    all_bins = SITES * DAYS * WAITS_A_DAY * 2 * 2
    assert most < all_bins / 3, f"{most} of {all_bins}"


def _day(chance: random.Random) -> Tally:
    tally = Tally(issued=WAITS_A_DAY, finished=WAITS_A_DAY - 1)
    for measure in (tally.wait, tally.service):
        _measured(measure, [round(chance.lognormvariate(13, 0.7)) for _ in range(WAITS_A_DAY)])
    return tally


def _measured(measure: Measure, waits_ms: list[int]) -> None:
    measure.ms = sum(waits_ms)
    measure.bins = bytearray().join(pack(to_bin(ms)) for ms in waits_ms)
