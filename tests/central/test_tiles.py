"""The grid of provinces."""

from central.registry.provinces import shipped_provinces
from central.web.tiles import ARCHIPELAGOS, PLACES, short_name

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
