import threading

import pytest
from msgspec.structs import replace

from simulation.printer.machine import VirtualPrinter
from simulation.printer.paper import Slip
from tests.simulation.printer.bench import AT_ONCE, CountingClock, bench
from tests.waiting import until

CUT = b"\x1dVB\x00"
ROW = b"\x1dv0\x00\x01\x00\x01\x00\x80"
TALL = b"\x1dv0\x00\x48\x00\x20\x03" + b"\xff" * 72 * 800


def ask(question: int) -> bytes:
    return bytes((0x10, 0x04, question))


def test_answers_what_it_is_asked_while_all_is_well() -> None:
    with bench() as stand:
        assert [stand.answer(ask(n)) for n in (1, 2, 3, 4)] == [b"\x12"] * 4
        assert stand.answer(b"\x1dr\x01") == b"\x00"
        assert stand.answer(b"\x1d(H\x06\x0000wxyz") == b"\x37\x22wxyz\x00"


def test_a_question_is_heard_across_pieces_and_within_a_picture() -> None:
    with bench() as stand:
        stand.send(b"\x10")
        stand.send(b"\x04")
        assert stand.answer(b"\x01") == b"\x12"
        assert stand.answer(b"\x1dv0\x00\x03\x00\x01\x00" + ask(4)) == b"\x12"


@pytest.mark.parametrize(
    ("fault", "answers"),
    [
        ("open_cover", [0x1A, 0x16, 0x12, 0x12]),
        ("remove_paper", [0x1A, 0x32, 0x12, 0x7E]),
    ],
)
def test_says_why_it_is_offline(fault: str, answers: list[int]) -> None:
    with bench() as stand:
        getattr(stand.printer, fault)()

        said: list[int] = []
        for question in (1, 2, 3, 4):
            stand.said = b""
            stand.printer.receive(ask(question))
            said += stand.said
        assert said == answers


def test_says_unasked_what_changes_once_it_is_told_to() -> None:
    with bench() as stand:
        assert stand.answer(b"\x1da\x0e") == b"\x10\x00\x00\x00"
        stand.said = b""

        stand.printer.open_cover()
        stand.printer.open_cover()
        stand.printer.close_cover()
        stand.printer.remove_paper()

        assert stand.said == b"\x38\x00\x00\x00" + b"\x10\x00\x00\x00" + b"\x18\x00\x0f\x00"


