"""The satellite of a simulated hall, as its citizens use it."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest
from msgspec.structs import replace

from contract.commands import (
    Actor,
    Answer,
    AnyCommand,
    CallNext,
    FinishService,
    IssueTicket,
    OpenCounter,
    Order,
    SignIn,
    StartService,
)
from edge.node import Node
from edge.settings import Http
from simulation.clock import SimulatedClock, SimulatedTime
from simulation.communes import COMMUNES, hub_settings
from simulation.printer.paper import Slip
from simulation.satellite import PRINTER, PRINTS_ON, SimulatedSatellite
from tests.waiting import until

MONDAY_8_MS = 1_795_395_600_000
FINGER = Random(7)


class House:
    """A hub without a printer of its own, and its satellite."""

    def __init__(self, folder: Path) -> None:
        settings = hub_settings(COMMUNES[0])
        site = replace(settings.site, prints_on=PRINTS_ON)
        clock = SimulatedClock(SimulatedTime(MONDAY_8_MS, None), "boot")
        self.node = Node(
            replace(settings, data=folder / "hub", http=Http(port=0), site=site), clock
        )
        self.node.start()
        self.slips: list[Slip] = []
        self.satellite = SimulatedSatellite(site, folder / "pi", clock, self.slips.append)
        self.satellite.admit(self.node)

    def give(self, command: AnyCommand) -> None:
        """Let the clerk of the first counter do something."""
        order = Order(uuid4().bytes, Actor("nv01", "supervisor"), command)
        assert isinstance(self.node.hub.submit(order).result(20), Answer)

    def printer(self) -> str:
        """Why its printer cannot print, or its state."""
        devices = self.node.hub.snapshot().devices
        view = next(view for view in devices if view.device == PRINTER)
        return view.condition or view.state


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.satellite.close()
    house.node.stop()


def test_a_lit_button_gives_a_slip_and_a_satellite_that_is_off_is_dark(house: House) -> None:
    satellite = house.satellite
    for issued in (1, 2):
        satellite.switch_on(house.node.url)
        until(lambda: all(satellite.lights.values()), 30)
        assert satellite.push("1", FINGER)
        until(lambda: len(house.slips) == issued, 30)  # noqa: B023 - awaited in this very turn
        assert house.node.hub.snapshot().issued_today == issued
        satellite.switch_off()
        assert not any(satellite.lights.values())
        assert not satellite.push("1", FINGER)
        until(lambda: house.printer() == "no-satellite", 30)
    assert len(satellite.lights) == 4


def test_the_rating_pad_is_lit_while_a_rating_is_due_and_counts_one(house: House) -> None:
    satellite = house.satellite
    satellite.switch_on(house.node.url)
    until(lambda: all(satellite.lights.values()), 30)
    assert not any(satellite.pad_lights)
    served: tuple[AnyCommand, ...] = (
        *(SignIn("1"), OpenCounter("1"), IssueTicket(("1",), on_paper=False)),
        *(CallNext("1"), StartService("1"), FinishService("1")),
    )
    for command in served:
        house.give(command)
    until(lambda: satellite.shows_row == house.node.hub.house.seq, 30)
    assert satellite.pad_lights == (True,) * 4
    satellite.press_rating(3, FINGER)
    until(lambda: house.node.hub.snapshot().ratings_today == 1, 30)
    satellite.switch_off()
    assert not any(satellite.pad_lights)
