"""Lists of procedures: CSV or TOML, read whole or refused with every fault."""

import hashlib
import unicodedata
from pathlib import Path

import pytest

from central.catalogue.reading import checked, parse_procedures, read_procedures
from central.registry.lists import ListError
from contract.procedures import Procedure
from tests.central.catalogue.lists import BIRTH, COPIES, HEAD, LAND, SHIPPED, day, procedures


def test_a_table_is_read_in_the_order_of_codes_with_composed_names(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    text = unicodedata.normalize("NFD", "\r\n".join([HEAD, COPIES, LAND, BIRTH]))
    file.write_text(text, "utf-8-sig")
    assert read_procedures(file) == (
        Procedure("1.001193", {"vi": "Đăng ký khai sinh", "en": "Birth registration"}, "1"),
        Procedure("1.013978", {"vi": "Đăng ký đất đai"}, "2", day("2027-01-01"), day("2027-12-31")),
        Procedure("2.000815", {"vi": "Chứng thực bản sao"}, "1", day("2025-07-01")),
    )


def test_names_are_composed_and_stripped_whoever_brings_them() -> None:
    name = "Đăng ký khai sinh"
    [found] = checked(
        (Procedure("1.001193", {"vi": f" {unicodedata.normalize('NFD', name)}"}, "1"),)
    )
    assert found.name == {"vi": name}
    with pytest.raises(ListError, match=r"1\.001193"):
        checked((Procedure("1.001193", {"vi": " "}, "1"),))


def test_what_hubs_are_shipped_with_can_be_the_first_catalogue() -> None:
    found = read_procedures(SHIPPED)
    assert len(found) >= 60
    assert {one.code for one in found} >= {"1.001193", "2.000815"}


def test_every_fault_is_named_with_its_line() -> None:
    lines = [
        HEAD,
        BIRTH,
        "1.1,Mã lạ,,1,,",
        "1.000656,,,1,,",
        "1.005461,Ngày lạ,,1,2027-02-30,",
        "1.001022,Ngược,,1,2027-01-01,2026-12-31",
        "1.004837,Lĩnh vực lạ,,Một,,",
        "1.004845,Thiếu",
    ]
    with pytest.raises(ListError) as raised:
        parse_procedures(lines)
    faults = str(raised.value).splitlines()[1:]
    assert [fault.split(":")[0] for fault in faults] == [f"line {n}" for n in (3, 5, 6, 7, 8)]


@pytest.mark.parametrize(
    ("faulty", "what"),
    [
        ((BIRTH, BIRTH), r"1\.001193 has two lines for the same day"),
        (("1.000656,,,1,,",), "Vietnamese name"),
        (("1.000656,Ký\x07 hiệu,,1,,",), "printable"),
        ((), "no line"),
    ],
)
def test_a_list_that_no_hub_could_show_is_refused(faulty: tuple[str, ...], what: str) -> None:
    with pytest.raises(ListError, match=what):
        procedures(*faulty)


def test_a_list_has_an_end() -> None:
    many = tuple(Procedure(f"1.{n:06}", {"vi": "Thủ tục"}, "1") for n in range(3001))
    assert len(checked(many[:-1])) == 3000
    with pytest.raises(ListError, match="more than 3000"):
        checked(many)


def test_a_list_that_no_broker_would_let_through_is_refused() -> None:
    names = [hashlib.sha256(bytes([n % 256, n // 256])).hexdigest() * 2 for n in range(1000)]
    large = tuple(Procedure(f"1.{n:06}", {"vi": name}, "1") for n, name in enumerate(names))
    with pytest.raises(ListError, match="at most 40 kB"):
        checked(large)


def test_a_file_of_another_form_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "list.toml"
    file.write_text('[[procedures]]\ncode = "1.1"\nname = {}\nservice = "1"', "utf-8")
    with pytest.raises(ListError, match="cannot be read") as raised:
        read_procedures(file)
    assert str(file) in str(raised.value)
