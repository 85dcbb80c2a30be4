"""Who is in the house."""

from central.rollup.queue import follow
from central.store.cells import InHouse
from contract import events as e
from contract.stamp import Span
from tests.central.journal import MORNING_MS, Journal


def phases(journal: Journal) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {
        number: (now.phase, now.services) for number, now in follow({}, journal.entries).items()
    }


def test_a_visit_with_two_services_waits_twice_and_leaves() -> None:
    made = Journal()
    made.add(e.TicketIssued("1001", ("1", "2")))
    assert phases(made) == {"1001": ("waiting", ("1", "2"))}
    made.add(e.TicketCalled("1001", "3", "1", None, None))
    made.add(e.ServiceStarted("1001", "3", "1", None))
    assert phases(made) == {"1001": ("serving", ("1", "2"))}
    made.add(e.ServiceFinished("1001", "3", "1", None, None, None), 5000)
    assert follow({}, made.entries) == {
        "1001": InHouse("1001", ("2",), "waiting", MORNING_MS + 5000)
    }
    made.add(e.TicketCalled("1001", "3", "2", None, None))
    made.add(e.ServiceAdded("1001", "4"))
    made.add(e.ServiceFinished("1001", "3", "2", None, None, None))
    made.add(e.ServiceFinished("1001", "3", "4", None, None, None))
    assert phases(made) == {}


def test_who_is_sent_on_to_a_later_service_of_the_visit_has_it_once() -> None:
    made = Journal()
    made.add(e.TicketIssued("1001", ("1", "2", "4")))
    made.add(e.TicketTransferred("1001", "3", "1", "4", None, None))
    assert phases(made) == {"1001": ("waiting", ("4", "2"))}
    made.add(e.ServiceFinished("1001", "3", "4", None, None, None))
    made.add(e.ServiceFinished("1001", "3", "2", None, None, None))
    assert phases(made) == {}


def test_parked_absent_returned_transferred_and_void() -> None:
    made = Journal()
    for number in ("1001", "1002", "1003", "1004"):
        made.add(e.TicketIssued(number, ("1",)))
    made.add(e.TicketParked("1001", "3", "1", "signature", None, None))
    made.add(e.NoShowMarked("1002", "3", "1", None))
    made.add(e.TicketTransferred("1003", "3", "1", "2", None, None))
    made.add(e.TicketVoided("1004", "gone"))
    made.add(e.TicketVoided("1999", "never was"))
    assert phases(made) == {
        "1001": ("parked", ("1",)),
        "1002": ("absent", ("1",)),
        "1003": ("waiting", ("2",)),
    }
    made.add(e.TicketReturned("1002"))
    made.add(e.TicketReturned("1999"))
    made.add(e.TicketResumed("1001", "3", "1", "signature", None, None))
    assert phases(made)["1002"][0] == "waiting"
    assert phases(made)["1001"][0] == "called"


def test_a_new_day_keeps_only_who_was_carried_over() -> None:
    made = Journal()
    made.add(e.TicketIssued("1001", ("1",)))
    made.add(e.TicketIssued("1002", ("1",)))
    made.add(e.DayOpened("2026-11-21", trusted=True, last_orders={}, carried=("1002",)))
    assert phases(made).keys() == {"1002"}


def test_those_whom_an_older_journal_brought_are_in_line() -> None:
    made = Journal()
    brought = (
        e.Brought("1001", ("1", "2"), "serving", MORNING_MS - 9),
        e.Brought("1002", ("2",), "waiting", None),
        e.Brought("1003", ("2",), "waiting", 2**62),
    )
    carried = ("1001", "1002", "1003")
    made.add(e.DayOpened("2026-11-20", True, {}, carried=carried, brought=brought))
    assert follow({}, made.entries) == {
        "1001": InHouse("1001", ("1", "2"), "serving", MORNING_MS - 9),
        "1002": InHouse("1002", ("2",), "waiting", None),
        "1003": InHouse("1003", ("2",), "waiting", None),
    }


def test_who_is_carried_over_though_their_ticket_was_lost_in_a_gap_is_in_line() -> None:
    made = Journal()
    made.add(e.DayOpened("2026-11-20", trusted=True, last_orders={}, carried=("1002",)))
    assert follow({}, made.entries) == {"1002": InHouse("1002", (), "waiting", None)}
    made.add(e.TicketCalled("1002", "3", "1", None, None))
    assert phases(made) == {"1002": ("called", ("1",))}


def test_who_comes_before_the_slot_waits_from_the_slot_on_also_when_a_call_is_taken_back() -> None:
    made, early_ms = Journal(), 600_000
    made.add(e.TicketIssued("1001", ("1",), appointment="HK7PX3M9", early_ms=early_ms))
    issued, waiting = made.entries[-1].stamp, follow({}, made.entries)
    assert waiting == {"1001": InHouse("1001", ("1",), "waiting", MORNING_MS + early_ms)}
    wait, after_ms = Span(30_000), early_ms + 30_000
    made.add(e.TicketCalled("1001", "3", "1", wait, None), after_ms)
    called = made.entries[-1].stamp
    made.add(e.CallTakenBack("1001", "3", "1", wait, None, called=called, since=issued), after_ms)
    assert follow({}, made.entries) == waiting


def test_training_waits_nowhere_and_an_untrusted_clock_tells_no_time() -> None:
    made = Journal()
    made.add(e.TicketIssued("01001", ("1",)), training=True)
    made.add(e.TicketIssued("1001", ("1",)), synced=False)
    assert follow({}, made.entries) == {"1001": InHouse("1001", ("1",), "waiting", None)}


def test_a_finish_that_is_taken_back_brings_the_citizen_back() -> None:
    made = Journal()
    made.add(e.TicketIssued("1001", ("1", "2")))
    made.add(e.TicketCalled("1001", "3", "1", None, None))
    finish = e.ServiceFinished("1001", "3", "1", None, None, None, visit_ended=False)
    made.add(finish)
    made.add(e.ServiceReopened(finish, made.entries[-1].stamp))
    assert phases(made) == {"1001": ("serving", ("1", "2"))}
    made.add(e.ServiceRemoved("1001", "2"))
    made.add(finish)
    assert phases(made) == {}
    made.add(e.ServiceReopened(finish, made.entries[-1].stamp))
    assert phases(made) == {"1001": ("serving", ("1",))}


def test_a_no_show_that_is_taken_back_leaves_the_citizen_called_since_then() -> None:
    made = Journal()
    made.add(e.TicketIssued("1001", ("1", "2")))
    made.add(e.TicketCalled("1001", "3", "1", None, None), 5_000)
    called = made.entries[-1].stamp
    before = follow({}, made.entries)
    made.add(e.NoShowMarked("1001", "3", "1", Span(60_000)), 65_000)
    marked = made.entries[-1].stamp
    made.add(e.NoShowTakenBack("1001", "3", "1", Span(60_000), marked, called), 70_000)
    assert follow({}, made.entries) == before


def test_a_call_that_is_taken_back_lets_the_citizen_wait_on() -> None:
    made = Journal()
    made.add(e.TicketIssued("1001", ("1", "2")))
    issued = made.entries[-1].stamp
    made.add(e.TicketCalled("1001", "3", "1", None, None))
    called = made.entries[-1].stamp
    waiting = follow({}, made.entries[:1])
    made.add(e.CallTakenBack("1001", "3", "1", None, None, called=called, since=issued))
    assert follow({}, made.entries) == waiting
