from pathlib import Path

import pytest
from msgspec.structs import replace
from PIL import ImageChops

from contract.commands import ReportPrint
from edge.devices.escpos_printer import PrintJob
from edge.devices.printer_profile import PrinterProfile
from edge.ticket.layout import Paper
from edge.ticket.raster import RasterRenderer
from runtime.wording import LANGUAGES, catalogue
from simulation.printer.ports import PtyPort, UsbPort
from tests.edge.devices.desk import HASTY, Wire, desk
from tests.edge.ticket.tickets import FOLLOW_URL, ticket
from tests.simulation.printer.bench import AT_ONCE, picture
from tests.waiting import until

ONE_WAY = PrinterProfile(proof="none", automatic_status=False)
BY_STATUS = PrinterProfile(proof="status")
WIRES: tuple[Wire, ...] = ("pty", "usb", "tcp")


@pytest.fixture(params=range(len(WIRES)), ids=WIRES)
def wire(request: pytest.FixtureRequest) -> Wire:
    index: int = request.param
    return WIRES[index]


def test_prints_what_the_preview_shows_and_knows_that_it_did(wire: Wire, tmp_path: Path) -> None:
    with desk(tmp_path, wire) as stand:
        stand.job()

        assert stand.outcome() == ReportPrint("1025", 1, "printed", "confirmed")
        [slip] = stand.slips
        preview = RasterRenderer(Paper()).preview(ticket())
        assert ImageChops.logical_xor(picture(slip), preview).getbbox() is None
        assert (slip.qr, slip.complete) == (FOLLOW_URL, True)
        assert stand.seen == [("ready", "")]
        assert stand.virtual.failures == []


def test_prints_jobs_in_order_and_never_twice(wire: Wire, tmp_path: Path) -> None:
    numbers = [str(1001 + n) for n in range(8)]
    with desk(tmp_path, wire) as stand:
        for number in numbers:
            stand.job(number)
        stand.outcome(len(numbers))

        assert [outcome.number for outcome in stand.outcomes] == numbers
        assert len({slip.image.tobytes() for slip in stand.slips}) == len(numbers)
        assert len(stand.slips) == len(numbers)


def test_a_printer_without_process_ids_is_believed_when_it_is_well_before_and_after(
    wire: Wire, tmp_path: Path
) -> None:
    model = replace(AT_ONCE, process_id=False, automatic_status=False)
    profile = replace(BY_STATUS, automatic_status=False)
    with desk(tmp_path, wire, model=model, profile=profile) as stand:
        stand.job()

        assert stand.outcome() == ReportPrint("1025", 1, "printed", "assumed")
        assert stand.virtual.failures == []


def test_on_a_one_way_line_a_slip_was_sent_and_no_more_is_known(tmp_path: Path) -> None:
    with desk(tmp_path, profile=ONE_WAY) as stand:
        stand.virtual.reply_copies = 0
        stand.job()

        assert stand.outcome() == ReportPrint("1025", 1, "sent")
        until(lambda: len(stand.slips) == 1)
        assert stand.slips[0].complete


def test_a_one_way_printer_that_does_not_take_all_of_a_slip_leaves_it_in_doubt(
    tmp_path: Path,
) -> None:
    model = replace(AT_ONCE, busy_when_offline=True, buffer_bytes=2000)
    with desk(tmp_path, model=model, profile=ONE_WAY, timing=HASTY) as stand:
        stand.change("ready")
        stand.virtual.at_byte(9_000, stand.virtual.remove_paper)
        stand.job()

        assert stand.outcome() == ReportPrint("1025", 1, "unknown", reason="no-answer")


@pytest.mark.parametrize("copies", [0, 2, 3])
def test_replies_that_never_come_or_come_again_do_not_lead_astray(
    tmp_path: Path, copies: int
) -> None:
    with desk(tmp_path, timing=HASTY) as stand:
        stand.job("1001")
        assert stand.outcome().outcome == "printed"
        stand.virtual.reply_copies = copies
        stand.job("1002")

        outcome = stand.outcome(2)
        if copies:
            assert outcome == ReportPrint("1002", 1, "printed", "confirmed")
        else:
            assert outcome == ReportPrint("1002", 1, "failed", reason="no-answer")
            assert stand.seen == [("ready", ""), ("lost", "no-answer")]


