"""Counting a journal by its raw stamps."""

from contract import events as e
from contract.events import AnyEvent, Entry
from contract.stamp import Span, Stamp
from simulation.recount import Count, quantile, recount


def journal(*rows: tuple[int, AnyEvent], training: bool = False) -> Count:
    """The count of events at these seconds."""
    return recount(
        Entry(
            seq,
            Stamp(second * 1000, second * 10**9, "boot", synced=True),
            "x",
            b"",
            training,
            event,
        )
        for seq, (second, event) in enumerate(rows, 1)
    )


WRONG = Span(1)  # what the events claim is not what is counted
STAMP = Stamp(0, 0, "boot", synced=True)


def test_a_visit_with_a_signature() -> None:
    count = journal(
        (0, e.CounterOpened("1", ("1",))),
        (10, e.TicketIssued("1001", ("1",))),
        (100, e.TicketCalled("1001", "1", "1", WRONG, WRONG)),
        (120, e.ServiceStarted("1001", "1", "1", WRONG)),
        (220, e.TicketParked("1001", "1", "1", "signature", None, WRONG)),
        (820, e.TicketResumed("1001", "1", "1", "signature", WRONG, WRONG)),
        (830, e.ServiceStarted("1001", "1", "1", WRONG)),
        (880, e.ServiceFinished("1001", "1", "1", WRONG, WRONG, WRONG)),
        (890, e.RatingGiven("1", "1", 4, 4)),
        (900, e.CounterClosed("1", WRONG, None)),
    )
    assert count.waits_ms == [90_000]
    assert count.second_waits_ms == [600_000]
    assert count.services_ms == [150_000]
    assert (count.issued, count.finished, count.visits, count.ratings) == (1, 1, 1, [4])
    counter = count.counters["1"]
    assert (counter.open_ms, counter.busy_ms, counter.per_open_hour) == (900_000, 180_000, 4.0)


def test_an_early_appointment_waits_from_its_slot() -> None:
    count = journal(
        (0, e.TicketIssued("1001", ("1",), early_ms=60_000)),
        (90, e.TicketCalled("1001", "1", "1", WRONG, None)),
    )
    assert count.waits_ms == [30_000]


def test_a_second_service_has_a_wait_of_its_own() -> None:
    count = journal(
        (0, e.TicketIssued("1001", ("1", "2"))),
        (10, e.TicketCalled("1001", "1", "1", WRONG, None)),
        (20, e.ServiceStarted("1001", "1", "1", WRONG)),
        (50, e.ServiceFinished("1001", "1", "1", WRONG, WRONG, None)),
        (90, e.TicketCalled("1001", "1", "2", WRONG, None)),
        (95, e.ServiceStarted("1001", "1", "2", WRONG)),
        (99, e.ServiceFinished("1001", "1", "2", WRONG, WRONG, WRONG)),
    )
    assert count.waits_ms == [10_000, 40_000]
    assert (count.finished, count.visits) == (2, 1)


def test_a_finish_that_is_taken_back_never_was() -> None:
    finish = e.ServiceFinished("1001", "1", "1", WRONG, WRONG, None, visit_ended=False)
    count = journal(
        (0, e.TicketIssued("1001", ("1", "2"))),
        (10, e.TicketCalled("1001", "1", "1", WRONG, None)),
        (20, e.ServiceStarted("1001", "1", "1", WRONG)),
        (50, finish),
        (55, e.ServiceReopened(finish, Stamp(50_000, 50 * 10**9, "boot", synced=True))),
        (80, finish),
        (90, e.TicketCalled("1001", "1", "2", WRONG, None)),
    )
    assert (count.waits_ms, count.services_ms) == ([10_000, 10_000], [60_000])
    assert (count.finished, count.visits) == (1, 0)
    assert (count.counters["1"].finished, count.counters["1"].busy_ms) == (1, 70_000)


def test_a_call_that_is_taken_back_never_was() -> None:
    called = Stamp(10_000, 10 * 10**9, "boot", synced=True)
    count = journal(
        (0, e.TicketIssued("1001", ("1",))),
        (10, e.TicketCalled("1001", "1", "1", WRONG, None)),
        (15, e.CallTakenBack("1001", "1", "1", WRONG, None, called, called)),
        (90, e.TicketCalled("1001", "1", "1", WRONG, None)),
        (95, e.NoShowMarked("1001", "1", "1", WRONG)),
    )
    assert (count.called, count.waits_ms) == (1, [90_000])
    assert count.counters["1"].busy_ms == 5_000


def test_a_no_show_that_is_taken_back_never_was() -> None:
    at = Stamp(30_000, 30 * 10**9, "boot", synced=True)
    count = journal(
        (0, e.TicketIssued("1001", ("1",))),
        (10, e.TicketCalled("1001", "1", "1", WRONG, None)),
        (30, e.NoShowMarked("1001", "1", "1", WRONG)),
        (35, e.NoShowTakenBack("1001", "1", "1", WRONG, at, at)),
        (40, e.ServiceStarted("1001", "1", "1", WRONG)),
        (50, e.ServiceFinished("1001", "1", "1", WRONG, WRONG, WRONG)),
    )
    assert (count.no_shows, count.finished, count.services_ms) == (0, 1, [10_000])
    assert count.counters["1"].busy_ms == 40_000


def test_training_does_not_count() -> None:
    count = journal((0, e.TicketIssued("01001", ("1",))), training=True)
    assert (count.events, count.issued) == (1, 0)


def test_quantiles_are_by_nearest_rank() -> None:
    assert quantile([], 0.5) is None
    assert quantile([3, 1, 2], 0.5) == 2
    assert quantile(list(range(1, 11)), 0.9) == 9


def test_whom_another_counter_goes_on_serving_has_waited_once() -> None:
    count = journal(
        (0, e.TicketIssued("1001", ("1",))),
        (10, e.TicketCalled("1001", "1", "1", WRONG, None)),
        (20, e.ServiceStarted("1001", "1", "1", WRONG)),
        (30, e.TicketTransferred("1001", "1", "1", "1", "2", WRONG)),
        (60, e.TicketCalled("1001", "2", "1", None, None)),
        (70, e.CallTakenBack("1001", "2", "1", None, None, STAMP, STAMP)),
        (80, e.TicketCalled("1001", "2", "1", None, None)),
    )
    assert count.waits_ms == [10_000]
