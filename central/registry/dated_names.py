"""Names of places by their codes, each with the days on which it is in force."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from itertools import groupby, pairwise

from msgspec import Struct

from central.registry.lists import ListError, read_days, read_name, refuse, take_rows

COLUMNS = ("code", "name", "valid_from", "valid_to")


class DatedName(Struct, frozen=True, omit_defaults=True):
    """A place under one name, from its first day in force to its last; None: until further notice.

    One that is renamed has several, one after the other without a gap.
    """

    code: str
    name: str
    valid_from: date
    valid_to: date | None = None

    def is_in_force(self, day: date) -> bool:
        """Whether it is there, under this name, on a day."""
        return self.valid_from <= day <= (self.valid_to or date.max)


class DatedNames:
    """All places of one kind that there are and were."""

    def __init__(self, names: Iterable[DatedName]) -> None:
        self.all = tuple(names)
        self.by_code: dict[str, list[DatedName]] = {
            code: list(found) for code, found in groupby(self.all, key=lambda name: name.code)
        }

    def __contains__(self, code: object) -> bool:
        return code in self.by_code

    def in_force(self, day: date) -> list[DatedName]:
        """Those of a day, by code."""
        return [name for name in self.all if name.is_in_force(day)]

    def name(self, code: str, day: date) -> str:
        """The name of a code on a day; its first name before it was there, its last when it is
        over, and the code itself when there is none such."""
        known = self.by_code.get(code)
        if known is None:
            return code
        begun = [name for name in known if name.valid_from <= day]
        return begun[-1].name if begun else known[0].name


def parse_names(lines: list[str], check_code: Callable[[str], None]) -> DatedNames:
    """Read the lines of a list with COLUMNS, in the order of codes and days.

    `check_code` raises ListError for what is no code of the list. Raises ListError naming every
    fault with its line; nothing of a faulty list should be used.
    """
    found: list[DatedName] = []

    def take(row: Mapping[str, str]) -> None:
        check_code(row["code"])
        first, last = read_days(row["valid_from"], row["valid_to"])
        if first is None:
            raise ListError("no_first_day")
        found.append(DatedName(row["code"], read_name(row["name"]), first, last))

    take_rows(lines, COLUMNS, take)
    if not found:
        raise ListError("empty")
    found.sort(key=lambda name: (name.code, name.valid_from))
    refuse([fault for one, following in pairwise(found) for fault in _between(one, following)])
    return DatedNames(found)


def _between(one: DatedName, following: DatedName) -> Iterable[ListError]:
    if one.code != following.code:
        return
    if one.valid_to is None or one.valid_to >= following.valid_from:
        yield ListError("overlap", code=one.code)
    elif one.valid_to + timedelta(days=1) != following.valid_from:
        yield ListError("gap", code=one.code, last=one.valid_to, first=following.valid_from)
