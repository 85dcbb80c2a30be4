"""The order of names."""

import unicodedata

from central.vietnamese_order import by_name


def test_letters_of_their_own_come_after_the_plain_one_and_tones_decide_last() -> None:
    ordered: list[str | None] = [
        "12",
        "Xã An Lão",
        "Xã Ăn",
        "xã Ân Thi",
        "Xã Bả",
        "Xã Bã",
        "Xã Bạ",
        "Xã Ba Vì",
        "Xã Bà Vì",
        "Xã Bá Vì",
        "Xã Dân Hòa",
        "Xã Đa Phúc",
        "Xã Ea Súp",
        "Xã Ê A",
        "Xã Oa",
        "Xã Ô Diên",
        "Xã Ơ",
        "Xã U Minh",
        "Xã Ứng Hòa",
        "Xã Vật Lại",
        None,
    ]
    shuffled = [*ordered[1::2], *ordered[::2]]
    assert sorted(shuffled, key=by_name) == ordered


def test_it_does_not_matter_how_a_letter_is_written() -> None:
    for name in ("Phường Ở Đợ", "Xã Ẵ Ữ Ộ"):
        decomposed = unicodedata.normalize("NFD", name)
        assert by_name(decomposed)[:2] == by_name(name)[:2]
