"""The hub's own machine among the devices of its snapshot."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.commands import Actor, OpenDay, RemoveDevice, ReportDevice
from contract.events import DeviceReturned
from contract.wire import Health
from edge.last_news import SILENT_S, LastNews
from edge.machine_watch import MachineWatch
from tests.edge.events import events_of
from tests.edge.running_site import RunningHub, TestClock
from tests.waiting import until

WELL = Health(60, undervoltage=False, wear_percent=10, free_mb=9000)
WEAK = Health(60, undervoltage=True, wear_percent=10, free_mb=9000)
CHIEF = Actor("ptr", "supervisor")
POWER_LOST = ("machine:power", "lost", "undervoltage")
POWER_READY = ("machine:power", "ready", "")
OTHERS_READY = {("machine:temperature", "ready", ""), ("machine:disk", "ready", "")}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningHub]:
    running = RunningHub(tmp_path, TestClock())
    yield running
    running.close()


def watch(hub: RunningHub, *looks: Health) -> None:
    """Look at these, one after the other, with a watch of a hub that was just started."""
    said = iter(looks)
    watching = MachineWatch(
        lambda: next(said),
        hub.hub.report,
        lambda: hub.hub.house.live.devices,
        LastNews(TestClock()),
    )
    for _ in looks:
        watching.look()
        settle(hub)


def lost(hub: RunningHub) -> set[str]:
    return {view.device for view in hub.hub.snapshot().devices if view.state == "lost"}


def shown(hub: RunningHub) -> set[tuple[str, str, str]]:
    return {(view.device, view.state, view.condition) for view in hub.hub.snapshot().devices}


def settle(hub: RunningHub) -> None:
    """Wait until everything reported so far has been taken."""
    nothing_new = OpenDay(hub.hub.house.live.day)
    hub.give(CHIEF, nothing_new)


def test_a_machine_that_is_well_says_so_once(hub: RunningHub) -> None:
    """A former card may have said otherwise."""
    watch(hub, *[WELL] * 9)
    assert shown(hub) == set()
    watch(hub, *[WELL] * 10)
    assert shown(hub) == {POWER_READY, *OTHERS_READY}
    watch(hub, *[WELL] * 12)
    hub.restart()
    watch(hub, *[WELL] * 12)
    said = [event for event in events_of(hub.hub) if isinstance(event, DeviceReturned)]
    assert len(said) == 3


def test_a_trouble_is_told_at_once_and_its_end_after_ten_good_looks(hub: RunningHub) -> None:
    watch(hub, WEAK)
    assert shown(hub) == {POWER_LOST}
    watch(hub, *[WELL] * 9, WEAK, *[WELL] * 9)
    assert POWER_LOST in shown(hub)
    before = len(events_of(hub.hub))
    watch(hub, *[WELL] * 9)
    assert POWER_LOST in shown(hub)
    assert len(events_of(hub.hub)) == before
    watch(hub, *[WELL] * 10)
    assert shown(hub) == {POWER_READY, *OTHERS_READY}
    assert len(events_of(hub.hub)) == before + 1


def test_a_trouble_that_ended_while_the_hub_was_off_is_taken_back(hub: RunningHub) -> None:
    watch(hub, WEAK)
    hub.restart()
    watch(hub, *[WELL] * 10)
    assert shown(hub) == {POWER_READY, *OTHERS_READY}


def test_it_looks_by_itself_until_closed(hub: RunningHub) -> None:
    watching = MachineWatch(
        lambda: WEAK,
        hub.hub.report,
        lambda: hub.hub.house.live.devices,
        LastNews(TestClock()),
        look_s=0.01,
    )
    watching.start()
    until(lambda: shown(hub) == {POWER_LOST})
    watching.close()


def test_a_device_of_a_silent_machine_is_lost_until_it_speaks_in_two_rows(hub: RunningHub) -> None:
    boards, ready = Actor("boards", "display"), ReportDevice("b1", "ready")
    real, watching = silence_of(hub)
    hub.give(boards, ready)
    hub.hub.report(ReportDevice("printer-1", "ready"))
    watching.look()
    real.later(SILENT_S - 1)
    watching.look()
    settle(hub)
    assert lost(hub) == set()
    before = hub.hub.house.seq
    real.later(1)
    watching.look()
    settle(hub)
    watching.look()
    settle(hub)
    assert lost(hub) == {"boards:b1"}
    hub.give(boards, ready)
    settle(hub)
    assert lost(hub) == set()
    assert hub.hub.house.seq == before + 2


def test_a_trouble_that_ended_days_ago_is_no_silence(hub: RunningHub) -> None:
    watch(hub, WEAK, *[WELL] * 10)
    real, watching = silence_of(hub)
    watching.look()
    real.later(3 * 24 * 3600)
    watching.look()
    settle(hub)
    assert lost(hub) == set()


def test_what_an_own_device_said_last_is_said_again_until_it_holds(hub: RunningHub) -> None:
    """A printer on a loose cable is taken for lost for ten minutes, and may be well since."""
    _, watching = silence_of(hub)
    ready, gone = ReportDevice("printer-1", "ready"), ReportDevice("printer-1", "lost", "x")
    watching.pass_on(ready)
    for _ in range(30):
        watching.pass_on(gone)
        watching.pass_on(ready)
    settle(hub)
    watching.look()
    settle(hub)
    assert lost(hub) == {"printer-1"}
    hub.clock.later(600)
    watching.look()
    settle(hub)
    assert lost(hub) == set()
    before = hub.hub.house.seq
    watching.look()
    settle(hub)
    assert hub.hub.house.seq == before


def test_a_device_that_somebody_took_off_the_list_is_not_put_back(hub: RunningHub) -> None:
    _, watching = silence_of(hub)
    watching.pass_on(ReportDevice("printer-1", "lost", "disconnected"))
    settle(hub)
    hub.give(CHIEF, RemoveDevice("printer-1"))
    watching.look()
    settle(hub)
    assert shown(hub) == set()


def silence_of(hub: RunningHub) -> tuple[TestClock, MachineWatch]:
    """A watch of other machines alone, and the clock by which it measures their silence."""
    real = TestClock()
    watching = MachineWatch(
        Health, hub.hub.report, lambda: hub.hub.house.live.devices, LastNews(real)
    )
    return real, watching
