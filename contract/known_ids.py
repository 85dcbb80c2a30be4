"""The check of the names in entries, for many entries at once.

The same few counters, services, staff and numbers come again and again, so a name that was good
once is known by a set, at a tenth of what its regular expression takes.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple, get_args

from msgspec import Struct, inspect

from contract.events import Entry
from contract.ids import Name

_MOST_KNOWN = 20_000


def check_ids(entries: Sequence[Entry]) -> None:
    """Check every name in these entries. Raises ValueError for one that is none."""
    of_kind = defaultdict(list)
    for entry in entries:
        event = entry.event
        of_kind[type(event)].append(event)
    _check([_ACTOR], entries)
    for kind, events in of_kind.items():
        _check(_places(kind), events)


class _Known(set[str | None]):
    """Names that match a pattern, a bounded number of them, and None, which is left out."""

    def __init__(self, pattern: str) -> None:
        super().__init__([None])
        self._pattern = re.compile(pattern)

    def learn(self, names: Iterable[str | None]) -> None:
        """Know these names too. Raises ValueError for one that does not match."""
        for name in names:
            if name is not None and not self._pattern.search(name):
                raise ValueError(f"{name!r} does not match {self._pattern.pattern}")
            if len(self) > _MOST_KNOWN:
                self.intersection_update([None])
            self.add(name)


class _Place(NamedTuple):
    """Where structs of a kind hold names: what gets them from one, `each` in all of what it got."""

    known: _Known
    names_of: Callable[[Any], Any]
    each: Callable[[Iterable[Any]], Iterable[str | None]]


def _check(places: Iterable[_Place], structs: Sequence[Struct]) -> None:
    for known, names_of, each in places:
        if not known.issuperset(each(map(names_of, structs))):
            known.learn(each(map(names_of, structs)))


_known = cache(_Known)
_ACTOR = _Place(_known(get_args(Name)[1].pattern), attrgetter("actor"), iter)


@cache
def _places(kind: type[Struct]) -> list[_Place]:
    """Where a kind of event holds names of `contract.event_ids`; the decoder checks all others."""
    by_pattern = defaultdict(list)
    places = []
    for path, pattern, several in _found_in(inspect.type_info(kind)):
        if several:
            places.append(_Place(_known(pattern), attrgetter(path), chain.from_iterable))
        else:
            by_pattern[pattern].append(path)
    for pattern, paths in by_pattern.items():
        each = chain.from_iterable if len(paths) > 1 else iter
        places.append(_Place(_known(pattern), attrgetter(*paths), each))
    return places


def _found_in(kind: inspect.Type) -> Iterator[tuple[str, str, bool]]:
    """The path of each name, its pattern, and whether there are several."""
    match kind:
        case inspect.StructType(fields=fields):
            for field in fields:
                for path, pattern, several in _found_in(field.type):
                    yield ".".join(filter(None, (field.name, path))), pattern, several
        case inspect.Metadata(type=inspect.StrType(), extra_json_schema={"pattern": pattern}):
            yield "", pattern, False
        case inspect.VarTupleType(item_type=item):
            for path, pattern, _ in _found_in(item):
                yield path, pattern, True
        case inspect.UnionType(types=types):
            for each in types:
                if not isinstance(each, inspect.StructType):
                    yield from _found_in(each)
