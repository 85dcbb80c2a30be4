from contract.snapshot import CallView
from display.voice.backlog import Backlog, Says
from display.voice.no_slip import OwnNumber
from tests.display.voice.calls import call, called_at_once, given, picture

SAYS: tuple[Says, ...] = ("calls", "numbers")


def backlog(*counters: str, times: int = 2, most: int = 6, says: str = "calls numbers") -> Backlog:
    """A zone that has seen the hub at row 1."""
    chosen: list[Says] = [what for what in SAYS if what in says.split()]
    zone = Backlog(counters, times=times, repeat_after_s=2.0, most=most, says=chosen)
    zone.see(picture(1), 0.0)
    return zone


def say_all(zone: Backlog, now_s: float = 0.0) -> list[str]:
    """Say what comes, five seconds each, until nothing is left."""
    said = []
    while (due_s := zone.next_due_s()) is not None:
        now_s = max(now_s, due_s)
        now = zone.next(now_s)
        assert now is not None
        now_s += 5.0
        zone.said(now, now_s)
        said.append(now.number)
    return said


def test_a_call_is_said_twice_at_the_configured_pace() -> None:
    zone = backlog()
    first = call("1025", seq=2)
    zone.see(picture(2, first), 10.0)
    assert zone.next(10.0) == first
    zone.said(first, 15.0)
    assert zone.next(16.9) is None
    assert zone.next_due_s() == 17.0
    assert zone.next(17.0) == first
    zone.said(first, 22.0)
    assert zone.next_due_s() is None


def test_what_was_called_before_the_program_started_is_not_said() -> None:
    zone = Backlog((), times=2, repeat_after_s=2.0, most=6)
    old = call("1025", seq=7)
    zone.see(picture(9, old), 0.0)
    assert zone.next(0.0) is None
    zone.see(picture(9, old), 10.0)  # the hub's sign of life
    assert zone.next(10.0) is None
    new = call("1026", "4", seq=10)
    zone.see(picture(10, old, new), 11.0)
    assert say_all(zone, 11.0) == ["1026", "1026"]


def test_a_new_journal_counts_from_its_start_and_says_nothing_old() -> None:
    zone = backlog()
    zone.see(picture(50), 0.0)
    moved = call("1025", seq=-3)  # a call of the damaged journal, moved before the new one
    zone.see(picture(3, moved), 1.0)
    assert zone.next(1.0) is None
    zone.see(picture(4, moved, call("1026", "4", seq=4)), 2.0)
    assert say_all(zone, 2.0) == ["1026", "1026"]


def test_everyone_is_called_once_before_anyone_is_called_twice() -> None:
    zone = backlog()
    calls = [call(f"102{n}", str(n), seq=n + 1) for n in range(1, 4)]
    zone.see(picture(4, *calls), 0.0)
    assert say_all(zone) == ["1021", "1022", "1023", "1021", "1022", "1023"]


def test_calls_that_came_while_the_line_was_cut_are_said_if_they_still_hold() -> None:
    zone = backlog()
    came, waits = call("1025", "3", seq=5), call("1026", "4", seq=6)
    zone.see(picture(9, came, waits, came=("1025",)), 60.0)
    assert say_all(zone, 60.0) == ["1026", "1026"]


def test_a_citizen_who_has_come_is_not_called_again() -> None:
    zone = backlog()
    first = call("1025", seq=2)
    zone.see(picture(2, first), 0.0)
    zone.said(first, 5.0)
    zone.see(picture(3, first, came=("1025",)), 6.0)
    assert zone.next_due_s() is None


def test_a_call_withdrawn_before_it_was_said_is_dropped() -> None:
    zone = backlog()
    zone.see(picture(2, call("1025", "3", seq=2)), 0.0)
    zone.see(picture(4, call("1026", "3", seq=4)), 1.0)  # absent, and the next one called
    assert say_all(zone, 1.0) == ["1026", "1026"]


def test_a_recall_takes_the_place_of_the_call_that_was_not_said_yet() -> None:
    zone = backlog(times=1)
    first, other = call("1025", "3", seq=2), call("2001", "4", seq=3)
    zone.see(picture(3, first, other), 0.0)
    again = call("1025", "3", seq=4, times=2)
    zone.see(picture(4, other, again), 1.0)
    assert zone.next(1.0) == again
    assert say_all(zone, 1.0) == ["1025", "2001"]


def test_a_recall_of_what_was_said_waits_its_turn_and_is_said_twice() -> None:
    zone = backlog()
    first, other = call("1025", "3", seq=2), call("2001", "4", seq=3)
    zone.see(picture(2, first), 0.0)
    zone.said(first, 5.0)
    zone.see(picture(3, first, other), 5.0)
    again = call("1025", "3", seq=4, times=2)
    zone.see(picture(4, other, again), 6.0)
    assert say_all(zone, 6.0) == ["2001", "1025", "2001", "1025"]