def test_stops_at_the_row_where_the_paper_ends_and_goes_on_with_a_new_roll() -> None:
    with bench(paper_mm=10.0) as stand:
        stand.send(b"\x1da\x0e")
        until(lambda: stand.said == b"\x10\x00\x03\x00")
        host = threading.Thread(target=stand.send, args=(TALL + CUT,))
        host.start()
        until(lambda: stand.said.endswith(b"\x18\x00\x0f\x00"))
        assert stand.printer.room_bytes(0) == 0

        stand.printer.load_paper()
        host.join()
        until(lambda: len(stand.slips) == 2)

        rows = [slip.image.histogram()[0] // 576 for slip in stand.slips]
        assert rows == [80, 720]
        assert [slip.complete for slip in stand.slips] == [False, False]


def test_a_full_buffer_is_busy_but_questions_are_answered() -> None:
    with bench(replace(AT_ONCE, busy_when_offline=False)) as stand:
        stand.printer.open_cover()
        while room := stand.printer.room_bytes(0):
            stand.printer.receive(bytes(room))

        stand.said = b""
        stand.printer.receive(ask(2))
        assert stand.said == b"\x16"
        assert stand.printer.failures == []
        stand.printer.receive(b"x")
        assert stand.printer.failures == ["1 bytes without room"]


def test_power_takes_buffer_and_settings_but_not_the_paper() -> None:
    with bench() as stand:
        stand.send(b"\x1ba\x02\x1d!\x77" + ROW + b"\x1dr\x01")
        until(lambda: stand.said == b"\x00")

        stand.printer.power_off()
        assert stand.printer.room_bytes(0) == 0
        stand.printer.receive(ROW + ask(1))
        stand.printer.power_on()
        stand.send(ROW + CUT)

        slip = stand.slip()
        assert stand.said == b"\x00"
        assert not slip.complete
        assert [slip.image.getpixel(at) for at in ((568, 96), (0, 97))] == [0, 0]

        stand.send(ROW + CUT)
        assert stand.slip(2).complete


def test_a_slip_torn_off_by_hand_is_not_a_whole_one() -> None:
    with bench() as stand:
        stand.send(ROW + b"\x1dr\x01")
        until(lambda: stand.said == b"\x00")
        stand.printer.power_off()
        until(lambda: not stand.printer.powered)
        stand.printer.power_on()
        stand.send(b"\x1dr\x01")
        until(lambda: stand.said == b"\x00\x00")

        stand.printer.tear()

        assert [slip.complete for slip in stand.slips] == [False]


def test_a_jammed_cutter_holds_everything_up_until_it_is_freed() -> None:
    with bench() as stand:
        stand.printer.jam_cutter()
        stand.send(b"\x1da\x0e" + ROW + CUT)
        until(lambda: stand.said.endswith(b"\x18\x08\x00\x00"))
        stand.said = b""
        stand.printer.receive(ask(3))
        assert stand.said == b"\x1a"
        assert stand.slips == []

        stand.printer.free_cutter()

        assert stand.slip().complete


def test_faults_strike_at_the_byte_they_are_set_for() -> None:
    with bench() as stand:
        stand.printer.at_byte(len(ROW), stand.printer.power_off)
        stand.printer.receive(ROW + ROW + ask(1))

        assert not stand.printer.powered
        assert stand.said == b""


@pytest.mark.parametrize(("copies", "said"), [(0, b""), (1, b"\x12"), (2, b"\x12\x12")])
def test_may_answer_never_or_twice(copies: int, said: bytes) -> None:
    with bench() as stand:
        stand.printer.reply_copies = copies
        stand.send(ask(1))

        assert stand.said == said


def test_may_answer_late() -> None:
    with bench() as stand:
        stand.printer.reply_delay_s = 0.7
        stand.send(ask(1))

        assert stand.said == b"\x12"
        assert stand.clock.slept_s == 0.7


def test_bytes_and_paper_take_their_time() -> None:
    at_9600 = replace(AT_ONCE, baud=9600, mm_per_s=100.0)
    with bench(at_9600) as stand:
        stand.send(bytes(960))
        assert stand.clock.slept_s == pytest.approx(1.0)

        before_s = stand.clock.slept_s
        feed = b"\x1bJ\xff" * 10
        assert stand.answer(feed + b"\x1dr\x01") == b"\x00"
        took_s = stand.clock.slept_s - before_s - (len(feed) + 3) / 960
        assert took_s == pytest.approx(2550 * 25.4 / 203 / 100.0, rel=1e-6)


@pytest.mark.parametrize("paper_mm", [50_000.0, 1_505.0])
@pytest.mark.parametrize("piece_bytes", [1, 7, 73, 256, 4096])
def test_bytes_do_the_same_in_whatever_pieces_they_come(piece_bytes: int, paper_mm: float) -> None:
    picture = b"\x1dv0\x03\x05\x00\x40\x00" + b"\x81\x42\x24\x18\xff" * 64
    data = b"\x1b@\x1da\x0e" + picture + bytes(500) + b"Abc\n\r\n" + TALL[:8000]
    data += bytes(len(TALL) - 8000) + CUT + b"\x1dr\x01"

    slips, said, slept_s = unattended(data, piece_bytes, paper_mm)

    [slip], whole_said, whole_slept_s = unattended(data, len(data), paper_mm)
    assert [(s.rows, s.text, s.complete) for s in slips] == [(slip.rows, "Abc", True)]
    assert said == whole_said
    assert slept_s == pytest.approx(whole_slept_s)


def unattended(
    data: bytes, piece_bytes: int, paper_mm: float
) -> tuple[list[Slip], list[bytes], float]:
    """What comes of `data` in a printer without a thread: slips, answers, seconds."""
    slips: list[Slip] = []
    said: list[bytes] = []
    clock = CountingClock()
    model = replace(AT_ONCE, buffer_bytes=len(data))
    printer = VirtualPrinter(model, clock, slips.append, paper_mm=paper_mm, has_thread=False)
    printer.attach(said.append)
    for start in range(0, len(data), piece_bytes):
        printer.receive(data[start : start + piece_bytes])
        printer.settle()
    printer.close()
    assert printer.failures == []
    return slips, said, clock.slept_s


def test_a_printer_without_a_thread_stands_still_until_somebody_waits_for_it() -> None:
    slips: list[Slip] = []
    printer = VirtualPrinter(AT_ONCE, CountingClock(), slips.append, has_thread=False)
    printer.receive(ROW)
    printer.settle()
    printer.open_cover()
    printer.receive(CUT)
    printer.settle()
    printer.close_cover()
    assert slips == []

    printer.settle()

    assert [slip.complete for slip in slips] == [True]
    printer.close()


def test_three_hundred_slips_are_a_matter_of_seconds() -> None:
    slip = b"\x1b@\x1ba\x01" + b"\x1dv0\x00\x40\x00\x38\x01" + b"\x5a" * 64 * 312 + CUT
    assert len(slip) > 19_900

    with bench() as stand:
        for count in range(1, 301):
            stand.send(slip)
            stand.slip(count)

        assert stand.printer.failures == []
        assert len({s.image.tobytes() for s in stand.slips}) == 1