@pytest.mark.parametrize(
    ("fault", "mend", "condition"),
    [
        ("remove_paper", "load_paper", "paper-out"),
        ("open_cover", "close_cover", "cover-open"),
    ],
)
@pytest.mark.parametrize("busy_when_offline", [True, False])
def test_a_printer_that_cannot_print_fails_jobs_with_the_reason_and_tells_once(
    tmp_path: Path, fault: str, mend: str, condition: str, busy_when_offline: bool
) -> None:
    model = replace(AT_ONCE, busy_when_offline=busy_when_offline)
    with desk(tmp_path, model=model, timing=HASTY) as stand:
        stand.change("ready")
        getattr(stand.virtual, fault)()
        stand.change("lost", condition)
        stand.job("1001")
        assert stand.outcome() == ReportPrint("1001", 1, "failed", reason=condition)
        assert stand.slips == []

        getattr(stand.virtual, mend)()
        stand.change("ready")
        stand.job("1002")

        assert stand.outcome(2) == ReportPrint("1002", 1, "printed", "confirmed")
        assert stand.seen == [("ready", ""), ("lost", condition), ("ready", "")]
        assert [slip.complete for slip in stand.slips] == [True]


def test_a_short_interruption_only_delays_a_job(tmp_path: Path) -> None:
    with desk(tmp_path) as stand:
        stand.change("ready")
        stand.virtual.open_cover()
        stand.change("lost", "cover-open")
        stand.job()
        stand.virtual.close_cover()

        assert stand.outcome().outcome == "printed"


def test_paper_low_is_told_but_hinders_nothing(tmp_path: Path) -> None:
    with desk(tmp_path) as stand:
        stand.change("ready")
        stand.virtual.load_paper(1000.0)
        stand.change("paper-low")
        stand.job()

        assert stand.outcome().outcome == "printed"
        assert stand.seen == [("ready", ""), ("paper-low", "")]


def test_paper_that_ends_within_a_ticket_leaves_its_fate_unknown(
    wire: Wire, tmp_path: Path
) -> None:
    with desk(tmp_path, wire, timing=HASTY) as stand:
        stand.change("ready")
        stand.virtual.load_paper(50.0)
        stand.job("1001")

        assert stand.outcome() == ReportPrint("1001", 1, "unknown", reason="paper-out")
        stand.change("lost", "paper-out")
        stand.virtual.load_paper()
        stand.change("ready")
        stand.job("1001", copy=2)

        assert stand.outcome(2) == ReportPrint("1001", 2, "printed", "confirmed")
        reprint = RasterRenderer(Paper()).preview(ticket(number="1001", copy=2))
        assert ImageChops.logical_xor(picture(stand.slips[-1]), reprint).getbbox() is None
        assert not stand.slips[0].complete


def test_paper_put_in_at_once_lets_the_ticket_go_on(tmp_path: Path) -> None:
    roomy = replace(AT_ONCE, buffer_bytes=1_000_000)  # so that BUSY can only mean no paper
    with desk(tmp_path, model=roomy) as stand:
        stand.change("ready")
        stand.virtual.load_paper(50.0)
        stand.job()
        until(lambda: stand.virtual.room_bytes(0) == 0)
        stand.virtual.load_paper()

        assert stand.outcome() == ReportPrint("1025", 1, "printed", "confirmed")
        assert len(stand.slips) == 2