def test_a_ticket_called_elsewhere_is_called_only_there() -> None:
    zone = backlog(times=1)
    zone.see(picture(2, call("1025", "3", seq=2)), 0.0)
    moved = call("1025", "5", seq=6)
    zone.see(picture(6, moved), 1.0)
    assert zone.next(1.0) == moved
    assert say_all(zone, 1.0) == ["1025"]


def test_saying_the_end_of_a_call_that_was_superseded_meanwhile_counts_for_nothing() -> None:
    zone = backlog(times=1)
    first = call("1025", "3", seq=2)
    zone.see(picture(2, first), 0.0)
    again = call("1025", "3", seq=3, times=2)
    zone.see(picture(3, again), 3.0)  # while the first is being said
    zone.said(first, 5.0)
    assert zone.next(5.0) == again


def test_a_zone_says_only_the_calls_of_its_counters() -> None:
    both = picture(3, call("1025", "3", seq=2), call("2001", "4", seq=3))
    upstairs, everywhere = backlog("4", times=1), backlog(times=1)
    upstairs.see(both, 0.0)
    everywhere.see(both, 0.0)
    assert say_all(upstairs) == ["2001"]
    assert say_all(everywhere) == ["1025", "2001"]


def test_a_call_out_of_a_zone_ends_the_call_within_it() -> None:
    zone = backlog("3")
    zone.see(picture(2, call("1025", "3", seq=2)), 0.0)
    zone.see(picture(5, call("1025", "9", seq=5)), 1.0)
    assert zone.next_due_s() is None


def test_too_many_calls_let_repetitions_go_first_and_then_the_oldest() -> None:
    zone = backlog(most=3)
    calls = [call(f"10{n:02}", str(n), seq=n + 1) for n in range(1, 6)]
    zone.see(picture(3, *calls[:2]), 0.0)
    zone.said(calls[0], 5.0)
    assert zone.see(picture(5, *calls[:4]), 5.0) == []  # only a repetition of 1001 went
    lost: list[CallView] = zone.see(picture(6, *calls), 6.0)
    assert [call.number for call in lost] == ["1002"]
    assert say_all(zone, 6.0)[:3] == ["1003", "1004", "1005"]


def test_a_number_is_said_once_behind_calls_and_before_repetitions() -> None:
    zone = backlog()
    first, second = call("1001", "1", seq=2), call("1002", "2", seq=3)
    zone.see(given(2, first), 0.0)
    zone.said(first, 5.0)
    zone.see(given(4, first, second, n1025="none"), 6.0)
    assert say_all(zone, 7.0) == ["1002", "1025", "1001", "1002"]


def test_a_call_that_comes_behind_a_number_waits_for_that_one_sentence() -> None:
    zone = backlog(times=1)
    zone.see(given(2, n1025="none"), 0.0)
    zone.see(given(3, call("1001", "1", seq=3), n1025="none"), 1.0)
    assert say_all(zone, 1.0) == ["1025", "1001"]


def test_a_number_whose_citizen_has_left_the_kiosk_meanwhile_is_dropped() -> None:
    zone = backlog()
    zone.see(given(2, n1025="none"), 0.0)
    assert zone.next(30.0) == OwnNumber("1025")
    assert zone.next(30.1) is None
    assert zone.next_due_s() is None


def test_a_number_that_is_called_before_it_was_told_is_only_called() -> None:
    zone = backlog(times=1)
    zone.see(given(2, n1025="none"), 0.0)
    called = call("1025", "3", seq=3)
    zone.see(given(3, called), 1.0)
    assert zone.next(1.0) == called
    assert say_all(zone, 1.0) == ["1025"]


def test_a_number_called_at_once_elsewhere_is_still_told_at_the_kiosk() -> None:
    kiosk = backlog(says="numbers")
    kiosk.see(called_at_once(2, "failed"), 0.0)
    assert say_all(kiosk) == ["1025"]


def test_numbers_push_no_call_out() -> None:
    zone = backlog(times=1, most=1)
    only = call("1001", "1", seq=2)
    assert zone.see(given(2, only, n1025="none", n1026="none"), 0.0) == []
    assert say_all(zone) == ["1001", "1025", "1026"]


def test_a_zone_says_what_it_is_for() -> None:
    both = given(2, call("1001", "1", seq=2), n1025="none")
    hall, kiosk = (backlog(times=1, says=says) for says in ("calls", "numbers"))
    hall.see(both, 0.0)
    kiosk.see(both, 0.0)
    assert say_all(hall) == ["1001"]
    assert say_all(kiosk) == ["1025"]
