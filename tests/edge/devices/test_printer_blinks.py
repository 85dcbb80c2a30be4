"""Power that is back at once: nothing but the printer's memory is gone, and it says nothing."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from edge.devices.printer_profile import Mode, PrinterProfile
from edge.ticket.tcvn3 import CodePages
from tests.edge.devices.desk import HASTY, Desk, Wire, desk
from tests.simulation.printer.bench import AT_ONCE

# Network and USB lose the connection with the power; a serial printer must say that it is back.
SAYS_SO = replace(AT_ONCE, power_on_notice=True)
WIRES: tuple[Wire, ...] = ("pty", "usb", "tcp")
MODES: tuple[Mode, ...] = ("raster", "text", "strip")


def blink(stand: Desk) -> None:
    stand.virtual.power_off()
    stand.virtual.power_on()


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("proof", ["process-id", "status"])
def test_a_blink_within_a_ticket_is_never_taken_for_a_proof(
    wire: Wire, mode: Mode, proof: str, tmp_path: Path
) -> None:
    profile = PrinterProfile(mode=mode, code_page=CodePages())
    profile = replace(profile, proof="process-id" if proof == "process-id" else "status")
    with desk(tmp_path, wire, model=SAYS_SO, profile=profile, timing=HASTY) as stand:
        stand.change("ready")
        stand.job("1000")
        assert stand.outcome(1).outcome == "printed"
        stand.virtual.at_byte(300, lambda: blink(stand))
        stand.job("1001")

        assert stand.outcome(2).outcome == "unknown"
        stand.job("1001", copy=2)
        stand.outcome(3)
        while stand.outcomes[-1].outcome == "failed":
            stand.change("ready")
            stand.job("1001", copy=2)
            stand.outcome(len(stand.outcomes) + 1)
        assert stand.outcomes[-1].outcome == "printed"
        assert stand.slips[-1].complete
