"""Bytes of rows and messages: round trips, hostile bytes, and the chain that shows any change."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.codec import (
    CHAIN_START,
    MAX_MESSAGE_BYTES,
    ContractError,
    chain,
    decode_entry,
    decode_message,
    encode_entry,
    encode_message,
    links,
)
from contract.wire import VERSION, Ack, Batch, Status
from tests.contract.samples import sample_rows
from tests.contract.values import values

ROWS = tuple(encode_entry(row) for row in sample_rows())
NODE = "01-00097-01-h1"
EPOCH = "00112233445566ff"
KINDS = (Batch, Ack, Status)
BATCH = Batch(
    VERSION,
    NODE,
    EPOCH,
    1,
    CHAIN_START,
    chain(CHAIN_START, ROWS),
    tuple(msgspec.Raw(row) for row in ROWS),
)
MESSAGES = (
    encode_message(BATCH),
    encode_message(Ack(VERSION, EPOCH, 30)),
    encode_message(Status(VERSION, NODE, online=True, epoch=EPOCH, software="0.1.0", last_seq=30)),
)


# --- messages ---------------------------------------------------------------------------------


@given(st.one_of(values(Ack), values(Status)))
@settings(deadline=None)
def test_every_message_survives_its_bytes(message: Ack | Status) -> None:
    assert decode_message(encode_message(message), type(message)) == message


def test_a_batch_carries_the_journals_own_bytes() -> None:
    read = decode_message(encode_message(BATCH), Batch)
    assert tuple(bytes(entry) for entry in read.entries) == ROWS
    assert chain(read.chain_before, read.entries) == read.chain_after


def test_long_messages_are_compressed_and_short_ones_are_not() -> None:
    short, long = encode_message(Ack(VERSION, EPOCH, 30)), encode_message(BATCH)
    assert not short.startswith(b"\x28\xb5\x2f\xfd")
    assert long.startswith(b"\x28\xb5\x2f\xfd")
    assert len(long) < sum(map(len, ROWS)) / 2


@given(values(Batch))
@settings(deadline=None, max_examples=50)
def test_a_message_is_no_message_of_another_kind(batch: Batch) -> None:
    with pytest.raises(ContractError):
        decode_message(encode_message(batch), Ack)


# --- hostile bytes ----------------------------------------------------------------------------


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for kind in KINDS:
        read_or_refused(data, kind)
        read_or_refused(b"\x28\xb5\x2f\xfd" + data, kind)


@given(
    st.sampled_from((*ROWS, *MESSAGES)),
    st.lists(st.tuples(st.integers(0, 4000), st.binary(max_size=3)), min_size=1, max_size=4),
)
@settings(deadline=None, max_examples=500)
def test_damaged_bytes_are_read_or_refused(data: bytes, damage: list[tuple[int, bytes]]) -> None:
    for place, instead in damage:
        at = place % len(data)
        data = data[:at] + instead + data[at + 1 :]
        if not data:
            return
    for kind in KINDS:
        read_or_refused(data, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_truncated_message_is_refused(kind: type[msgspec.Struct]) -> None:
    for message in MESSAGES:
        for end in range(len(message)):
            with pytest.raises(ContractError):
                decode_message(message[:end], kind)


def test_text_that_is_not_utf8_is_refused() -> None:
    row = ROWS[0].replace(b"0.1.0", b"0.1.\xff")
    with pytest.raises(ContractError):
        decode_entry(row)
    with pytest.raises(ContractError):
        decode_message(MESSAGES[1].replace(b"66ff", b"66\xff\xfe"), Ack)


def test_arrays_within_arrays_within_arrays_are_refused() -> None:
    deep = b"\x91" * 100_000 + b"\xc0"
    with pytest.raises(ContractError):
        decode_entry(b"\x97" + ROWS[0][1:] + deep)
    for kind in KINDS:
        with pytest.raises(ContractError):
            decode_message(b"\xdc\x00\x20" + MESSAGES[1][1:] + deep, kind)


@pytest.mark.parametrize("size", [MAX_MESSAGE_BYTES + 1, 50_000_000])
def test_a_zip_bomb_is_refused_unopened(size: int) -> None:
    bomb = zstandard.compress(bytes(size), 19)
    assert len(bomb) < 10_000
    with pytest.raises(ContractError, match=f"unpacks to {size} bytes, above {MAX_MESSAGE_BYTES}"):
        decode_message(bomb, Batch)


def test_a_message_that_hides_or_lies_about_its_size_is_refused() -> None:
    silent = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(50_000_000))
    with pytest.raises(ContractError):
        decode_message(silent, Batch)
    honest = zstandard.compress(bytes(50_000_000))
    liar = honest.replace((50_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert liar != honest
    with pytest.raises(ContractError):
        decode_message(liar, Batch)


def test_a_message_is_read_after_one_that_broke_off() -> None:
    whole = MESSAGES[0]
    for size in range(4, len(whole)):
        with pytest.raises(ContractError):
            decode_message(whole[:size], Batch)
        assert encode_message(decode_message(whole, Batch)) == whole


def test_threads_read_messages_side_by_side() -> None:
    acks = [Ack(VERSION, EPOCH, seq) for seq in range(8)]
    wires = [zstandard.compress(msgspec.msgpack.encode(ack)) for ack in acks]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda wire: decode_message(wire, Ack), wires * 200)) == acks * 200


def read_or_refused(data: bytes, kind: type[msgspec.Struct]) -> None:
    with suppress(ContractError):
        decode_message(data, kind)
    with suppress(ContractError):
        decode_entry(data)


# --- the chain --------------------------------------------------------------------------------


def test_the_chain_is_sha256_over_the_hash_before_and_each_row() -> None:
    # sha256(32 zero bytes + b"row"), by coreutils: (head -c32 /dev/zero; printf row) | sha256sum
    assert chain(CHAIN_START, [b"row"]).hex() == (
        "0bfca6cc586a839fe8b58fb65df26a27a5b79de713ffa35ecf7ec733d5d422ce"
    )
    assert chain(CHAIN_START, []) == CHAIN_START


def test_links_are_the_chain_after_each_row() -> None:
    wanted = [chain(CHAIN_START, ROWS[:rows]) for rows in range(len(ROWS) + 1)]
    assert links(CHAIN_START, ROWS) == wanted


def test_a_chain_can_be_continued_anywhere() -> None:
    for cut in range(len(ROWS) + 1):
        assert chain(chain(CHAIN_START, ROWS[:cut]), ROWS[cut:]) == BATCH.chain_after


def test_any_flipped_bit_breaks_the_chain() -> None:
    rows = ROWS[:4]
    after = chain(CHAIN_START, rows)
    for index, row in enumerate(rows):
        for bit in range(len(row) * 8):
            flipped = bytearray(row)
            flipped[bit // 8] ^= 1 << bit % 8
            altered = [*rows[:index], bytes(flipped), *rows[index + 1 :]]
            assert chain(CHAIN_START, altered) != after


@given(st.data())
def test_rows_left_out_added_moved_or_joined_break_the_chain(data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.sampled_from(ROWS), unique=True, min_size=2, max_size=6))
    other = data.draw(st.permutations(rows) | st.lists(st.sampled_from(ROWS), max_size=6))
    assert (chain(CHAIN_START, other) == chain(CHAIN_START, rows)) == (other == rows)
    assert chain(CHAIN_START, [rows[0] + rows[1], *rows[2:]]) != chain(CHAIN_START, rows)
