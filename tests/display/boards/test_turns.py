from contract.commands import ReportDevice
from display.boards.drivers import ModbusDigits
from display.boards.frames import Face
from display.boards.turns import FLASH_S, REFRESH_S, Turns

FIRST = ModbusDigits(counter="1", address=1)
SECOND = ModbusDigits(counter="2", address=2)
DARK = Face("1")
SERVING = Face("1", "serving", "1025")
CALLING = Face("1", "calling", "1025")


def _settled(*boards: ModbusDigits) -> Turns:
    turns = Turns(boards, 0.0)
    for board in boards:
        turns.succeeded(board, 0.0)
    return turns


def test_everyone_is_served_at_first_and_reported_once() -> None:
    turns = Turns((FIRST, SECOND), 0.0)
    turn = turns.next(0.0)
    assert turn is not None
    assert turn == (FIRST, FIRST.frame(DARK))
    assert turns.succeeded(FIRST, 0.01) == [ReportDevice("board-1", "ready")]
    turn = turns.next(0.01)
    assert turn is not None
    assert turn.board == SECOND
    turns.succeeded(SECOND, 0.02)
    assert turns.next(0.02) is None
    assert turns.succeeded(FIRST, 3.0) == []


def test_a_change_is_due_at_once_and_then_refreshed() -> None:
    turns = _settled(FIRST, SECOND)
    turns.want({"1": SERVING}, 1.0)
    assert turns.next(1.0) == (FIRST, FIRST.frame(SERVING))
    turns.succeeded(FIRST, 1.0)
    turns.want({"1": SERVING}, 1.5)
    assert turns.next(1.5) is None
    assert turns.next(1.0 + REFRESH_S) is not None


def test_a_change_goes_before_a_refresh_that_is_late() -> None:
    turns = _settled(FIRST, SECOND)
    turns.want({"2": Face("2", "serving", "2001")}, REFRESH_S + 1)
    turn = turns.next(REFRESH_S + 1)
    assert turn is not None
    assert turn.board == SECOND


def test_a_call_is_lit_first_and_flashes_twice_a_second() -> None:
    turns = _settled(FIRST)
    turns.want({"1": CALLING}, 1.0)
    now_s = 1.7  # the bus was busy
    for lit in (True, False, True, False):
        assert turns.next(now_s) == (FIRST, FIRST.frame(CALLING, lit=lit))
        turns.succeeded(FIRST, now_s)
        assert abs(turns.next_due_s() - now_s - FLASH_S) < 1e-6
        now_s = turns.next_due_s() + 1e-9


def test_one_failure_is_no_news_three_are_and_coming_back_is() -> None:
    turns = _settled(FIRST)
    assert turns.failed(FIRST, "no-answer", 3.0) == []
    assert turns.failed(FIRST, "no-answer", 3.1) == []
    assert turns.failed(FIRST, "no-answer", 3.2) == [ReportDevice("board-1", "lost", "no-answer")]
    assert turns.failed(FIRST, "no-answer", 4.0) == []
    assert turns.succeeded(FIRST, 5.0) == [ReportDevice("board-1", "ready")]


def test_a_dead_display_is_asked_ever_less_but_within_the_refresh() -> None:
    turns = _settled(FIRST)
    now_s, waits = 0.0, []
    for _ in range(10):
        turns.failed(FIRST, "no-answer", now_s)
        waits.append(round(turns.next_due_s() - now_s, 3))
        now_s = turns.next_due_s()
    assert waits[:6] == [0.05, 0.05, 0.5, 1.0, 2.0, 3.0]
    assert waits[-1] == REFRESH_S


def test_a_change_does_not_wake_a_dead_display_early() -> None:
    turns = _settled(FIRST)
    for _ in range(6):
        turns.failed(FIRST, "no-answer", 1.0)
    turns.want({"1": SERVING}, 1.1)
    assert turns.next(1.1) is None
    assert turns.next(4.1) == (FIRST, FIRST.frame(SERVING))


def test_a_lost_line_loses_everyone_once() -> None:
    turns = _settled(FIRST, SECOND)
    assert [report.device for report in turns.line_lost("line-lost", 1.0)] == ["board-1", "board-2"]
    assert turns.line_lost("line-lost", 2.0) == []
    assert turns.next(2.0) is not None


def test_a_counter_that_is_not_named_goes_dark() -> None:
    turns = _settled(FIRST)
    turns.want({"1": SERVING}, 1.0)
    turns.succeeded(FIRST, 1.0)
    turns.want({}, 2.0)
    assert turns.next(2.0) == (FIRST, FIRST.frame(DARK))
