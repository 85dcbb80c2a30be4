"""A printer that takes all it is sent for the rest of one picture, and says that it is well."""

from pathlib import Path

import pytest
from PIL import ImageChops

from contract.commands import ReportPrint
from edge.devices.printer_profile import PrinterProfile
from edge.ticket.layout import Paper
from edge.ticket.raster import RasterRenderer
from tests.edge.devices.desk import HASTY, desk
from tests.edge.devices.stand import MODELS, stand
from tests.edge.ticket.tickets import ticket
from tests.simulation.printer.bench import picture
from tests.waiting import until

# A picture 62 bytes wide whose cable garbled the higher byte of that: 239,366 bytes.
MUCH_WIDER = b"\x1dv0\x00\x3e\x20\x1d\x00"
PROVING = [PrinterProfile(proof="process-id"), PrinterProfile(proof="status")]


@pytest.mark.parametrize("profile", PROVING, ids=["process-id", "status"])
def test_it_is_told_as_broken_at_once_and_prints_again_when_it_has_had_enough(
    profile: PrinterProfile, tmp_path: Path
) -> None:
    with desk(tmp_path, "tcp", profile=profile, timing=HASTY) as there:
        there.job("1001")
        assert there.outcome(1).outcome == "printed"
        there.virtual.receive(MUCH_WIDER)
        there.job("1002")
        assert there.outcome(2) == ReportPrint("1002", 1, "unknown", reason="no-proof")

        there.change("lost", "printer-error")
        there.job("1003")
        assert there.outcome(3) == ReportPrint("1003", 1, "failed", reason="printer-error")
        until(lambda: there.seen[-1] == ("ready", ""), 60)
        there.job("1002", copy=2)

        assert there.outcome(4).outcome == "printed"
        reprint = RasterRenderer(Paper()).preview(ticket(number="1002", copy=2))
        assert ImageChops.logical_xor(picture(there.slips[-1]), reprint).getbbox() is None


def test_switched_off_and_on_it_prints_at_once(tmp_path: Path) -> None:
    with desk(tmp_path, "pty", profile=PROVING[0], timing=HASTY) as there:
        there.job("1001")
        assert there.outcome(1).outcome == "printed"
        there.virtual.receive(MUCH_WIDER)
        there.job("1002")
        there.change("lost", "printer-error")

        there.virtual.power_off()
        there.virtual.power_on()
        there.change("ready")
        there.job("1002", copy=2)

        assert there.outcome(2).outcome == "unknown"
        assert there.outcome(3).outcome == "printed"


def test_one_that_answers_no_more_prints_on_without_a_proof(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, profile = MODELS["status"]
    with stand(model, profile, "usb") as there:
        assert there.print(1).outcome == "printed"
        monkeypatch.setattr(there.printer, "answer_in_order", lambda: None)
        assert there.print(1).outcome == "unknown"
        until(lambda: there.changes[-1] == "lost")
        until(lambda: there.changes[-1] == "ready", 60)

        assert there.print(1).outcome == "printed"
        assert there.outcomes[-1].proof == "assumed"
        assert there.slips[-1].complete
