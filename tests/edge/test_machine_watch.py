"""The hub's own machine among the devices of its snapshot."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.commands import Actor, IssueTicket, OpenDay, ReportDevice
from contract.snapshot import DeviceView
from contract.wire import Health
from edge.machine_watch import MachineWatch
from tests.edge.events import events_of
from tests.edge.running_site import RunningHub, TestClock
from tests.waiting import until

WELL = Health(60, undervoltage=False, wear_percent=10, free_mb=9000)
WEAK = Health(60, undervoltage=True, wear_percent=10, free_mb=9000)
KIOSK = Actor("kiosk-1", "kiosk")
CHIEF = Actor("ptr", "supervisor")
POWER_LOST = DeviceView("machine:power", "lost", "undervoltage")
POWER_READY = DeviceView("machine:power", "ready")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningHub]:
    running = RunningHub(tmp_path, TestClock())
    yield running
    running.close()


def watch(hub: RunningHub, *looks: Health) -> None:
    """Look at these, one after the other, with a watch of a hub that was just started."""
    said = iter(looks)
    watching = MachineWatch(lambda: next(said), hub.hub.report, lambda: hub.hub.house.live.devices)
    for _ in looks:
        rows = hub.hub.house.seq
        watching.look()
        settle(hub)
        assert hub.hub.house.seq - rows <= 1


def lost(hub: RunningHub) -> set[str]:
    return {view.device for view in hub.hub.snapshot().devices if view.state == "lost"}


def settle(hub: RunningHub) -> None:
    """Wait until everything reported so far has been taken."""
    nothing_new = OpenDay(hub.hub.house.live.day)
    hub.give(CHIEF, nothing_new)


def test_a_machine_that_is_well_says_nothing(hub: RunningHub) -> None:
    watch(hub, *[WELL] * 12)
    assert hub.hub.snapshot().devices == ()


def test_a_trouble_is_told_at_once_and_its_end_after_ten_good_looks(hub: RunningHub) -> None:
    watch(hub, WEAK)
    assert hub.hub.snapshot().devices == (POWER_LOST,)
    before = len(events_of(hub.hub))
    watch(hub, WEAK, *[WELL] * 9, WEAK, *[WELL] * 9)
    assert hub.hub.snapshot().devices == (POWER_LOST,)
    assert len(events_of(hub.hub)) == before
    watch(hub, *[WELL] * 10)
    assert hub.hub.snapshot().devices == (POWER_READY,)


def test_a_trouble_that_ended_while_the_hub_was_off_is_taken_back(hub: RunningHub) -> None:
    watch(hub, WEAK)
    hub.restart()
    watch(hub, *[WELL] * 10)
    assert hub.hub.snapshot().devices == (POWER_READY,)


def test_it_looks_by_itself_until_closed(hub: RunningHub) -> None:
    watching = MachineWatch(
        lambda: WEAK, hub.hub.report, lambda: hub.hub.house.live.devices, look_s=0.01
    )
    watching.start()
    until(lambda: hub.hub.snapshot().devices == (POWER_LOST,))
    watching.close()


def test_another_machine_that_says_nothing_for_a_day_is_lost_until_it_speaks(
    hub: RunningHub,
) -> None:
    boards, ready = Actor("boards", "display"), ReportDevice("b1", "ready")
    hub.give(boards, ready)
    for _ in range(2):
        watch(hub, WELL)
        assert lost(hub) == set()
        hub.clock.later(24 * 3600)
        hub.give(KIOSK, IssueTicket(("1",), on_paper=False))
    watch(hub, WELL)
    watch(hub, WELL)
    assert hub.hub.snapshot().devices == (DeviceView("boards:b1", "lost", "no-news"),)
    hub.give(boards, ready)
    assert hub.hub.snapshot().devices == (DeviceView("boards:b1", "ready"),)
