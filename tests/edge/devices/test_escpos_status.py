import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.devices import escpos_status as status
from edge.devices.escpos_status import (
    Automatic,
    Flow,
    InOrder,
    Noise,
    PowerOn,
    ProcessId,
    RealTime,
    Reply,
    ReplyReader,
    Status,
)

SAID: list[tuple[bytes, Reply]] = [
    (b"\x12", RealTime(0x12)),
    (b"\x7e", RealTime(0x7E)),
    (b"\x00", InOrder()),
    (b"\x0f", InOrder()),
    (b"\x10\x00\x00\x00", Automatic(b"\x10\x00\x00\x00")),
    (b"\x3c\x6c\x0f\x0f", Automatic(b"\x3c\x6c\x0f\x0f")),
    (b"\x37\x221234\x00", ProcessId(b"1234")),
    (b"\x37\x22\x12\x10\x00\x11\x00", ProcessId(b"\x12\x10\x00\x11")),
    (b"\x11", Flow(ready=True)),
    (b"\x13", Flow(ready=False)),
    (b"\xff", Noise(0xFF)),
    (b"\x92", Noise(0x92)),
]

sayings = st.lists(st.sampled_from(SAID), max_size=12)


@given(said=sayings, cuts=st.lists(st.integers(1, 40), max_size=6))
def test_tells_replies_apart_however_they_arrive(
    said: list[tuple[bytes, Reply]], cuts: list[int]
) -> None:
    reader = ReplyReader()
    data = b"".join(part for part, _ in said)

    heard: list[Reply] = []
    for cut in [*cuts, len(data)]:
        heard += reader.feed(data[:cut])
        data = data[cut:]

    assert heard == [reply for _, reply in said]


@given(data=st.binary(max_size=200))
def test_reads_on_through_any_bytes(data: bytes) -> None:
    reader = ReplyReader()

    list(reader.feed(data))

    assert list(reader.feed(b"\x12" * 8))[-1] == RealTime(0x12)


@pytest.mark.parametrize("broken", [b"\x37\x99", b"\x37\x221234\xff", b"\x10\x00\x12"])
def test_a_broken_reply_is_noise_and_hides_nothing_that_follows(broken: bytes) -> None:
    replies = list(ReplyReader().feed(broken + b"\x12"))

    assert isinstance(replies[0], Noise)
    assert replies[-1] == RealTime(0x12)


def test_the_end_of_a_reply_begun_before_a_break_is_not_awaited_after_it() -> None:
    reader = ReplyReader()
    assert list(reader.feed(b"\x37\x2212")) == []

    reader.forget()

    assert list(reader.feed(b"\x12")) == [RealTime(0x12)]


@pytest.mark.parametrize(
    ("sensors", "expected"),
    [
        (0x12, Status(None)),
        (0x1E, Status(None, paper_low=True)),
        (0x7E, Status("paper-out", paper_low=True)),
        (0x16, Status(None)),
    ],
)
def test_reads_the_paper_sensors(sensors: int, expected: Status) -> None:
    assert status.paper(sensors) == expected


@pytest.mark.parametrize(
    ("cause", "error", "expected"),
    [
        (0x16, 0x12, "cover-open"),
        (0x36, 0x12, "cover-open"),
        (0x32, 0x12, "paper-out"),
        (0x52, 0x1A, "cutter-error"),
        (0x52, 0x32, "printer-error"),
        (0x52, 0x12, "printer-error"),
        (0x1A, 0x12, "offline"),
        (0x12, 0x12, "offline"),
    ],
)
def test_reads_why_a_printer_is_offline(cause: int, error: int, expected: str) -> None:
    assert status.why_offline(cause, error).condition == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"\x10\x00\x00\x00", Status(None)),
        (b"\x14\x00\x00\x00", Status(None)),
        (b"\x10\x00\x03\x00", Status(None, paper_low=True)),
        (b"\x18\x00\x0f\x00", Status("paper-out", paper_low=True)),
        (b"\x38\x00\x03\x00", Status("cover-open", paper_low=True)),
        (b"\x18\x08\x00\x00", Status("cutter-error")),
        (b"\x18\x20\x00\x00", Status("printer-error")),
        (b"\x18\x40\x00\x00", Status("printer-error")),
        (b"\x18\x00\x00\x00", Status("offline")),
    ],
)
def test_reads_automatic_status(said: bytes, expected: Status) -> None:
    assert status.automatic(said) == expected


def test_a_printer_that_was_switched_on_says_so_in_three_bytes() -> None:
    reader = ReplyReader()

    assert list(reader.feed(b"\x3b")) == []
    assert list(reader.feed(b"\x31\x00\x12")) == [PowerOn(), RealTime(0x12)]
    assert list(reader.feed(b"\x3b\x12")) == [Noise(0x3B), RealTime(0x12)]
