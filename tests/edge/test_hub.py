import logging
import sqlite3
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from contract.codec import decode_entry
from contract.commands import (
    Actor,
    Answer,
    AssignServices,
    CallNext,
    CallTicket,
    FinishService,
    IssueTicket,
    OpenCounter,
    Order,
    Rate,
    ReportPrint,
    SignIn,
    StartService,
    TransferTicket,
    VoidTicket,
)
from contract.events import ClockStepped, DayOpened, NodeStarted, ReprintOrdered, TicketIssued
from contract.refusals import Reason, Refused
from contract.snapshot import LinkView, Snapshot
from edge.core.effects import Slip
from edge.hub import Hub, Reply
from tests.edge.running_site import CLERK, HUB, IDENTITY, KIOSK, RULES, RunningHub, TestClock

NOT_STORED = Refused(Reason.NOT_STORED)
PAD = Actor("pad-1", "pad", counter="1")
CHIEF = Actor("chief", "supervisor")


def number_of(reply: Reply) -> str:
    assert isinstance(reply, Answer)
    assert reply.number is not None
    return reply.number


def issue(hub: RunningHub, service: str = "1", *, on_paper: bool = True) -> str:
    return number_of(hub.give(KIOSK, IssueTicket((service,), on_paper=on_paper)))


def printed(hub: RunningHub, number: str, copy: int = 1) -> None:
    hub.give(HUB, ReportPrint(number, copy, "printed", "confirmed"))


def test_who_was_left_over_from_a_day_that_is_over_keeps_no_restart_waiting(
    hub: RunningHub, clock: TestClock
) -> None:
    empty = [hub.hub.is_empty]
    issue(hub)
    empty.append(hub.hub.is_empty)
    clock.later(24 * 3600)
    empty.append(hub.hub.is_empty)
    issue(hub)
    empty.append(hub.hub.is_empty)
    assert empty == [True, False, True, False]


# --- facts before effects ---------------------------------------------------------------------


def test_a_number_is_durable_when_it_is_answered_and_printed(
    tmp_path: Path, clock: TestClock
) -> None:
    stored: list[str] = []

    def look_from_outside(slip: Slip, *_: object) -> None:
        with closing(sqlite3.connect(tmp_path / "journal.db")) as db, db:
            rows = [decode_entry(body) for (body,) in db.execute("SELECT body FROM entries")]
        db.close()
        issued = [row.event for row in rows if isinstance(row.event, TicketIssued)]
        stored.extend(event.number for event in issued if event.number == slip.number)

    hub = Hub(IDENTITY, RULES, tmp_path, clock, look_from_outside)
    hub.start()
    reply = hub.submit(Order(uuid.uuid4().bytes, KIOSK, IssueTicket(("1",)))).result(10)
    hub.close()
    assert stored == [number_of(reply)]


def test_a_disk_that_fills_up_stores_and_prints_nothing_and_is_used_again(
    hub: RunningHub, caplog: pytest.LogCaptureFixture
) -> None:
    given = [issue(hub) for _ in range(5)]
    writer = hub.hub.journal._writer
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count = {pages}")
    with caplog.at_level(logging.CRITICAL):
        replies = [hub.give(KIOSK, IssueTicket(("1",)))]
        while isinstance(replies[-1], Answer):
            replies.append(hub.give(KIOSK, IssueTicket(("1",))))
    given += [number_of(reply) for reply in replies[:-1]]
    assert replies[-1] == NOT_STORED
    assert [slip.number for slip in hub.prints] == given

    given.append(issue(hub))  # what was opened anew has no limit: the disk is back
    assert given == [f"1{order:03d}" for order in range(1, len(given) + 1)]


def test_a_printer_that_raises_stops_nobody(
    tmp_path: Path, clock: TestClock, caplog: pytest.LogCaptureFixture
) -> None:
    def jam(*_: object) -> None:
        raise KeyError("no such service")

    hub = Hub(IDENTITY, RULES, tmp_path, clock, jam)
    changes: list[int] = []
    hub.listen(lambda: changes.append(hub.house.seq))
    hub.start()
    with caplog.at_level(logging.CRITICAL):
        replies = [
            hub.submit(Order(uuid.uuid4().bytes, KIOSK, IssueTicket(("1",)))).result(10)
            for _ in range(2)
        ]
    hub.close()
    assert [number_of(reply) for reply in replies] == ["1001", "1002"]
    assert changes[-1] == hub.house.seq


