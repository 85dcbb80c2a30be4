"""Who may ask for what, and every refusal."""

from typing import get_args

import pytest
from msgspec.structs import replace

from contract import commands as c
from contract import events as e
from contract.commands import Actor, AnyCommand, Order, Role
from contract.refusals import Reason, Refused
from edge.core.decide import decide
from tests.edge.core.refusals import CASES, NOT_OF_DECIDE, Case
from tests.edge.core.story import BOSS, DAY_MS, HUB, KIOSK, LAN, MINH, MONDAY_8, RULES, Story

KIOSK_2 = Actor("kiosk-2", "kiosk")
PRINTER_2 = Actor("printer-2", "printer")

EVERY_COMMAND: tuple[AnyCommand, ...] = (
    c.IssueTicket(("1",)),
    c.CheckIn("A-1"),
    c.BookAppointment("A-1", "1", MONDAY_8),
    c.CancelAppointment("A-1"),
    c.ReprintTicket("1001"),
    c.VoidTicket("1001", "nhầm"),
    c.ReturnTicket("1001"),
    c.AddService("1001", "2"),
    c.RemoveService("1001", "2"),
    c.SignIn("1"),
    c.SignOut("1"),
    c.OpenCounter("1"),
    c.PauseCounter("1", "trưa"),
    c.CloseCounter("1"),
    c.AssignServices("1", ("2",)),
    c.CallNext("1"),
    c.CallTicket("1", "1001", "ốm"),
    c.Recall("1"),
    c.StartService("1"),
    c.FinishService("1"),
    c.ReopenService("1"),
    c.TakeBackCall("1"),
    c.MarkNoShow("1"),
    c.TakeBackNoShow("1"),
    c.TransferTicket("1", "2"),
    c.ParkTicket("1", "papers"),
    c.ResumeTicket("1", "1001"),
    c.Rate("1", 4),
    c.OpenDay("2026-11-24"),
    c.UseRoll("1045"),
    c.LeaveRoll("1"),
    c.ReportPrint("1001", 1, "printed"),
    c.ReportDevice("printer-1", "ready"),
    c.RemoveDevice("boards:b1"),
)
_STAFF_ONLY = (
    "ReprintTicket VoidTicket ReturnTicket AddService SignIn SignOut OpenCounter PauseCounter "
    "CloseCounter CallNext CallTicket Recall StartService FinishService MarkNoShow "
    "TransferTicket ParkTicket ResumeTicket UseRoll LeaveRoll RemoveService ReopenService "
    "TakeBackCall TakeBackNoShow"
)
MAY: dict[Role, str] = {
    "kiosk": "IssueTicket CheckIn",
    "greeter": "IssueTicket CheckIn",
    "clerk": f"IssueTicket CheckIn {_STAFF_ONLY}",
    "supervisor": "IssueTicket CheckIn BookAppointment CancelAppointment OpenDay AssignServices "
    "RemoveDevice "
    f"{_STAFF_ONLY}",
    "keypad": "CallNext Recall MarkNoShow",
    "pad": "Rate ReportDevice",
    "printer": "ReportPrint ReportDevice",
    "display": "ReportDevice",
    "centre": "BookAppointment CancelAppointment",
    "hub": "ReportPrint ReportDevice",
}


def name(case: Case) -> str:
    return f"{case.reason}: {type(case.command).__name__}"


@pytest.mark.parametrize("case", CASES, ids=name)
def test_refusals(case: Case) -> None:
    story = case.story()
    assert story.refuses(case.actor, case.command).reason == case.reason


def test_every_reason_has_an_example() -> None:
    assert {Reason(case.reason) for case in CASES} | NOT_OF_DECIDE == set(Reason)


def test_every_command_has_an_example() -> None:
    assert {type(command) for command in EVERY_COMMAND} == set(get_args(AnyCommand))


