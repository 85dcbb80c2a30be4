"""Slips: what a hub knows of the paper, and what it prints again."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from contract.commands import (
    Answer,
    IssueTicket,
    ReportPrint,
    ReprintTicket,
    UseRoll,
    VoidTicket,
)
from edge.core.effects import Slip
from edge.core.state import State
from tests.edge.full_disk import PARTS_OF_THE_LOG, PLACES_OF_THE_MARK
from tests.edge.running_site import CLERK, HUB, KIOSK, RunningHub, TestClock
from tests.waiting import until


def issue(hub: RunningHub) -> str:
    reply = hub.give(KIOSK, IssueTicket(("1",)))
    assert isinstance(reply, Answer)
    assert reply.number is not None
    return reply.number


def printed(hub: RunningHub, number: str, copy: int = 1) -> None:
    hub.give(HUB, ReportPrint(number, copy, "printed", "confirmed"))


def test_a_slip_that_nobody_saw_is_printed_again_as_a_second_copy(hub: RunningHub) -> None:
    seen, unseen, void = issue(hub), issue(hub), issue(hub)
    printed(hub, seen)
    hub.give(CLERK, VoidTicket(void, "hủy"))
    hub.prints.clear()
    hub.restart()
    assert hub.prints == [Slip(unseen, 2)]
    printed(hub, unseen, copy=2)
    hub.restart()
    assert hub.prints == [Slip(unseen, 2)]


def test_an_old_slip_is_not_printed_again(hub: RunningHub, clock: TestClock) -> None:
    issue(hub)
    hub.prints.clear()
    clock.later(16 * 60)
    hub.restart()
    assert hub.prints == []


def test_after_a_reboot_with_a_wrong_clock_a_young_slip_counts_as_young(
    hub: RunningHub, clock: TestClock
) -> None:
    issue(hub)
    hub.prints.clear()
    clock.boot, clock.mono_ns = "boot-2", 5_000_000_000
    clock.wall_ms, clock.synced = 100_000_000_000, False
    hub.restart()
    assert hub.prints == [Slip("1001", 2)]
    assert issue(hub) == "1002"


def test_staff_may_ask_for_a_further_copy(hub: RunningHub) -> None:
    number = issue(hub)
    hub.give(CLERK, ReprintTicket(number))
    assert hub.prints == [Slip(number, 1), Slip(number, 2)]


def test_a_slip_of_unknown_outcome_waits_for_staff(hub: RunningHub) -> None:
    number = issue(hub)
    hub.give(HUB, ReportPrint(number, 1, "unknown", reason="line lost"))
    hub.prints.clear()
    hub.restart()
    assert hub.prints == []
    (ticket,) = hub.hub.snapshot().waiting
    assert ticket.slip == "unknown"
    hub.give(CLERK, ReprintTicket(number))
    assert hub.prints == [Slip(number, 2)]


def test_a_roll_is_on_after_a_restart_and_its_numbers_survive_the_journals_loss(
    hub: RunningHub,
) -> None:
    issue(hub)
    hub.give(CLERK, UseRoll("1045"))
    hub.restart()
    assert [issue(hub), issue(hub)] == ["1045", "1046"]
    hub.give(CLERK, UseRoll("1060"))
    hub.hub.close()
    for part in hub.folder.glob("journal.db*"):
        part.unlink()
    hub.hub = hub._started()
    assert issue(hub) == "1060"


def test_devices_report_without_waiting(hub: RunningHub) -> None:
    number = issue(hub)
    hub.hub.report(ReportPrint(number, 1, "unknown", reason="silent"))
    until(lambda: not hub.hub.house.live.tickets[number].print_pending)


def test_a_slip_that_cannot_be_handed_to_the_printer_is_told(
    hub: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def clumsy(slip: Slip, _queue: State, _training: bool) -> None:
        raise KeyError(slip.number)

    monkeypatch.setattr(hub, "_print", clumsy)
    hub.restart()
    number = issue(hub)
    until(lambda: hub.hub.snapshot().waiting[0].slip == "failed")
    (ticket,) = hub.hub.snapshot().waiting
    assert (ticket.number, ticket.slip) == (number, "failed")


def test_a_disk_that_takes_nothing_for_a_while(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.edge.full_disk", str(tmp_path)]
    told = subprocess.run(command, check=True, capture_output=True, timeout=60)
    report = msgspec.json.decode(told.stdout)
    assert report["refused"] == ["not-stored"] * 20
    assert report["printed_while_full"] == 0
    assert report["after"] == "1021"
    assert report["unacknowledged"] == []
    assert report["after_restart"] == "1022"
    # What the printer said meanwhile is known, and what it still holds is not printed again ...
    assert report["slips"] == ["printed", "failed", "unknown", "pending"]
    assert report["devices"] == {"printer-1": "lost"}
    assert report["reprinted"] == []
    # ... until a restart, which the printer's jobs do not outlive.
    assert report["reprinted_after_restart"] == report["held"]


@pytest.mark.parametrize("then", ["go-on", "restart"])
@pytest.mark.parametrize("where", [*PLACES_OF_THE_MARK, *map(str, PARTS_OF_THE_LOG)])
def test_a_ticket_that_was_not_stored_is_never_printed_whichever_write_failed(
    tmp_path: Path, where: str, then: str
) -> None:
    command = [sys.executable, "-m", "tests.edge.full_disk", str(tmp_path), where, then]
    told = subprocess.run(command, check=True, capture_output=True, timeout=60)
    report = msgspec.json.decode(told.stdout)
    assert (report["refused"], report["in_vain"]) == ("not-stored", 0)
    assert report["ghosts"] == []
    assert report["waiting"] == report["held"]
    assert len(set(report["held"])) == len(report["held"])
    # The same command again: carried out now, or known to be void.
    assert report["asked_again"] in {"ticket-ended", *report["held"]}
    assert report["aside"] == []
