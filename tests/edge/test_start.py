"""What a cold start does first: loading is most of it."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from gpiozero.pins.mock import MockFactory

from edge.control_settings import ServiceButton
from edge.local_api import LocalApi
from edge.node import Node
from edge.settings import Http, HubSettings, PrinterSettings
from runtime.clock import SystemClock
from simulation.pads import press
from simulation.printer.machine import VirtualPrinter
from simulation.printer.model import PrinterModel
from simulation.printer.paper import Slip
from simulation.printer.ports import TcpPort
from tests.edge.running_site import RULES, TestClock
from tests.waiting import until

# At import it writes a file without syncing it; one that a power cut left empty ends every start.
WRITES_WHEN_LOADED = {"escpos.capabilities"}
AFTER_THE_BUTTONS = {"fastapi", "uvicorn", "zeroconf"}
FOR_OTHERS = {"httpx", "jinja2", "pygments", "rich", "textual", "yaml"}


@pytest.mark.parametrize(
    ("program", "unwanted"),
    [
        ("edge", WRITES_WHEN_LOADED | AFTER_THE_BUTTONS | FOR_OTHERS),
        ("edge.satellite", WRITES_WHEN_LOADED),
        ("edge.printer_tool", WRITES_WHEN_LOADED),
    ],
)
def test_a_program_loads_only_what_it_needs(program: str, unwanted: set[str]) -> None:
    load = f"import sys, {program}.__main__; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", load], capture_output=True, text=True, check=True)
    loaded = {*said.stdout.split()}
    assert "msgspec" in loaded
    assert not unwanted & loaded


def test_a_button_gives_a_number_while_the_local_api_is_still_loading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pins = MockFactory()
    slips: list[Slip] = []

    class SlowApi(LocalApi):
        def __init__(self, *parts: object, **further: object) -> None:
            until(lambda: pins.pin(23).state)
            press(pins, 22, Random(7), SystemClock())
            until(lambda: len(slips) > 0)
            super().__init__(*parts, **further)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr("edge.controls.open_pin_factory", lambda _: pins)
    monkeypatch.setattr("edge.local_api.LocalApi", SlowApi)
    clock = TestClock()
    with (
        closing(VirtualPrinter(PrinterModel(), SystemClock(), slips.append)) as printer,
        closing(TcpPort(printer)) as port,
    ):
        node = Node(
            HubSettings(
                "01-00097-01-h1",
                tmp_path,
                RULES,
                http=Http(port=0),
                printer=PrinterSettings(f"tcp://{port.address[0]}:{port.address[1]}"),
                ticket_buttons=(ServiceButton("1", 22, 23),),
                pin_library="mock",
            ),
            clock,
        )
        node.start()
        node.stop()
    assert [slip.complete for slip in slips] == [True]