@pytest.mark.parametrize("role", get_args(Role))
def test_a_role_may_ask_for_exactly_this(role: Role) -> None:
    story = Story().given((KIOSK, c.IssueTicket(("1",))))
    actor = Actor("someone", role)
    allowed = set()
    for command in EVERY_COMMAND:
        order = Order(bytes(16), actor, command)
        decision = decide(RULES, story.live, order, story.stamp)
        if decision != Refused(Reason.NOT_ALLOWED, {"role": role}):
            allowed.add(type(command).__name__)
    assert allowed == set(MAY[role].split())


@pytest.mark.parametrize("command", [c.CallNext("2"), c.Recall("2")])
@pytest.mark.parametrize("bound", ["1", None])
def test_a_keypad_calls_at_no_counter_but_its_own(command: AnyCommand, bound: str | None) -> None:
    story = Story().given((KIOSK, c.IssueTicket(("1",))), (BOSS, c.OpenCounter("2")))
    refused = story.refuses(Actor("keypad-1", "keypad", bound), command)
    assert refused == Refused(Reason.NOT_YOUR_COUNTER, {"counter": "2"})


# --- the site and its devices -----------------------------------------------------------------


def printing(*copies_ordered: Actor) -> Story:
    """A ticket 1001 of kiosk-2, whose printer stands elsewhere, and further copies of it."""
    story = Story(replace(RULES, prints_on={"kiosk-2": "printer-2", "minh": "printer-3"}))
    story.given((KIOSK_2, c.IssueTicket(("1",))))
    return story.given(*((actor, c.ReprintTicket("1001")) for actor in copies_ordered))


def test_a_number_comes_out_where_its_kiosk_prints() -> None:
    story = printing(LAN, MINH, LAN).given((KIOSK, c.IssueTicket(("1",))))
    printers = [getattr(entry.event, "printer", "-") for entry in story.entries]
    assert printers == ["-", "printer-2", "printer-2", "printer-3", "printer-3", None]


def test_a_printer_elsewhere_speaks_of_its_own_slips_and_of_no_others() -> None:
    story = printing().given((KIOSK, c.IssueTicket(("1",))))
    mine, other = (story.live.tickets[number].id for number in ("1001", "1002"))
    said = c.ReportPrint("1001", 1, "printed", "confirmed", ticket=mine)
    for actor, command, reason in (
        (PRINTER_2, replace(said, copy=2), Reason.NOT_ALLOWED),
        (PRINTER_2, c.ReportPrint("1002", 1, "printed", ticket=other), Reason.NOT_ALLOWED),
        (Actor("printer-3", "printer"), said, Reason.NOT_ALLOWED),
        (PRINTER_2, replace(said, ticket=None), Reason.UNKNOWN_TICKET),
        (PRINTER_2, replace(said, ticket=f"{mine}0"), Reason.UNKNOWN_TICKET),
        (PRINTER_2, c.ReportPrint("1009", 1, "printed", ticket=mine), Reason.UNKNOWN_TICKET),
    ):
        assert story.refuses(actor, command).reason == reason
    assert story.does(PRINTER_2, said) == (e.TicketPrinted("1001", 1, "confirmed"),)


def test_yesterdays_word_does_not_settle_todays_slip_of_the_same_number() -> None:
    story = printing()
    old = c.ReportPrint("1001", 1, "printed", ticket=story.live.tickets["1001"].id)
    story.later(minutes=48 * 60).given((KIOSK_2, c.IssueTicket(("1",))))
    assert story.refuses(PRINTER_2, old).reason == Reason.UNKNOWN_TICKET
    assert story.live.tickets["1001"].slip == "pending"


def test_a_slip_interrupted_by_its_owners_end_is_ordered_again_once() -> None:
    story = printing()
    went = c.ReportPrint(
        "1001", 1, "interrupted", reason="restarted", ticket=story.live.tickets["1001"].id
    )
    failed = e.PrintFailed("1001", 1, "restarted", unknown=True)
    assert story.does(PRINTER_2, went) == (failed, e.ReprintOrdered("1001", 2, "printer-2"))
    assert story.does(PRINTER_2, went) == (failed,)
    assert story.live.tickets["1001"].slip == "pending"


