from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from contract.commands import ReportPrint
from edge.devices.escpos_printer import PrintJob
from edge.devices.printer_profile import PrinterProfile
from edge.ticket.bands import MAX_BAND_BYTES
from edge.ticket.raster import RasterRenderer
from edge.ticket.tcvn3 import CodePages, Tcvn3Writer
from edge.ticket.text import TextRenderer
from edge.ticket.user_characters import UserCharacterWriter
from tests.edge.devices.desk import HASTY, Wire, desk
from tests.edge.ticket.tickets import LONGEST_UNIT, ticket
from tests.simulation.printer.bench import AT_ONCE
from tests.waiting import until

TEXT = PrinterProfile(mode="text", code_page=CodePages(), proof="process-id")
STRIP = PrinterProfile(mode="strip", proof="process-id")


def test_pictures_are_what_every_printer_gets_unless_the_site_says_otherwise() -> None:
    assert isinstance(PrinterProfile().renderer(), RasterRenderer)
    assert isinstance(replace(PrinterProfile(), code_page=CodePages()).renderer(), RasterRenderer)
    assert isinstance(TEXT.renderer(), TextRenderer)
    assert isinstance(TEXT.letters(), Tcvn3Writer)
    assert isinstance(STRIP.renderer(), TextRenderer)
    assert isinstance(STRIP.letters(), UserCharacterWriter)


def test_text_without_an_approved_code_page_is_refused_with_what_to_do() -> None:
    with pytest.raises(msgspec.ValidationError, match="thutu-printer calibrate"):
        msgspec.convert({"mode": "text"}, PrinterProfile)


def test_settings_name_the_approved_pages() -> None:
    found = {"mode": "text", "code_page": {"small": 49, "capitals": 50, "leave_kanji": True}}

    profile = msgspec.convert(found, PrinterProfile)

    assert profile.code_page == CodePages(49, 50, leave_kanji=True)


@pytest.mark.parametrize("profile", [TEXT, STRIP], ids=["text", "strip"])
@pytest.mark.parametrize("wire", ["pty", "tcp"])
def test_text_goes_the_same_way_to_the_paper_and_is_proved_alike(
    wire: Wire, profile: PrinterProfile, tmp_path: Path
) -> None:
    with desk(tmp_path, wire, profile=profile) as stand:
        stand.job("1001")
        stand.job("1002", copy=2)

        assert stand.outcome(1) == ReportPrint("1001", 1, "printed", "confirmed")
        assert stand.outcome(2) == ReportPrint("1002", 2, "printed", "confirmed")
        assert [LONGEST_UNIT in slip.text for slip in stand.slips] == [True, True]
        assert ["IN LẠI" in slip.text for slip in stand.slips] == [False, True]
        assert stand.virtual.failures == []


@pytest.mark.parametrize("profile", [TEXT, STRIP], ids=["text", "strip"])
def test_a_letter_that_the_printer_lacks_makes_that_ticket_a_picture(
    profile: PrinterProfile, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with desk(tmp_path, profile=profile) as stand:
        foreign = replace(ticket(number="1001"), service="Hộ tịch 👪")
        stand.owner.print(PrintJob("1001", 1, foreign))
        stand.job("1002")

        assert stand.outcome(1) == ReportPrint("1001", 1, "printed", "confirmed")
        assert stand.outcome(2).outcome == "printed"
        assert [LONGEST_UNIT in slip.text for slip in stand.slips] == [False, True]
        assert stand.virtual.failures == []
    assert "ticket 1001 as a picture" in caplog.text
    assert "U+1F46A" in caplog.text or "👪" in caplog.text


@pytest.mark.parametrize("at_byte", [30, 200, 400, 550])
def test_after_a_power_cut_within_text_the_pages_are_selected_anew(
    tmp_path: Path, at_byte: int
) -> None:
    with desk(tmp_path, profile=TEXT, timing=HASTY) as stand:
        stand.job("1000")
        assert stand.outcome().outcome == "printed"
        stand.virtual.at_byte(at_byte, stand.virtual.power_off)
        stand.job("1001")
        assert stand.outcome(2).outcome == "unknown"

        until(lambda: stand.changes[-1].state == "lost")
        stand.virtual.power_on()
        stand.change("ready")
        stand.job("1001", copy=2)

        assert stand.outcome(3).outcome == "printed"
        assert LONGEST_UNIT in stand.slips[-1].text
        assert "IN LẠI" in stand.slips[-1].text


def test_the_first_slip_of_the_day_is_no_slower_than_the_others(tmp_path: Path) -> None:
    with desk(tmp_path, model=replace(AT_ONCE, baud=9600), profile=TEXT) as stand:
        stand.change("ready")
        until(lambda: stand.virtual._received_bytes > MAX_BAND_BYTES)
        before = stand.virtual._received_bytes
        stand.job()

        assert stand.outcome().outcome == "printed"
        assert stand.virtual._received_bytes - before < 1_000
