"""Units and the days of their names: read, compared, put into force, and asked for as of a day."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from central.access.accounts import AccountError, create_token
from central.access.audit import first_broken
from central.registry.dated_names import DatedNames
from central.registry.lists import ListError
from central.registry.published_names import compare_units, publish_units, units_of
from central.registry.register import register
from central.registry.sites import parse_sites
from central.registry.units import parse_units, shipped_units
from central.store.access import AccessStore
from central.store.connection import Database
from central.store.database import database_of, open_for_writing
from tests.central.journal import DAY, MORNING_MS
from tests.central.nation import OTHER_SITE, SITE, Nation, answer, nation

HEAD = "code,name,valid_from,valid_to"
TODAY = date(2026, 11, 20)
FIRST = date(2025, 7, 1)
SHIPPED = [
    f"{unit.code},{unit.name},{unit.valid_from},{unit.valid_to or ''}"
    for unit in shipped_units().all
]
HONG_HA, BA_DINH = "01-00097", "01-00004"


def edited(*changed: str) -> DatedNames:
    """The shipped list, with these lines in place of those of their codes."""
    codes = {line[:8] for line in changed}
    kept = [line for line in SHIPPED if line[:8] not in codes]
    return parse_units([HEAD, *kept, *changed])


def put(db: Database, *changed: str, keep_sites: bool = False) -> None:
    publish_units(db, edited(*changed), who="x", now_ms=7, keep_sites=keep_sites)


# --- the shipped list, and names by day -------------------------------------------------------


def test_all_3321_are_in_force_since_the_first_of_july() -> None:
    units = shipped_units()
    assert len(units.in_force(FIRST)) == len(units.in_force(TODAY)) == 3321
    assert units.in_force(date(2025, 6, 30)) == []
    assert {unit.valid_from for unit in units.all} == {FIRST}
    kinds = [unit.name.split()[0] for unit in units.all]
    assert [kinds.count(kind) for kind in ("Phường", "Xã", "Đặc")] == [687, 2621, 13]


def test_a_name_is_that_of_its_day() -> None:
    units = parse_units(
        [
            HEAD,
            f"{HONG_HA},Phường Hồng Hà,2025-07-01,2026-12-31",
            f"{HONG_HA},Phường Sông Hồng,2027-01-01,2027-06-30",
        ]
    )
    by_day = {
        "2025-06-30": "Phường Hồng Hà",
        "2026-12-31": "Phường Hồng Hà",
        "2027-01-01": "Phường Sông Hồng",
        "2027-07-01": "Phường Sông Hồng",
    }
    assert {day: units.name(HONG_HA, date.fromisoformat(day)) for day in by_day} == by_day
    assert units.in_force(date(2027, 7, 1)) == []
    assert units.name("99-00001", TODAY) == "99-00001"
    assert (HONG_HA in units, "99-00001" in units) == (True, False)


# --- reading ----------------------------------------------------------------------------------


def test_every_fault_of_a_list_is_named_with_its_line() -> None:
    lines = [
        HEAD,
        f"{HONG_HA},Phường Hồng Hà,2025-07-01,",
        "97,Mã lạ,2025-07-01,",
        "01-00001,,2025-07-01,",
        "01-00002,Không có ngày,,",
        "01-00003,Ngày lạ,2025-7-1,",
        "01-00005,Ngược,2025-07-01,2025-06-30",
    ]
    with pytest.raises(ListError) as raised:
        parse_units(lines)
    faults = str(raised.value).splitlines()[1:]
    assert [fault.split(":")[0] for fault in faults] == [f"line {n}" for n in range(3, 8)]


@pytest.mark.parametrize(
    ("last", "first", "what"),
    [
        ("", "2027-01-01", "two lines for the same day"),
        ("2027-01-01", "2027-01-01", "two lines for the same day"),
        ("2026-12-30", "2027-01-01", "ends on 2026-12-30 and goes on only on 2027-01-01"),
    ],
)
def test_the_days_of_a_code_neither_overlap_nor_have_gaps(last: str, first: str, what: str) -> None:
    lines = [HEAD, f"{HONG_HA},Cũ,2025-07-01,{last}", f"{HONG_HA},Mới,{first},"]
    with pytest.raises(ListError, match=what):
        parse_units(lines)


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(ListError, match="no line"):
        parse_units([HEAD])


# --- putting a list into force ----------------------------------------------------------------


def test_until_one_is_imported_the_shipped_list_is_in_force(each_db: Database) -> None:
    assert units_of(each_db.conn) is shipped_units()


def test_an_import_says_what_opens_ends_and_is_renamed(each_db: Database) -> None:
    new = edited(
        f"{HONG_HA},Phường Hồng Hà,2025-07-01,2026-12-31",
        f"{HONG_HA},Phường Sông Hồng,2027-01-01,",
        f"{BA_DINH},Phường Ba Đình,2025-07-01,2026-12-31",
        "01-99999,Phường Mới,2027-01-01,",
    )
    changes = compare_units(each_db.conn, new, keep_sites=False)
    assert units_of(each_db.conn) is shipped_units()
    done = publish_units(each_db, new, who="Nguyễn An", now_ms=7, keep_sites=False)
    assert done == changes
    assert [unit.code for unit in changes.opened] == ["01-99999"]
    assert [(unit.code, unit.valid_to) for unit in changes.ended] == [(BA_DINH, date(2026, 12, 31))]
    assert [unit.name for unit in changes.renamed] == ["Phường Sông Hồng"]
    assert changes.unchanged == 3319
    found = units_of(each_db.conn)
    assert found.all == new.all
    assert len(found.in_force(date(2026, 12, 31))) == 3321
    assert len(found.in_force(date(2027, 1, 1))) == 3321
    [(line, _)] = AccessStore(each_db.conn).audit(0, 10)
    assert (line.who, line.subject) == (
        "Nguyễn An",
        "edition 1: 1 opened, 1 ended, 1 renamed",
    )
    assert first_broken(each_db.conn) is None


def test_the_same_again_is_no_edition(each_db: Database) -> None:
    put(each_db)
    assert units_of(each_db.conn) is shipped_units()


def test_a_unit_that_is_no_more_stays_in_the_list(each_db: Database) -> None:
    without = DatedNames(unit for unit in shipped_units().all if unit.code != HONG_HA)
    with pytest.raises(ListError, match=f"{HONG_HA} is missing"):
        publish_units(each_db, without, who="x", now_ms=7, keep_sites=True)
    assert units_of(each_db.conn) is shipped_units()


def test_a_unit_of_no_province_is_refused(each_db: Database) -> None:
    with pytest.raises(ListError, match="99-00001: there is no province 99"):
        put(each_db, "99-00001,Xã lạ,2025-07-01,")


def test_sites_left_in_a_unit_that_ends_are_named(each_db: Database) -> None:
    sites = ["site,name,type,national_code", f"{SITE},Trung tâm Hồng Hà,centre,"]
    register(each_db, parse_sites(sites), who="x", now_ms=MORNING_MS)
    over = f"{HONG_HA},Phường Hồng Hà,2025-07-01,2026-12-31"
    with pytest.raises(ListError, match=rf"site {SITE} \(Trung tâm Hồng Hà\) is still in"):
        put(each_db, over)
    assert units_of(each_db.conn) is shipped_units()
    put(each_db, over, keep_sites=True)
    assert units_of(each_db.conn).name(HONG_HA, date(2027, 1, 1)) == "Phường Hồng Hà"
    put(each_db, over, f"{BA_DINH},Phường Ba Đình mới,2025-07-01,")  # says nothing of it again


def test_an_account_is_made_for_a_unit_of_the_list_in_force(each_db: Database) -> None:
    with pytest.raises(AccountError):
        create_token(each_db, "mới", "unit", "01", 7, unit="01-99999", who="operator")
    put(each_db, "01-99999,Phường Mới,2027-01-01,")
    assert create_token(each_db, "mới", "unit", "01", 7, unit="01-99999", who="operator")


# --- over HTTP --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def renamed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nation]:
    """A nation in which Hồng Hà got its name on the last day of figures."""
    folder: Path = tmp_path_factory.mktemp("renamed")
    with closing(open_for_writing(database_of(folder))) as db:
        put(
            db,
            f"{HONG_HA},Phường Cũ,2025-07-01,2026-11-19",
            f"{HONG_HA},Phường Hồng Hà,2026-11-20,",
            "01-99999,Phường Mới,2027-01-01,",
        )
    with nation(folder) as running:
        yield running


def test_figures_of_a_past_day_keep_the_name_of_that_day(renamed: Nation) -> None:
    with renamed.client("national") as client:
        for day, name in (("2026-11-19", "Phường Cũ"), (DAY, "Phường Hồng Hà")):
            units = answer(client, f"/units?province=01&day={day}")["units"]
            assert {unit["code"]: unit["name"] for unit in units}[HONG_HA] == name
            places = answer(client, f"/ranking?of=units&from={day}&to={day}")["places"]
            assert {place["code"]: place["name"] for place in places}[HONG_HA] == name
        days = "from=2026-11-19&to=2026-11-19"
        client.get(f"/api/v1/exports/days.csv?unit={HONG_HA}&{days}").raise_for_status()
    with renamed.client("auditor") as client:
        exported = answer(client, "/audit?limit=500")["lines"][-1]
    assert "Phường Cũ" in exported["subject"]


def test_the_list_is_asked_as_of_a_day(renamed: Nation) -> None:
    with renamed.client("national") as client:
        past = answer(client, "/registry/units?on=2026-11-19&limit=500")
        assert (past["total"], past["next_offset"], len(past["units"])) == (3321, 500, 500)
        names = {unit["code"]: unit["name"] for unit in past["units"]}
        assert names[HONG_HA] == "Phường Cũ"
        assert answer(client, "/registry/units?on=2027-01-01")["total"] == 3322
        assert answer(client, "/registry/units?on=2025-06-30")["total"] == 0
        hanoi = answer(client, "/registry/units?province=01")
        assert (hanoi["day"], hanoi["total"]) == (DAY, 126)


@pytest.mark.parametrize(("who", "total"), [("danang", 94), ("hongha", 1)])
def test_of_the_list_everybody_sees_their_scope(renamed: Nation, who: str, total: int) -> None:
    with renamed.client(who) as client:
        found = answer(client, "/registry/units?limit=500")
    assert found["total"] == total
    assert {unit["code"][:2] for unit in found["units"]} == {"48" if who == "danang" else "01"}
    assert who != "danang" or OTHER_SITE[:8] in {unit["code"] for unit in found["units"]}