@pytest.mark.parametrize("why", ["old", "void"])
def test_an_interrupted_slip_that_nobody_needs_is_not_ordered_again(why: str) -> None:
    story = printing()
    went = c.ReportPrint("1001", 1, "interrupted", ticket=story.live.tickets["1001"].id)
    if why == "old":
        story.later(minutes=16)
    else:
        story.given((LAN, c.VoidTicket("1001", "nhầm")))
    assert story.does(PRINTER_2, went) == (e.PrintFailed("1001", 1, "", unknown=True),)


@pytest.mark.parametrize(
    ("actor", "device", "name"),
    [
        (Actor("printer-2", "printer"), "printer-2", "printer-2"),
        (Actor("printer-2", "printer"), "printer-1", "printer-2:printer-1"),
        (Actor("printer-9", "printer"), "printer-9", "printer-9:printer-9"),
        (Actor("printer-2", "display"), "printer-2", "printer-2:printer-2"),
    ],
)
def test_a_printer_of_the_rules_has_its_own_name(actor: Actor, device: str, name: str) -> None:
    assert printing().does(actor, c.ReportDevice(device, "ready")) == (e.DeviceReturned(name),)


def test_a_printers_word_becomes_what_happened_to_the_slip() -> None:
    story = Story().given((KIOSK, c.IssueTicket(("1",))))
    report = c.ReportPrint("1001", 1, "printed", "confirmed")
    assert story.does(HUB, report) == (e.TicketPrinted("1001", 1, "confirmed"),)
    report = c.ReportPrint("1001", 2, "failed", reason="paper out")
    assert story.does(HUB, report) == (e.PrintFailed("1001", 2, "paper out"),)
    report = c.ReportPrint("1001", 2, "unknown", reason="line lost")
    assert story.does(HUB, report) == (e.PrintFailed("1001", 2, "line lost", unknown=True),)
    report = c.ReportPrint("1001", 3, "sent")
    assert story.does(HUB, report) == (e.SlipSent("1001", 3),)
    assert story.live.tickets["1001"].slip == "sent"


def test_a_device_is_reported_once_per_change() -> None:
    story = Story().given((KIOSK, c.IssueTicket(("1",))))
    printer = "printer-1"
    for state, condition, events in (
        ("ready", "", (e.DeviceReturned(printer),)),
        ("ready", "warm", ()),
        ("paper-low", "near end", (e.PaperLow(printer),)),
        ("paper-low", "near end", ()),
        ("lost", "cover open", (e.DeviceLost(printer, "cover open"),)),
        ("lost", "cover open", ()),
        ("lost", "unplugged", (e.DeviceLost(printer, "unplugged"),)),
        ("ready", "", (e.DeviceReturned(printer),)),
    ):
        report = c.ReportDevice(printer, state, condition)  # type: ignore[arg-type]  # literals in a table
        assert story.does(HUB, report) == events, (state, condition)


def test_a_device_on_a_loose_cable_makes_two_rows_in_ten_minutes_and_not_thousands() -> None:
    ready = c.ReportDevice("printer-1", "ready")
    lost = c.ReportDevice("printer-1", "lost", "disconnected")
    story = Story().given((HUB, ready))
    for _ in range(20):
        story.later(s=2).given((HUB, lost)).later(s=2).given((HUB, ready))
    rows = len(story.entries)
    for _ in range(900):
        story.later(s=2).turn(HUB, lost)
        story.later(s=2).turn(HUB, ready)
    assert len(story.entries) - rows <= 2 * 6 + 1
    assert story.live.devices["printer-1"].state == "lost"

    story.later(minutes=10).given((HUB, ready)).later(s=2).given((HUB, lost))
    assert story.later(minutes=9).does(HUB, ready) == ()
    assert story.later(minutes=1).does(HUB, ready) == (e.DeviceReturned("printer-1"),)
    story.later(minutes=21).given((HUB, lost))
    assert story.later(s=2).does(HUB, ready) == (e.DeviceReturned("printer-1"),)


