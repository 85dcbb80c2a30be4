"""Provinces and the days of their names: read, put into force, and asked for as of a day."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from central.access.accounts import AccountError, create_token
from central.access.audit import first_broken
from central.ingest.intake import Intake, Received
from central.registry.dated_names import DatedName, DatedNames
from central.registry.lists import ListError
from central.registry.provinces import parse_provinces, shipped_provinces
from central.registry.published_names import (
    compare_provinces,
    provinces_of,
    publish_provinces,
    publish_units,
)
from central.registry.register import compare, register
from central.registry.sites import parse_sites
from central.registry.units import shipped_units
from central.rollup.folder import Folder
from central.store.access import AccessStore
from central.store.connection import Database
from central.store.database import database_of, open_for_writing
from central.store.ingest import SqlIngestStore
from central.store.rollup import SqlRollupStore
from tests.central.busy_day import morning
from tests.central.journal import DAY, MORNING_MS
from tests.central.nation import NOW_MS, Nation, answer, nation

HEAD = "code,name,valid_from,valid_to"
SHIPPED = [f"{one.code},{one.name},{one.valid_from}," for one in shipped_provinces().all]
NEW = "02,Tỉnh Mới,2026-11-20,"
SITE_OF_NEW = ["site,name,type,national_code", "02-00001-01,Trung tâm Mới,centre,"]


def edited(*changed: str) -> DatedNames:
    """The shipped list, with these lines in place of those of their codes."""
    codes = {line[:2] for line in changed}
    return parse_provinces([HEAD, *(line for line in SHIPPED if line[:2] not in codes), *changed])


def put(db: Database, *changed: str) -> None:
    publish_provinces(db, edited(*changed), who="Nguyễn An", now_ms=7)


def put_unit_of_new(db: Database) -> None:
    unit = DatedName("02-00001", "Xã Mới", date.fromisoformat(DAY))
    units = DatedNames(sorted([*shipped_units().all, unit], key=lambda one: one.code))
    publish_units(db, units, who="Nguyễn An", now_ms=7, keep_sites=False)


def test_every_fault_of_a_list_is_named_with_its_line() -> None:
    lines = [HEAD, SHIPPED[0], "1,Mã lạ,2025-07-01,", "02,,2025-07-01,", "03,Không có ngày,,"]
    with pytest.raises(ListError) as raised:
        parse_provinces(lines)
    faults = str(raised.value).splitlines()[1:]
    assert [fault.split(":")[0] for fault in faults] == ["line 3", "line 4", "line 5"]


def test_until_one_is_imported_the_shipped_list_is_in_force(each_db: Database) -> None:
    assert provinces_of(each_db.conn) is shipped_provinces()
    compare_provinces(each_db.conn, edited(NEW))
    assert provinces_of(each_db.conn) is shipped_provinces()


def test_an_imported_list_is_in_force_and_in_the_audit_log(each_db: Database) -> None:
    put(each_db, NEW)
    assert provinces_of(each_db.conn).all == edited(NEW).all
    [(line, _)] = AccessStore(each_db.conn).audit(0, 10)
    assert (line.who, line.action) == ("Nguyễn An", "provinces-imported")
    assert line.subject == "edition 1: 1 opened, 0 ended, 0 renamed"
    assert first_broken(each_db.conn) is None


def test_a_province_that_is_no_more_stays_in_the_list(each_db: Database) -> None:
    with pytest.raises(ListError, match="01 is missing"):
        publish_provinces(each_db, parse_provinces([HEAD, *SHIPPED[1:]]), who="x", now_ms=7)
    assert provinces_of(each_db.conn) is shipped_provinces()


def test_a_province_ends_after_its_units(each_db: Database) -> None:
    over = "96,Tỉnh Cà Mau,2025-07-01,2026-12-31"
    with pytest.raises(ListError, match=r"96-\d+ goes on when province 96 ends, on 2026-12-31"):
        put(each_db, over)
    assert provinces_of(each_db.conn) is shipped_provinces()
    ended = [
        type(unit)(unit.code, unit.name, unit.valid_from, date(2026, 12, 31))
        if unit.code.startswith("96")
        else unit
        for unit in shipped_units().all
    ]
    publish_units(each_db, DatedNames(ended), who="x", now_ms=7, keep_sites=False)
    put(each_db, over)
    assert len(provinces_of(each_db.conn).in_force(date(2027, 1, 1))) == 33
    with pytest.raises(ListError, match="goes on when province 96 ends"):
        publish_units(each_db, shipped_units(), who="x", now_ms=7, keep_sites=False)


def test_sites_and_accounts_are_made_in_provinces_of_the_list(each_db: Database) -> None:
    sites = parse_sites(SITE_OF_NEW)
    with pytest.raises(ListError, match="02-00001-01: there is no province 02"):
        register(each_db, sites, who="x", now_ms=MORNING_MS)
    with pytest.raises(AccountError):
        create_token(each_db, "mới", "province", "02", 7, who="operator")
    put(each_db, NEW)
    with pytest.raises(ListError, match="02-00001-01: there is no unit 02-00001"):
        register(each_db, sites, who="x", now_ms=MORNING_MS)
    put_unit_of_new(each_db)
    assert compare(each_db, sites, DAY).new == ("02-00001-01",)
    register(each_db, sites, who="x", now_ms=MORNING_MS)
    assert create_token(each_db, "mới", "province", "02", 7, who="operator")


# --- over HTTP --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def renamed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nation]:
    """A nation in which Đà Nẵng got its name, and a province with a site came to be, on the last
    day of figures."""
    folder: Path = tmp_path_factory.mktemp("renamed")
    with closing(open_for_writing(database_of(folder))) as db:
        put(
            db,
            NEW,
            "48,Thành phố Cũ,2025-07-01,2026-11-19",
            "48,Thành phố Đà Nẵng,2026-11-20,",
        )
        put_unit_of_new(db)
        register(db, parse_sites(SITE_OF_NEW), who="x", now_ms=MORNING_MS)
    with nation(folder) as running:
        yield running


def test_figures_of_a_past_day_keep_the_name_of_that_day(renamed: Nation) -> None:
    with renamed.client("national") as client:
        for day, name, count in (
            ("2026-11-19", "Thành phố Cũ", 35),
            (DAY, "Thành phố Đà Nẵng", 35),
        ):
            parts = answer(client, f"/provinces?day={day}")["provinces"]
            assert {part["code"]: part["name"] for part in parts}["48"] == name
            assert len(parts) == count
            assert answer(client, f"/provinces/48/sites?day={day}")["name"] == name
            places = answer(client, f"/ranking?of=provinces&from={day}&to={day}")["places"]
            assert {place["code"]: place["name"] for place in places}["48"] == name
            days = f"from={day}&to={day}&province=48"
            exported = client.get(f"/api/v1/exports/sites.csv?{days}").raise_for_status()
            assert name in exported.text


def test_a_province_newer_than_the_grid_has_a_tile_beside_it(renamed: Nation) -> None:
    with renamed.client(None) as client:
        client.post("/sign-in", data={"token": renamed.tokens["national"]})
        page = client.get("/").raise_for_status().text
    grid, _, beside = page.partition('<ul class="tiles new">')
    assert 'id="tile-01"' in grid
    assert 'id="tile-02"' not in grid
    assert 'id="tile-02"' in beside
    assert page.count('class="tiles new"') == 1


def test_the_list_is_asked_as_of_a_day(renamed: Nation) -> None:
    with renamed.client("national") as client:
        first = answer(client, "/registry/provinces?on=2026-11-19&limit=30")
        rest = answer(client, "/registry/provinces?on=2026-11-19&limit=30&offset=30")
        assert (first["total"], first["next_offset"], rest["next_offset"]) == (34, 30, None)
        past = {one["code"]: one for one in first["provinces"] + rest["provinces"]}
        assert len(past) == 34
        assert past["48"] == {
            "code": "48",
            "name": "Thành phố Cũ",
            "valid_from": "2025-07-01",
            "valid_to": "2026-11-19",
        }
        today = answer(client, "/registry/provinces")
        assert (today["day"], today["total"]) == (DAY, 35)
        assert answer(client, "/registry/provinces?on=2025-06-30")["total"] == 0
        tag = client.get("/api/v1/registry/provinces").headers["etag"]
        again = client.get("/api/v1/registry/provinces", headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(("who", "code"), [("danang", "48"), ("hongha", "01")])
def test_of_the_list_everybody_sees_their_scope(renamed: Nation, who: str, code: str) -> None:
    with renamed.client(who) as client:
        found = answer(client, "/registry/provinces")
    assert [one["code"] for one in found["provinces"]] == [code]


@pytest.mark.parametrize(
    ("language", "named", "tile"),
    [
        ("vi", "Mã 99 (chưa có trong danh mục)", "<span>Mã 99</span>"),
        ("en", "Code 99 (in no list)", "<span>Code 99</span>"),
    ],
)
def test_a_province_that_no_list_has_is_shown_by_its_code(
    tmp_path: Path, language: str, named: str, tile: str
) -> None:
    journal = morning("99-00001-01-h1", tickets=12, seed=9).journal
    with nation(tmp_path) as running, running.client("national") as client:
        with closing(open_for_writing(database_of(tmp_path))) as db:
            received = Received(journal.events_topic, journal.all(), NOW_MS)
            Intake(SqlIngestStore(db)).commit([received])
            Folder(SqlRollupStore(db)).rebuild()
        client.post("/sign-in", data={"token": running.tokens["national"]})
        client.cookies.set("thutu_language", language)

        def page(path: str) -> str:
            return client.get(path).raise_for_status().text

        board = page("/")
        assert (named in board, tile in board) == (True, True)
        for path in ("/provinces/99", f"/sites/99-00001-01/days/{DAY}", "/trends?province=99"):
            assert named in page(path)