@pytest.mark.parametrize(
    ("at_byte", "profile"),
    [
        (5_000, PrinterProfile(proof="process-id")),
        (12_345, BY_STATUS),
        (25_000, PrinterProfile(proof="process-id")),
        (29_000, BY_STATUS),
    ],
)
def test_a_power_cut_within_a_ticket_leaves_its_fate_unknown_and_the_next_one_whole(
    wire: Wire, tmp_path: Path, at_byte: int, profile: PrinterProfile
) -> None:
    with desk(tmp_path, wire, profile=profile, timing=HASTY) as stand:
        stand.change("ready")
        stand.virtual.at_byte(at_byte, stand.virtual.power_off)
        stand.job("1001")

        assert stand.outcome().outcome == "unknown"
        until(lambda: stand.changes[-1].state == "lost")
        stand.virtual.power_on()
        stand.change("ready")
        stand.job("1001", copy=2)

        assert stand.outcome(2).outcome == "printed"
        reprint = RasterRenderer(Paper()).preview(ticket(number="1001", copy=2))
        assert ImageChops.logical_xor(picture(stand.slips[-1]), reprint).getbbox() is None
        assert [state for state, _ in stand.seen] == ["ready", "lost", "ready"]


def test_a_clone_that_does_not_answer_in_order_is_believed_by_its_status(tmp_path: Path) -> None:
    model = replace(AT_ONCE, in_order_status=False)
    with desk(tmp_path, model=model, profile=BY_STATUS, timing=HASTY) as stand:
        stand.job()

        assert stand.outcome() == ReportPrint("1025", 1, "printed", "assumed")


@pytest.mark.parametrize("cable", ["pty", "usb"])
def test_a_cable_pulled_and_put_back_is_told_once_each_and_printing_goes_on(
    cable: Wire, tmp_path: Path
) -> None:
    with desk(tmp_path, cable, timing=HASTY) as stand:
        stand.change("ready")
        assert isinstance(stand.port, PtyPort | UsbPort)
        stand.port.unplug()
        stand.change("lost", "disconnected")
        stand.job("1001")
        assert stand.outcome() == ReportPrint("1001", 1, "failed", reason="disconnected")

        stand.port.plug()
        stand.change("ready")
        stand.job("1002")

        assert stand.outcome(2).outcome == "printed"
        assert stand.seen == [("ready", ""), ("lost", "disconnected"), ("ready", "")]


def test_a_jammed_cutter_is_named(tmp_path: Path) -> None:
    with desk(tmp_path, timing=HASTY) as stand:
        stand.change("ready")
        stand.virtual.jam_cutter()
        stand.job()

        assert stand.outcome() == ReportPrint("1025", 1, "unknown", reason="cutter-error")
        stand.change("lost", "cutter-error")


def test_a_printer_that_takes_no_bytes_holds_nobody_up_for_long(tmp_path: Path) -> None:
    model = replace(AT_ONCE, busy_when_offline=False, buffer_bytes=2000)
    with desk(tmp_path, model=model, timing=HASTY) as stand:
        stand.change("ready")
        stand.virtual.at_byte(9_000, stand.virtual.open_cover)  # within the slip in any case
        stand.job()

        outcome = stand.outcome()
        assert (outcome.outcome, outcome.reason) == ("unknown", "cover-open")


def test_a_ticket_that_cannot_be_drawn_fails_alone(tmp_path: Path) -> None:
    with desk(tmp_path) as stand:
        impossible = ticket(follow_url="https://" + 3000 * "x")
        stand.owner.print(PrintJob("1001", 1, impossible))
        stand.job("1002")

        assert stand.outcome(1) == ReportPrint("1001", 1, "failed", reason="unprintable")
        assert stand.outcome(2).outcome == "printed"


def test_every_reason_and_condition_has_words() -> None:
    reasons = {
        "disconnected",
        "no-answer",
        "cover-open",
        "paper-out",
        "paper-low",
        "cutter-error",
        "printer-error",
        "offline",
        "unprintable",
        "no-proof",
        "restarted",
    }
    for language in LANGUAGES:
        assert not {f"printer.{reason}" for reason in reasons} - catalogue(language).keys()


def test_a_printer_that_never_proves_anything_is_not_flooded_for_each_ticket(
    tmp_path: Path,
) -> None:
    mute = replace(AT_ONCE, process_id=False)
    with desk(tmp_path, "tcp", model=mute, timing=HASTY) as stand:
        for count in range(1, 5):
            stand.job(str(1000 + count))
            assert stand.outcome(count).outcome == "unknown"

        assert [slip.qr for slip in stand.slips].count(FOLLOW_URL) == 4