def test_whoever_fumbles_with_a_roll_of_paper_is_not_taken_for_a_loose_cable() -> None:
    story = Story().given((HUB, c.ReportDevice("printer-1", "paper-low")))
    for _ in range(6):
        for state, condition in (("lost", "paper-out"), ("lost", "cover-open"), ("ready", "")):
            report = c.ReportDevice("printer-1", state, condition)  # type: ignore[arg-type]  # literals in a table
            assert story.later(s=5).does(HUB, report) != ()


def test_made_up_devices_keep_nobody_elses_from_being_heard() -> None:
    liar, other = Actor("boards", "display"), Actor("voice", "display")
    story = Story()
    for turn in range(64):
        story.given((liar, c.ReportDevice(f"made-up-{turn}", "lost", "no-answer")))
    refused = story.refuses(liar, c.ReportDevice("made-up-64", "lost"))
    assert refused.reason == Reason.NOT_ALLOWED
    back = story.does(liar, c.ReportDevice("made-up-3", "ready"))
    assert back == (e.DeviceReturned("boards:made-up-3"),)
    said = story.does(other, c.ReportDevice("zone-1", "lost"))
    assert said == (e.DeviceLost("voice:zone-1", ""),)
    for turn in range(120):
        story.given((HUB, c.ReportDevice(f"own-{turn}", "ready")))
    paper_out = story.does(HUB, c.ReportDevice("printer-1", "lost", "paper-out"))
    assert paper_out == (e.DeviceLost("printer-1", "paper-out"),)


def test_what_is_known_of_a_device_makes_no_row_on_another_day_either() -> None:
    boards, ready = Actor("boards", "display"), c.ReportDevice("b1", "ready")
    story = Story().given((boards, ready))
    for day in (1, 2):
        story.clock(MONDAY_8 + day * DAY_MS, synced=True).turn(KIOSK, c.IssueTicket(("1",)))
        assert story.does(boards, ready) == ()
    assert set(story.live.devices) == {"boards:b1"}


def test_a_supervisor_takes_a_lost_device_off_the_list_until_it_speaks_again() -> None:
    boards = Actor("boards", "display")
    story = Story().given((boards, c.ReportDevice("b1", "lost", "no-answer")))
    story.given((boards, c.ReportDevice("b2", "ready")))
    assert story.does(BOSS, c.RemoveDevice("boards:b1")) == (e.DeviceRemoved("boards:b1"),)
    assert set(story.live.devices) == {"boards:b2"}
    assert story.refuses(BOSS, c.RemoveDevice("boards:b1")).reason == Reason.UNKNOWN_DEVICE
    back = story.does(boards, c.ReportDevice("b1", "ready"))
    assert back == (e.DeviceReturned("boards:b1"),)


def test_a_supervisor_says_which_day_it_is_when_no_clock_can() -> None:
    story = Story(wall_ms=100_000_000_000, synced=False)  # 1973
    story.given((LAN, c.SignIn("1")), (KIOSK, c.IssueTicket(("1",))))
    assert story.live.day == "1973-03-03"

    (opened,) = story.does(BOSS, c.OpenDay("2026-11-23"))

    assert opened == e.DayOpened(
        "2026-11-23",
        trusted=False,
        last_orders={"1": 1},
        carried=("1001",),
        counters=("1",),
    )
    assert story.does(BOSS, c.OpenDay("2026-11-23")) == (), "said once is enough"
    assert story.refuses(BOSS, c.OpenDay("2026-02-30")).reason == "day-not-later"
    assert story.does(BOSS, c.OpenDay("2026-11-20")) != (), "a mistake can be mended"


def test_a_supervisor_does_not_overrule_a_synchronised_clock() -> None:
    story = Story().given((KIOSK, c.IssueTicket(("1",))))
    refused = story.refuses(BOSS, c.OpenDay("2026-11-25"))
    assert refused == Refused(Reason.DAY_NOT_LATER, {"day": "2026-11-25", "current": "2026-11-23"})
    assert story.live.tickets["1001"].phase == "waiting"