def test_one_order_that_cannot_be_decided_leaves_the_others_alone(
    hub: RunningHub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("edge.core.decide._DECISIONS", {SignIn: stumble})
    with caplog.at_level(logging.CRITICAL), pytest.raises(ZeroDivisionError):
        hub.give(CLERK, SignIn("1"))
    assert issue(hub) == "1001"


# --- one command, one answer ------------------------------------------------------------------


def test_a_repeated_command_gets_the_first_answer_even_after_a_restart(hub: RunningHub) -> None:
    key = uuid.uuid4()
    first = hub.give(KIOSK, IssueTicket(("1",)), key)
    issue(hub)
    assert hub.give(KIOSK, IssueTicket(("1",)), key) == first
    hub.restart()
    assert hub.give(KIOSK, IssueTicket(("1",)), key) == first
    assert issue(hub) == "1003"


def test_commands_of_several_rows_are_remembered_whole(hub: RunningHub) -> None:
    hub.give(CLERK, SignIn("1"))
    hub.give(CLERK, OpenCounter("1"))
    for _ in range(3):
        issue(hub)
    work = [
        (uuid.uuid4(), command)
        for command in (
            CallNext("1"),
            StartService("1"),
            CallNext("1", finish_current=True),
            TransferTicket("1", "2"),
            CallTicket("1", "1003", "ưu tiên"),
            StartService("1"),
            FinishService("1"),
        )
    ]
    answers = [hub.give(CLERK, command, key) for key, command in work]
    assert all(isinstance(answer, Answer) for answer in answers)
    rating = (uuid.uuid4(), Rate("1", 4))
    answers.append(hub.give(PAD, rating[1], rating[0]))
    hub.restart()
    again = [hub.give(CLERK, command, key) for key, command in work]
    again.append(hub.give(PAD, rating[1], rating[0]))
    assert again == answers


def test_a_refused_command_may_be_given_again(hub: RunningHub, clock: TestClock) -> None:
    key = uuid.uuid4()
    clock.later(12 * 3600)
    closed = hub.give(KIOSK, IssueTicket(("1",)), key)
    assert isinstance(closed, Refused)
    clock.later(12 * 3600)
    assert number_of(hub.give(KIOSK, IssueTicket(("1",)), key)) == "1001"


def test_many_at_once_get_numbers_without_gap_or_double(hub: RunningHub) -> None:
    with ThreadPoolExecutor(8) as crowd:
        numbers = list(crowd.map(lambda _: issue(hub), range(400)))
    assert sorted(numbers) == [f"1{order:03d}" for order in range(1, 401)]
    assert [slip.number for slip in hub.prints] == sorted(numbers)


# --- restarts ---------------------------------------------------------------------------------


def test_a_restart_resumes_the_queue(hub: RunningHub) -> None:
    hub.give(CLERK, SignIn("1"))
    hub.give(CLERK, OpenCounter("1"))
    for service in ("1", "2", "5", "1"):
        issue(hub, service, on_paper=False)
    hub.give(CLERK, CallNext("1"))
    before = hub.hub.house.live
    hub.restart()
    assert hub.hub.house.live == before
    assert issue(hub) == "1003"


def test_the_start_is_in_the_journal_and_the_day_is_open(hub: RunningHub) -> None:
    issue(hub)
    hub.prints.clear()
    hub.restart()
    events = [decode_entry(row.body).event for row in hub.hub.journal.rows()]
    assert [type(event) for event in events[:3]] == [NodeStarted, DayOpened, DayOpened]
    assert isinstance(events[-2], NodeStarted)
    assert isinstance(events[-1], ReprintOrdered)


def test_orders_in_the_inbox_are_finished_before_it_closes(tmp_path: Path) -> None:
    hub = RunningHub(tmp_path, TestClock())
    orders = [Order(uuid.uuid4().bytes, KIOSK, IssueTicket(("1",))) for _ in range(300)]
    replies = [hub.hub.submit(order) for order in orders]
    hub.close()
    assert [number_of(reply.result(0)) for reply in replies] == [
        f"1{order:03d}" for order in range(1, 301)
    ]


def test_a_checkpoint_shortens_the_start_and_changes_nothing(hub: RunningHub) -> None:
    for _ in range(1100):
        issue(hub, on_paper=False)
    assert hub.hub.journal._query("SELECT count(*) FROM checkpoints", ()) == [(1,)]
    before = hub.hub.house.live
    hub.restart()
    assert hub.hub.house.live == before


# --- time, training, listeners ----------------------------------------------------------------


def test_a_clock_that_steps_is_noted_before_what_follows(hub: RunningHub, clock: TestClock) -> None:
    issue(hub)
    clock.wall_ms += 90_000
    issue(hub)
    clock.synced = False
    issue(hub)
    events = [decode_entry(row.body).event for row in hub.hub.journal.rows()]
    steps = [event for event in events if isinstance(event, ClockStepped)]
    assert steps == [ClockStepped(90_000, synced=True), ClockStepped(0, synced=False)]
    assert isinstance(events[-2], ClockStepped)


def test_no_number_comes_twice_when_the_clock_goes_back_and_forth(
    hub: RunningHub, clock: TestClock
) -> None:
    numbers = []
    for day in (0, -1, 0, 3, -56 * 365, 0, 400 * 365, 0):
        clock.wall_ms = TestClock().wall_ms + day * 86_400_000
        numbers.append((day, number_of(hub.give(CLERK, IssueTicket(("1",))))))
    assert len(set(numbers)) == len(numbers)


def test_training_and_the_live_queue_do_not_meet(hub: RunningHub) -> None:
    assert number_of(hub.practise(KIOSK, IssueTicket(("1",)))) == "01001"
    assert issue(hub) == "1001"
    hub.practise(CLERK, SignIn("1"))
    hub.practise(CLERK, OpenCounter("1"))
    assert number_of(hub.practise(CLERK, CallNext("1"))) == "01001"
    hub.restart()
    assert [ticket.number for ticket in hub.hub.snapshot().waiting] == ["1001"]
    assert hub.hub.snapshot(training=True).counters[0].staff == "nv01"
    assert hub.hub.snapshot().counters[0].staff is None


def test_listeners_hear_of_every_commit_and_see_it(hub: RunningHub) -> None:
    seen: list[int] = []
    changed = threading.Event()

    def look() -> None:
        seen.append(len(hub.hub.house.live.tickets))
        changed.set()

    hub.hub.listen(look)
    issue(hub)
    assert changed.wait(5)
    assert seen == [1]


@pytest.mark.parametrize("training", [False, True])
def test_a_snapshot_keeps_the_contract_from_the_first_moment(
    hub: RunningHub, training: bool
) -> None:
    hub.hub.show_link(lambda: LinkView(connected=True, unsent=3))
    picture = hub.hub.snapshot(training=training)
    assert msgspec.json.decode(msgspec.json.encode(picture), type=Snapshot) == picture
    assert picture.link.unsent == 3


def test_a_hub_without_a_line_says_that_it_works_alone(hub: RunningHub) -> None:
    assert hub.hub.snapshot().link == LinkView(connected=False, unsent=0, configured=False)


def test_what_a_supervisor_assigned_survives_a_restart(hub: RunningHub) -> None:
    hub.give(CHIEF, AssignServices("2", ("2",)))
    hub.restart()
    assert hub.hub.snapshot().counters[1].services == ("2",)


def test_the_log_and_the_report_are_of_this_day_and_this_queue(
    hub: RunningHub, clock: TestClock
) -> None:
    hub.give(CLERK, VoidTicket(issue(hub), "hôm qua"))
    clock.later(24 * 3600)
    hub.give(CLERK, VoidTicket(issue(hub), "lấy nhầm"))
    hub.practise(CLERK, VoidTicket(number_of(hub.practise(KIOSK, IssueTicket(("1",)))), "tập"))
    hub.restart()

    void, opened = hub.hub.log().lines
    assert (void.kind, void.actor, void.reason) == ("void", "nv01", "lấy nhầm")
    assert (opened.kind, opened.day, opened.at_ms) == ("day-opened", "2026-11-24", clock.wall_ms)
    assert hub.hub.log(limit=1).before == void.seq
    assert hub.hub.log(before=void.seq).lines == (opened,)
    assert [line.reason for line in hub.hub.log(training=True).lines] == ["tập", None]

    day = hub.hub.day_report()
    assert (day.day, day.tickets, day.voided) == ("2026-11-24", 1, 1)
    assert hub.hub.day_report(training=True).tickets == 1


def test_the_log_and_the_report_go_on_when_a_clock_confirms_the_day(tmp_path: Path) -> None:
    clock = TestClock()
    clock.synced = False
    hub = RunningHub(tmp_path, clock)
    hub.give(CLERK, VoidTicket(issue(hub), "lấy nhầm"))
    clock.synced = True
    issue(hub)

    log, day = hub.hub.log(), hub.hub.day_report()
    assert [line.kind for line in log.lines] == ["day-opened", "void", "day-opened"]
    assert (day.tickets, day.voided, hub.hub.snapshot().issued_today) == (2, 1, 2)
    hub.close()
