"""Journal rows through the years: golden bytes, appended fields, nothing else."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.codec import ContractError, decode_entry, encode_entry
from contract.events import AnyEvent, Entry, ServiceFinished
from tests.contract.samples import EVENTS, sample_rows
from tests.contract.values import structs, values

GOLDEN = sorted(Path(__file__).with_name("golden").glob("events-*.json"))
ROWS = sample_rows()
EVERY_EVENT = structs(AnyEvent)


def golden_rows(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return rows


def name(row: Entry) -> str:
    return type(row.event).__name__


def arrays(row: Entry) -> list[Any]:
    """A row as the arrays that it is on the wire."""
    decoded: list[Any] = msgspec.msgpack.decode(encode_entry(row))
    return decoded


def test_there_is_a_sample_of_every_event() -> None:
    assert {type(event) for event in EVENTS} == set(EVERY_EVENT)
    assert len(EVENTS) == len(EVERY_EVENT)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_a_sample_leaves_no_field_at_its_default(event: AnyEvent) -> None:
    for field in msgspec.structs.fields(event):
        assert getattr(event, field.name) != field.default, field.name


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_rows_of_every_version_are_still_read(path: Path) -> None:
    """A golden field keeps its place and meaning; only what came later has its default."""
    for golden in golden_rows(path):
        entry = decode_entry(bytes.fromhex(golden["hex"]))
        now = json.loads(msgspec.json.encode(arrays(entry)))
        then = golden["row"]
        assert now[:5] == then[:5]
        assert now[5][: len(then[5])] == then[5], golden["event"]


def test_the_newest_golden_rows_are_what_is_written_now() -> None:
    """If an event was added or got a further field: `python -m tests.contract.write_golden
    tests/contract/golden/events-N.json` with the next N; older files never change."""
    golden = {row["event"]: row["hex"] for row in golden_rows(GOLDEN[-1])}
    assert golden == {name(row): encode_entry(row).hex(" ") for row in ROWS}


@given(values(Entry))
@settings(deadline=None, max_examples=300)
def test_every_row_survives_its_bytes(row: Entry) -> None:
    assert decode_entry(encode_entry(row)) == row


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_an_old_journal_lacks_appended_fields(row: Entry) -> None:
    *head, (tag, *fields) = arrays(row)
    optional = [f for f in msgspec.structs.fields(row.event) if not f.required]
    while optional:
        lacking = optional.pop()
        fields.pop()
        old = decode_entry(msgspec.msgpack.encode([*head, [tag, *fields]]))
        assert getattr(old.event, lacking.name) == lacking.default


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_a_required_field_cannot_be_missing(row: Entry) -> None:
    *head, (tag, *fields) = arrays(row)
    required = [f for f in msgspec.structs.fields(row.event) if f.required]
    short = [*head, [tag, *fields[: len(required) - 1]]]
    with pytest.raises(ContractError, match="not a journal entry"):
        decode_entry(msgspec.msgpack.encode(short))


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_a_newer_hub_may_say_more(row: Entry) -> None:
    *head, event = arrays(row)
    newer = [*head, [*event, "said later", {"and": [1, 2]}], "a later field of the row"]
    assert decode_entry(msgspec.msgpack.encode(newer)) == row


def test_rows_from_before_visit_ended_tell_it_by_the_visits_time() -> None:
    (older,) = [row for row in golden_rows(GOLDEN[0]) if row["event"] == "ServiceFinished"]
    event = decode_entry(bytes.fromhex(older["hex"])).event
    assert isinstance(event, ServiceFinished)
    assert (event.visit_ended, event.ends_visit) == (None, True)
    assert not msgspec.structs.replace(event, visit=None).ends_visit
    assert msgspec.structs.replace(event, visit=None, visit_ended=True).ends_visit


def test_an_event_that_nobody_knows_is_refused() -> None:
    *head, _ = arrays(ROWS[0])
    with pytest.raises(ContractError, match="TicketTeleported"):
        decode_entry(msgspec.msgpack.encode([*head, ["TicketTeleported", "1025"]]))


@given(row=st.sampled_from(ROWS), field=st.integers(0, 8), junk=st.none() | st.just([{}]))
def test_a_field_of_the_wrong_kind_is_refused_or_read(
    row: Entry, field: int, junk: list[object] | None
) -> None:
    *head, (tag, *fields) = arrays(row)
    fields[field % len(fields)] = junk
    try:
        entry = decode_entry(msgspec.msgpack.encode([*head, [tag, *fields]]))
    except ContractError:
        return
    assert junk is None, "no field is a list of maps"
    assert type(entry.event) is type(row.event)
