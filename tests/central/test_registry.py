"""Provinces and the import of sites."""

import unicodedata
from datetime import date
from pathlib import Path

import pytest
from sqlite_utils import Database

from central.registry.lists import ListError
from central.registry.provinces import shipped_provinces
from central.registry.register import compare, register
from central.registry.sites import SiteRecord, SiteType, parse_sites, read_sites
from central.rollup.business_day import midnight_ms
from central.scope import Scope
from central.store.reader import Reader

HEAD = "site,name,type,national_code"


def test_there_are_34_provinces_in_nfc() -> None:
    provinces, day = shipped_provinces(), date(2026, 11, 20)
    assert len(provinces.in_force(day)) == 34
    assert all(unicodedata.is_normalized("NFC", province.name) for province in provinces.all)
    assert provinces.name("48", day) == "Thành phố Đà Nẵng"
    assert provinces.name("99", day) == "99"


def test_a_list_of_sites_is_read_and_its_names_composed(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "Trung tâm phường Hồng Hà")
    file = tmp_path / "sites.csv"
    file.write_text(f"{HEAD}\r\n01-00097-01,{decomposed},centre,H26.100\r\n", "utf-8-sig")
    assert read_sites(file) == [
        SiteRecord("01-00097-01", "Trung tâm phường Hồng Hà", SiteType.CENTRE, "H26.100")
    ]


def test_every_fault_is_named_with_its_line() -> None:
    lines = [
        HEAD,
        "01-00097-01,Hồng Hà,centre,",
        "1-97-1,Số ngắn,centre,",
        "01-00097-01,Hai lần,centre,",
        "01-00098-01,,centre,",
        "01-00099-01,Loại lạ,office,",
        "01-00100-01,Mã lạ,centre,12",
        "01-00101-01,Thiếu cột",
        "01-00102-01,Thừa,centre,,x",
        "01-00103-01,Ký\x07 hiệu,centre,",
        '01-00004-01,"Ba',
        'Đình",centre,',
    ]
    with pytest.raises(ListError) as raised:
        parse_sites(lines)
    heading, *faults = str(raised.value).splitlines()
    assert heading.endswith("nothing was stored:")
    assert [fault.split(":")[0] for fault in faults] == [
        f"line {line}" for line in (*range(3, 11), 12)
    ]


@pytest.mark.parametrize(
    "lines",
    [[], ["site,name"], [f"{HEAD},more"], [HEAD, '01-00097-01,"open,centre,']],
    ids=["empty", "too few", "too many", "quote"],
)
def test_a_list_of_another_form_is_refused(lines: list[str]) -> None:
    with pytest.raises(ListError, match="line"):
        parse_sites(lines)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ListError, match="cannot be read"):
        read_sites(tmp_path / "none.csv")
    odd = tmp_path / "odd.csv"
    odd.write_bytes(HEAD.encode() + b"\n01-00097-01,H\xe0 N\xf4i,centre,\n")
    with pytest.raises(ListError, match="UTF-8"):
        read_sites(odd)


def test_registering_says_what_changes_and_keeps_the_old_name_for_the_past(db: Database) -> None:
    first = parse_sites([HEAD, "01-00097-01,Tên cũ,centre,", "48-20194-01,Hải Châu,centre,"])
    assert compare(db, first, "2026-01-01").new == ("01-00097-01", "48-20194-01")
    assert db.execute("SELECT count(*) FROM sites").fetchone() == (0,)
    register(db, first, who="x", now_ms=midnight_ms("2026-01-01"))
    second = parse_sites([HEAD, "01-00097-01,Tên mới,point,", "48-20194-01,Hải Châu,centre,"])
    changes = register(db, second, who="x", now_ms=midnight_ms("2026-06-01"))
    assert (changes.new, changes.changed) == ((), ("01-00097-01",))
    assert changes.unchanged == ("48-20194-01",)
    reader = Reader(db.conn, Scope("01"))
    for day, name in (
        ("2025-12-31", "Tên cũ"),
        ("2026-05-31", "Tên cũ"),
        ("2026-06-01", "Tên mới"),
    ):
        assert [site.name for site in reader.sites(day)] == [name]
