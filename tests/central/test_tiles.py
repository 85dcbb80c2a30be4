"""The grid of provinces."""

import pytest

from central.registry.provinces import shipped_provinces
from central.web.tiles import ARCHIPELAGOS, PLACES, heat, short_name

PROVINCES = {province.code: province.name for province in shipped_provinces().all}


def test_every_province_has_a_place_of_its_own() -> None:
    assert PLACES.keys() == PROVINCES.keys()
    places = [*PLACES.values(), *(place for _, _, place in ARCHIPELAGOS)]
    assert len(set(places)) == len(places) == 36
    assert all(1 <= row <= 15 and 1 <= column <= 6 for row, column in places)


def test_the_archipelagos_are_named_with_their_provinces() -> None:
    assert {name: PROVINCES[code] for name, code, _ in ARCHIPELAGOS} == {
        "Hoàng Sa": "Thành phố Đà Nẵng",
        "Trường Sa": "Tỉnh Khánh Hòa",
    }


def test_north_is_up_and_east_is_right() -> None:
    by_name = {short_name(name): PLACES[code] for code, name in PROVINCES.items()}
    assert by_name["Cao Bằng"] < by_name["Hà Nội"] < by_name["Huế"] < by_name["Cà Mau"]
    assert by_name["Điện Biên"][1] < by_name["Hà Nội"][1] < by_name["Quảng Ninh"][1]
    assert by_name["An Giang"][1] < by_name["Khánh Hòa"][1]


@pytest.mark.parametrize(
    ("wait_s", "expected"),
    [(None, 0), (0, 1), (1200, 1), (1229, 1), (1231, 2), (2429, 2), (2431, 3)],
)
def test_a_wait_is_judged_by_the_minutes_that_are_shown(wait_s: int | None, expected: int) -> None:
    assert heat(None if wait_s is None else wait_s * 1000, 1_200_000) == expected


def test_below_ten_minutes_every_second_counts() -> None:
    assert [heat(s * 1000, 300_000) for s in (300, 301, 600, 601, 631)] == [1, 2, 2, 2, 3]
