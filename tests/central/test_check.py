"""The pure check of messages."""

import msgspec
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from central.ingest.check import CheckedBatch, check
from central.store.rows import Quarantined, Unread
from contract.codec import CHAIN_START, decode_message, encode_message
from contract.events import Entry, TicketCalled, TicketIssued, TicketReturned
from contract.stamp import Span
from contract.topics import up
from contract.wire import VERSION, Batch, Status
from tests.central.journal import NODE, OTHER_NODE, Journal, batch_of


def journal() -> Journal:
    made = Journal()
    made.open_day()
    made.add(TicketIssued("1001", ("1", "2")), 1000)
    made.add(TicketCalled("1001", "3", "1", Span(500), Span(0)), 2000)
    return made


def refused(topic: str, payload: bytes) -> str:
    found = check(topic, payload)
    assert isinstance(found, Quarantined)
    assert (found.topic, found.payload) == (topic, payload)
    return found.reason


def test_a_whole_batch_gives_rows_that_sql_can_find() -> None:
    made = journal()
    found = check(made.events_topic, made.all())
    assert isinstance(found, CheckedBatch)
    assert (found.node, found.epoch) == (made.node, made.epoch)
    assert found.rows.read == made.entries
    assert found.rows.entries == made.rows
    assert (found.slice.first, found.slice.last) == (1, 3)
    assert list(found.slice.hashes) == made.hashes


def test_a_status_is_read() -> None:
    made = journal()
    found = check(made.status_topic, made.status())
    assert isinstance(found, Status)
    assert found.last_seq == 3


def test_the_sender_must_be_whose_topic_it_is() -> None:
    made = journal()
    assert refused(up(OTHER_NODE, "events"), made.all()) == "forged"
    assert refused(up(OTHER_NODE, "status"), made.status()) == "forged"


def test_topics_that_are_not_ours_are_refused() -> None:
    diary = up(NODE, "events").replace("events", "diary")
    for topic in ("", "thutu/v1/21/x/up/events", diary, f"a/b/21/{NODE}/up/events"):
        assert refused(topic, b"") == "topic"


def test_what_comes_in_the_lane_of_another_is_refused() -> None:
    made = journal()
    lane = up(OTHER_NODE, "events").split("/")[2]
    assert refused(f"thutu/v1/{lane}/{NODE}/up/events", made.all()) == "topic"


def test_another_version_is_refused() -> None:
    made = journal()
    payload = batch_of(made.rows, CHAIN_START, version=VERSION + 1)
    assert refused(made.events_topic, payload) == "version"


def test_a_batch_with_a_hole_is_refused() -> None:
    made = journal()
    payload = batch_of([made.rows[0], made.rows[2]], CHAIN_START)
    assert refused(made.events_topic, payload) == "not-contiguous"


def test_a_chain_that_is_not_the_hash_of_the_entries_is_refused() -> None:
    made = journal()
    batch = decode_message(made.all(), Batch)
    broken = msgspec.structs.replace(batch, chain_after=bytes(32))
    assert refused(made.events_topic, encode_message(broken)) == "chain-wrong"


def test_an_event_of_a_newer_hub_is_kept_without_being_understood() -> None:
    made = journal()
    entry = (4, made.entries[0].stamp, "k1", b"", False, ("RobotWaved", "1001", 7))
    made.add_bytes(msgspec.msgpack.encode(entry))
    found = check(made.events_topic, made.all())
    assert isinstance(found, CheckedBatch)
    assert found.rows.read[3] == Unread(made.entries[0].stamp, training=False)
    assert found.rows.entries[3] == made.rows[3]


def test_fields_that_a_newer_hub_appends_are_left_aside() -> None:
    made = journal()
    entry = (4, made.entries[0].stamp, "k1", b"", False, ("TicketReturned", "1001", "new"), 9)
    made.add_bytes(msgspec.msgpack.encode(entry))
    found = check(made.events_topic, made.all())
    assert isinstance(found, CheckedBatch)
    read = found.rows.read[3]
    assert isinstance(read, Entry)
    assert read.event == TicketReturned("1001")


def test_numbers_that_no_database_holds_are_refused() -> None:
    made = journal()
    assert (
        refused(made.events_topic, batch_of(made.rows, CHAIN_START, first=2**63)) == "out-of-range"
    )
    status = Status(VERSION, NODE, online=True, epoch=made.epoch, last_seq=2**63)
    assert refused(made.status_topic, encode_message(status)) == "out-of-range"
    far = Journal()
    far.add(TicketIssued("1001", ("1",)), wall_ms=2**64 - 1)
    assert refused(far.events_topic, far.all()) == "malformed"


def test_bytes_that_once_escaped_are_refused() -> None:
    made = journal()
    head = msgspec.msgpack.encode((1, NODE, made.epoch, 1, bytes(32), bytes(32)))
    deep = b"\x97" + head[1:] + b"\x91" * 100_000
    bomb = zstandard.compress(bytes(50_000_000))
    for payload in (deep, b"\x97\x01\xa3\xff\xfe\xfd", bomb, b"", b"\xc1", b"\x28\xb5\x2f\xfd"):
        assert refused(made.events_topic, payload) == "malformed"


@settings(max_examples=400)
@given(st.data())
def test_hostile_bytes_are_always_refused_or_read(data: st.DataObject) -> None:
    made = journal()
    where = data.draw(st.sampled_from(["noise", "message", "packed", "entry"]))
    if where == "noise":
        payload = data.draw(st.binary(max_size=300))
    elif where == "message":
        payload = data.draw(mutations(made.all()))
    elif where == "packed":
        payload = data.draw(mutations(msgspec.msgpack.encode(decode_message(made.all(), Batch))))
    else:
        payload = batch_of([*made.rows[:2], data.draw(mutations(made.rows[2]))], CHAIN_START)
    for topic in (made.events_topic, made.status_topic):
        found = check(topic, payload)
        assert isinstance(found, Quarantined | CheckedBatch | Status)


@st.composite
def mutations(draw: st.DrawFn, good: bytes) -> bytes:
    """Good bytes with some replaced, put in, or cut off."""
    start = draw(st.integers(0, len(good)))
    end = draw(st.integers(start, min(start + 8, len(good))))
    return (
        good[:start]
        + draw(st.binary(max_size=8))
        + good[end : draw(st.just(len(good)) | st.integers(end, len(good)))]
    )
