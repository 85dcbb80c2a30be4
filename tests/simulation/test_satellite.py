"""The satellite of a simulated hall, as its citizens use it."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from contract.snapshot import DeviceView
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

    def printer(self) -> DeviceView:
        devices = self.node.hub.snapshot().devices
        return next(view for view in devices if view.device == PRINTER)


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
        until(lambda: house.printer() == DeviceView(PRINTER, "lost", "no-satellite"), 30)
    assert len(satellite.lights) == 4
