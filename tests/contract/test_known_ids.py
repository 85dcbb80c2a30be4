"""Names in entries are what `contract.ids` says, read one by one or many at once."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from contract import known_ids
from contract.codec import ContractError, decode_entries, decode_entry, encode_entry
from contract.events import Entry
from tests.contract.samples import sample_rows

NO_NAME = "no name\n"
WORDS = {"boot", "condition", "config", "dossier", "language", "reason", "software"}
"""Texts of events that are no names."""


def misnamed(value: Any) -> Iterator[tuple[str, Any]]:
    """A value with one of its names spoilt, once for each of its names, and where that is."""
    if isinstance(value, str):
        yield "", NO_NAME
    elif isinstance(value, tuple):
        for place, item in enumerate(value):
            for where, spoilt in misnamed(item):
                yield f"[{place}]{where}", (*value[:place], spoilt, *value[place + 1 :])
    elif isinstance(value, Struct):
        for field in value.__struct_fields__:
            if field not in WORDS:
                for where, spoilt in misnamed(getattr(value, field)):
                    yield f".{field}{where}", msgspec.structs.replace(value, **{field: spoilt})


MISNAMED = [
    pytest.param(encode_entry(spoilt), id=f"{type(row.event).__name__}{where}")
    for row in sample_rows()
    for where, spoilt in misnamed(row)
]


@pytest.mark.parametrize("data", MISNAMED)
def test_no_field_takes_what_is_no_name(data: bytes) -> None:
    good = encode_entry(sample_rows()[0])
    with pytest.raises(ContractError, match="not a journal entry"):
        decode_entry(data)
    with pytest.raises(ContractError):
        decode_entries([good, data, good])


def test_good_names_are_taken_one_by_one_and_together() -> None:
    rows = sample_rows()
    bodies = [encode_entry(row) for row in rows]
    assert decode_entries(bodies) == [decode_entry(body) for body in bodies] == list(rows)


def test_no_more_names_are_remembered_than_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_ids, "_MOST_KNOWN", 10)
    row = sample_rows()[0]
    for first in range(0, 1000, 50):
        actors = [f"d{number}" for number in range(first, first + 50)]
        entries: list[Entry] = [msgspec.structs.replace(row, actor=actor) for actor in actors]
        known_ids.check_ids(entries)
    with pytest.raises(ValueError, match="no name"):
        known_ids.check_ids([msgspec.structs.replace(row, actor=NO_NAME)])
