"""A site whose machine has no clock chip, no network, and no power at night: a week of mornings."""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from contract import commands as c
from contract.codec import decode_entry
from contract.commands import Actor, Answer
from contract.events import DayOpened, Entry, ServiceFinished, TicketIssued
from contract.snapshot import Snapshot, TicketView
from display.hall.scene import scene
from runtime.hub_client import HubClient, StaffSession
from tests.edge.core.invariants import Watch
from tests.edge.running_site import KIOSK, MONDAY_8_MS, RunningSite, TestClock

PIN = "482915"
CLERK = Actor("nv01", "clerk")
FIRST_DAY = 23
NIGHTS = 5
TUESDAY_8_MS = MONDAY_8_MS + 86_400_000
BORN_MS = 12_000  # what such a machine's clock says when it starts: 1970


class Machine:
    """A machine that loses its power and starts again in 1970 with what is on its disk."""

    def __init__(self, folder: Path) -> None:
        self._folders = folder
        self._boots = 1
        self._clock = self._at_birth()
        self.site = RunningSite(self._disk, self._clock)
        self.site.access.set_pin("pt01", "supervisor", PIN)

    @property
    def _disk(self) -> Path:
        return self._folders / f"disk-{self._boots}"

    def cut_power(self) -> None:
        """Go on from the disk as it was while the hub ran; nothing was put in order before."""
        before = self._disk
        self._boots += 1
        shutil.copytree(before, self._disk)
        self.site.close()
        self._clock = self._at_birth()
        self.site = RunningSite(self._disk, self._clock)

    def later(self, minutes: float) -> None:
        self._clock.later(minutes * 60)

    def set_clock(self, wall_ms: int) -> None:
        self._clock.wall_ms, self._clock.synced = wall_ms, True

    def issue(self, count: int) -> list[str]:
        numbers = []
        for _ in range(count):
            given = self.site.give(KIOSK, c.IssueTicket(("1",)))
            assert isinstance(given, Answer)
            assert given.number is not None
            numbers.append(given.number)
            self.later(3)
        return numbers

    def works(self, *commands: c.AnyCommand) -> None:
        for command in commands:
            assert isinstance(self.site.give(CLERK, command), Answer), command

    def says(self, day: str, *, everybody: bool = False) -> None:
        """The supervisor signs in, sees who may have gone, and says which day it is."""
        with closing(HubClient(self.site.url)) as door:
            session = door.sign_in("pt01", PIN)
        assert isinstance(session, StaffSession)
        with closing(HubClient(self.site.url, session.token)) as hub:
            shot = hub.snapshot()
            assert not shot.clock_trusted
            gone = [ticket for ticket in house(shot) if everybody or ticket.earlier]
            numbers_gone = tuple(ticket.number for ticket in gone)
            said = hub.command(c.OpenDay(day, numbers_gone, of_day=shot.day))
            assert isinstance(said, Answer)

    @property
    def rows(self) -> list[bytes]:
        return [row.body for row in self.site.hub.journal.checked_rows()]

    def _at_birth(self) -> TestClock:
        clock = TestClock(BORN_MS, f"boot-{self._boots}")
        clock.synced = False
        return clock


def house(shot: Snapshot) -> list[TicketView]:
    at_counters = (view.ticket for view in shot.counters if view.ticket)
    return [*shot.waiting, *shot.parked, *shot.absent, *at_counters]


def numbers(shot: Snapshot) -> set[str]:
    return {ticket.number for ticket in house(shot)}


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    yield made
    made.site.close()


def test_each_morning_begins_with_those_who_came_that_morning(machine: Machine) -> None:
    kept: list[bytes] = []
    for night in range(NIGHTS):
        early = machine.issue(2)  # the kiosk does not wait for the supervisor
        assert set(early) < numbers(machine.site.hub.snapshot()) or night == 0

        machine.says(f"2026-11-{FIRST_DAY + night}")

        shot = machine.site.hub.snapshot()
        hall = scene(shot, {})
        assert numbers(shot) == set(early)
        assert [of.waiting for of in hall.waiting] == [2, 0, 0]
        assert (hall.calling, hall.recent) == ((), ())
        assert {view.phase for view in shot.counters} == {"closed"}
        a_day(machine)
        assert machine.rows[: len(kept)] == kept, "a row of the days before is lost or changed"
        kept = machine.rows
        machine.cut_power()

    entries = [decode_entry(row) for row in machine.rows]
    assert_no_number_twice_on_a_day(entries)
    assert all_are_accounted_for(entries, machine.site.hub.snapshot())


def test_nobody_has_gone_for_a_power_cut_at_noon(machine: Machine) -> None:
    machine.says("2026-11-23")
    here = machine.issue(3)
    machine.cut_power()
    shot = machine.site.hub.snapshot()
    assert (shot.day, numbers(shot)) == ("2026-11-23", set(here)), "it is believed until told"
    assert all(ticket.earlier for ticket in house(shot)), "only a person can tell"
    machine.issue(1)
    assert numbers(machine.site.hub.snapshot()) > set(here)


def test_at_closing_time_everybody_goes_and_an_update_finds_a_quiet_house(
    machine: Machine,
) -> None:
    machine.says("2026-11-23")
    machine.issue(3)
    busy = not machine.site.hub.is_empty
    machine.says("2026-11-23", everybody=True)
    assert busy
    assert machine.site.hub.is_empty
    assert machine.site.hub.snapshot().issued_today == 3, "the day is still the same"


def test_a_clock_that_is_set_at_last_decides_and_numbers_begin_anew(machine: Machine) -> None:
    machine.says("2026-11-22")  # a slip of the finger
    machine.issue(3)
    machine.cut_power()
    machine.set_clock(TUESDAY_8_MS)
    assert machine.issue(1) == ["1004"], "the three might have been given out this morning"
    assert machine.site.hub.snapshot().day == "2026-11-24"
    machine.later(24 * 60)
    assert machine.issue(1) == ["1001"]


def a_day(machine: Machine) -> None:
    """One is served, one stays parked, one absent, one at the counter, and some wait till dark."""
    machine.works(c.SignIn("1"), c.OpenCounter("1"))
    machine.issue(8)
    machine.works(c.CallNext("1"), c.StartService("1"), c.FinishService("1"))
    machine.works(c.CallNext("1"), c.StartService("1"), c.ParkTicket("1", "papers"))
    machine.works(c.CallNext("1"), c.MarkNoShow("1"), c.CallNext("1"))
    machine.later(480)


def assert_no_number_twice_on_a_day(entries: Iterable[Entry]) -> None:
    watches = {training: Watch(honest=False) for training in (False, True)}
    for entry in entries:
        watches[entry.training].read(entry, 0)


def all_are_accounted_for(entries: Iterable[Entry], shot: Snapshot) -> bool:
    """Whoever was given a number was served, was given up by name, or is still in the house."""
    events = [entry.event for entry in entries]
    issued = Counter(event.number for event in events if isinstance(event, TicketIssued))
    served = Counter(event.number for event in events if isinstance(event, ServiceFinished))
    gone = Counter(n for event in events if isinstance(event, DayOpened) for n in event.abandoned)
    return issued == served + gone + Counter(numbers(shot))
