"""A hub of the nation behaves as the real one does, whatever befalls it."""

from collections.abc import Callable
from datetime import date, time

import pytest

from contract import commands as c
from contract.codec import decode_entry
from contract.commands import Answer
from contract.events import ClockStepped, DayOpened, NodeStarted, TicketPrinted
from contract.refusals import Reason
from runtime.clock import SystemClock
from runtime.hub_client import Refusal
from runtime.mqtt import MqttSettings
from simulation.agenda import Agenda
from simulation.clock import SimulatedTime
from simulation.communes import Commune, hub_settings
from simulation.day import PeoplesDay
from simulation.nation.hub import NationHub
from simulation.nation.shared_uplink import SharedUplink
from simulation.visits import Visit, at

DAY = date(2026, 11, 23)
COMMUNE = Commune("04-01738-01", "Xã Ca Thành", 4_684, "rural")
NOBODY = MqttSettings(host="127.0.0.1", port=9, client_id="nobody")
MakeHub = Callable[..., NationHub]


@pytest.fixture
def simulated() -> SimulatedTime:
    """08:00, as fast as the machine can."""
    return SimulatedTime(at(DAY, time(8)), None)


@pytest.fixture
def make_hub(simulated: SimulatedTime) -> MakeHub:
    """A hub whose line is never started."""

    def make(clock_error_ms: int = 0) -> NationHub:
        return NationHub(
            "04-01738-01-h1",
            hub_settings(COMMUNE).site,
            SharedUplink(NOBODY, SystemClock()),
            simulated,
            epoch="00000000000000aa",
            line_clock=SystemClock(),
            clock_error_ms=clock_error_ms,
        )

    return make


def kinds(hub: NationHub) -> list[type]:
    """What was written, in order."""
    return [type(decode_entry(body).event) for body in hub.journal.bodies]


def test_a_power_cut_changes_nothing_but_the_boot(make_hub: MakeHub) -> None:
    hub = make_hub()
    kiosk = hub.device("kiosk-1", "kiosk")
    first = kiosk.command(c.IssueTicket(("1",)))
    before = hub.snapshot().waiting
    hub.restart()
    assert hub.snapshot().waiting == before
    assert kinds(hub)[-1] is NodeStarted
    second = kiosk.command(c.IssueTicket(("1",)))
    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert (first.number, second.number) == ("1001", "1002")
    boots = {decode_entry(body).stamp.boot for body in hub.journal.bodies}
    assert len(boots) == 2


def test_a_clock_that_is_wrong_gives_out_numbers_and_is_set_right(
    make_hub: MakeHub, simulated: SimulatedTime
) -> None:
    hub = make_hub(clock_error_ms=-53 * 31_556_952_000)
    kiosk = hub.device("kiosk-1", "kiosk")
    kiosk.command(c.IssueTicket(("1",)))
    hub.correct_clock()
    simulated.advance_to(simulated.now_ms + 60_000)
    later = kiosk.command(c.IssueTicket(("1",)))
    assert isinstance(later, Answer)
    assert later.number == "1002"
    written = [decode_entry(body).event for body in hub.journal.bodies]
    assert any(isinstance(event, ClockStepped) for event in written)
    days = [event.day for event in written if isinstance(event, DayOpened)]
    assert days[-1] == DAY.isoformat() != days[0]


def test_every_slip_comes_out(make_hub: MakeHub) -> None:
    hub = make_hub()
    hub.device("kiosk-1", "kiosk").command(c.IssueTicket(("1",)))
    assert kinds(hub)[-1] is TicketPrinted
    assert hub.snapshot().waiting[0].slip == "printed"


def test_a_refusal_is_told_as_the_client_tells_it(make_hub: MakeHub) -> None:
    said = make_hub().device("kiosk-1", "kiosk").command(c.IssueTicket(("6",)))
    assert isinstance(said, Refusal)
    assert said.reason == Reason.UNKNOWN_SERVICE


def test_papers_that_come_after_the_house_was_swept_stop_no_clerk(
    make_hub: MakeHub, simulated: SimulatedTime
) -> None:
    hub, agenda = make_hub(), Agenda()
    noon_ms = at(DAY, time(14))
    parked = Visit(noon_ms, "1", service_s=60, papers_wait_s=7 * 3600.0)
    plain = Visit(noon_ms + 60_000, "1", service_s=60)
    PeoplesDay(hub, DAY, [parked, plain], clerks=1, agenda=agenda, simulated=simulated, seed="1")
    while (moment_ms := agenda.next_ms) is not None:
        simulated.advance_to(moment_ms)
        agenda.take()()
    assert simulated.now_ms > at(DAY, time(21))
    left = hub.snapshot()
    assert not left.waiting
    assert not left.parked
    assert all(counter.phase == "closed" for counter in left.counters)
