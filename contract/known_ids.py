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
    _ACTOR.check(entries)
    of_kind = defaultdict(list)
    for entry in entries:
        event = entry.event
        of_kind[type(event)].append(event)
    for kind, events in of_kind.items():
        for place in _places(kind):
            place.check(events)


class _Names:
    """The names that are known to match a pattern, a bounded number of them."""

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern)
        self._known: set[str | None] = {None}

    def check(self, names: Sequence[str | None]) -> None:
        if self._known.issuperset(names):
            return
        for name in names:
            if name is not None and not self._pattern.search(name):
                raise ValueError(f"{name!r} does not match {self._pattern.pattern}")
        if len(self._known) > _MOST_KNOWN:
            self._known = {None}
        self._known.update(names)


class _Place(NamedTuple):
    """Where structs of a kind hold names: one each, or several each."""

    names: _Names
    names_of: Callable[[Any], Any]
    several: bool

    def check(self, structs: Iterable[Struct]) -> None:
        found = map(self.names_of, structs)
        self.names.check(list(chain.from_iterable(found) if self.several else found))


_names = cache(_Names)
_ACTOR = _Place(_names(get_args(Name)[1].pattern), attrgetter("actor"), several=False)


@cache
def _places(kind: type[Struct]) -> list[_Place]:
    """Where a kind of event holds names of `contract.event_ids`; the decoder checks all others."""
    by_pattern = defaultdict(list)
    places = []
    for path, pattern, several in _found_in(inspect.type_info(kind)):
        if several:
            places.append(_Place(_names(pattern), attrgetter(path), several=True))
        else:
            by_pattern[pattern].append(path)
    for pattern, paths in by_pattern.items():
        places.append(_Place(_names(pattern), attrgetter(*paths), several=len(paths) > 1))
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
