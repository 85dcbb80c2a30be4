"""The country as a grid of equal tiles, roughly where the provinces lie. A grid shows no borders;
Hoàng Sa and Trường Sa are named with the provinces they belong to."""

from collections.abc import Sequence
from typing import NamedTuple

from central.api.models import Province

PLACES: dict[str, tuple[int, int]] = {
    "12": (1, 1),
    "15": (1, 2),
    "08": (1, 3),
    "04": (1, 4),
    "11": (2, 1),
    "14": (2, 2),
    "25": (2, 3),
    "19": (2, 4),
    "20": (2, 5),
    "01": (3, 3),
    "24": (3, 4),
    "22": (3, 5),
    "37": (4, 3),
    "33": (4, 4),
    "31": (4, 5),
    "38": (5, 3),
    "40": (6, 3),
    "42": (6, 4),
    "44": (7, 4),
    "46": (7, 5),
    "48": (8, 5),
    "51": (9, 5),
    "52": (10, 5),
    "66": (11, 4),
    "56": (11, 5),
    "80": (12, 2),
    "75": (12, 3),
    "68": (12, 4),
    "91": (13, 1),
    "82": (13, 2),
    "79": (13, 3),
    "92": (14, 1),
    "86": (14, 2),
    "96": (15, 1),
}
"""Row and column of each province, from the north-west, 1 first."""

_NOWHERE = (0, 0)
_MS_PER_MINUTE = 60_000
_WHOLE_MINUTES_FROM_MS = 10 * _MS_PER_MINUTE

ARCHIPELAGOS = (("Hoàng Sa", "48", (8, 6)), ("Trường Sa", "56", (12, 6)))
"""Name, province, row and column."""


class Tile(NamedTuple):
    """A province on the grid, or with row and column 0 for one newer than the grid, which stands
    beside it: `heat` is 0 without a figure, 1 within the target, 2 above it and 3 above twice of
    it."""

    province: Province
    name: str
    row: int
    column: int
    heat: int


class Archipelago(NamedTuple):
    """An archipelago on the grid, and the province that it belongs to."""

    name: str
    province: Province
    row: int
    column: int


def tiles(provinces: Sequence[Province], target_ms: int) -> list[Tile]:
    """The tiles of these provinces, from north to south."""
    found = [
        Tile(
            province,
            short_name(province.name),
            *PLACES.get(province.code, _NOWHERE),
            heat(province.figures.wait.p90_ms, target_ms),
        )
        for province in provinces
    ]
    return sorted(found, key=lambda tile: (tile.row, tile.column))


def archipelagos(provinces: Sequence[Province]) -> list[Archipelago]:
    """Those that belong to one of these provinces."""
    by_code = {province.code: province for province in provinces}
    return [
        Archipelago(name, by_code[code], *place)
        for name, code, place in ARCHIPELAGOS
        if code in by_code
    ]


def short_name(name: str) -> str:
    """A province's name without its rank."""
    for rank in ("Thành phố ", "Tỉnh "):
        name = name.removeprefix(rank)
    return name


def heat(wait_ms: int | None, target_ms: int) -> int:
    """0 without a figure, 1 for a wait within the target, 2 above it and 3 above twice of it; by
    whole minutes where they are shown, so that no 20 minutes are above a target of 20."""
    if wait_ms is None:
        return 0
    if wait_ms >= _WHOLE_MINUTES_FROM_MS:
        wait_ms = round(wait_ms / _MS_PER_MINUTE) * _MS_PER_MINUTE
    return 1 + (wait_ms > target_ms) + (wait_ms > 2 * target_ms)
