"""Every refusal of the core: what is given, who asks for what, and why it cannot be."""

from typing import NamedTuple

from contract import commands as c
from contract.commands import Actor, AnyCommand
from contract.refusals import Reason
from tests.edge.core.story import (
    BOSS,
    CENTRE,
    DAY_MS,
    GREETER,
    KIOSK,
    LAN,
    MINH,
    MONDAY_8,
    PAD,
    Asked,
    Story,
    open_at,
)

TICKET: Asked = (KIOSK, c.IssueTicket(("1",)))
CALL: Asked = (LAN, c.CallNext("1"))
START: Asked = (LAN, c.StartService("1"))
CALLED = (*open_at("1"), TICKET, CALL)
SERVING = (*CALLED, START)
FINISH: Asked = (LAN, c.FinishService("1"))
FINISHED = (*SERVING, FINISH)
FINISHED_FIRST = (*SERVING, (LAN, c.AddService("1001", "2")), FINISH)
NO_SHOW: Asked = (LAN, c.MarkNoShow("1"))
RETURN: Asked = (LAN, c.ReturnTicket("1001"))
PARKED = (*SERVING, (LAN, c.ParkTicket("1", "signature")))
RESUME: Asked = (LAN, c.ResumeTicket("1", "1001"))
REST = ((LAN, c.PauseCounter("1", "trưa")), (LAN, c.OpenCounter("1")))
BOOKED: Asked = (CENTRE, c.BookAppointment("A-1", "1", MONDAY_8))
ROLL: Asked = (LAN, c.UseRoll("1045"))
BOARDS = Actor("boards", "display")
BOARD_READY: Asked = (BOARDS, c.ReportDevice("b1", "ready"))
BOARD_LOST: Asked = (BOARDS, c.ReportDevice("b1", "lost", "no-answer"))
BOUND = Actor("display-2", "clerk", counter="2")


class Case(NamedTuple):
    """One refusal; `minutes` after Monday eight o'clock."""

    reason: str
    given: tuple[Asked, ...]
    actor: Actor
    command: AnyCommand
    minutes: int = 0

    def story(self) -> Story:
        """What is given, up to the order that is refused."""
        return Story().given(*self.given).later(minutes=self.minutes)


CASES = (
    Case("not-allowed", (), KIOSK, c.CallNext("1")),
    Case("not-allowed", (), GREETER, c.VoidTicket("1001", "nhầm")),
    Case("not-allowed", (), LAN, c.OpenDay("2026-11-24")),
    Case("not-allowed", (), PAD, c.IssueTicket(("1",))),
    Case("not-your-counter", open_at("1"), MINH, c.CallNext("1")),
    Case("not-your-counter", (), PAD, c.Rate("2", 4)),
    Case("not-your-counter", (), BOUND, c.SignIn("1")),
    Case("not-your-counter", (), LAN, c.SignOut("1")),
    Case("unknown-counter", (), LAN, c.SignIn("9")),
    Case("unknown-counter", (), LAN, c.CallNext("9")),
    Case("unknown-counter", SERVING, LAN, c.TransferTicket("1", "2", "9")),
    Case("unknown-service", (), KIOSK, c.IssueTicket(("1", "7"))),
    Case("unknown-service", (), CENTRE, c.BookAppointment("A-1", "7", MONDAY_8)),
    Case("unknown-service", (TICKET,), LAN, c.AddService("1001", "7")),
    Case("unknown-service", SERVING, LAN, c.TransferTicket("1", "7")),
    Case("unknown-service", open_at("1"), LAN, c.OpenCounter("1", ("7",))),
    Case("unknown-service", (), BOSS, c.AssignServices("1", ("7",))),
    Case("unknown-counter", (), BOSS, c.AssignServices("9", ("1",))),
    Case("not-allowed", (), LAN, c.AssignServices("1", ("2",))),
    Case("not-allowed", (), GREETER, c.UseRoll("1001")),
    Case("unknown-series", (), LAN, c.UseRoll("7001")),
    Case("unknown-series", (), LAN, c.LeaveRoll("7")),
    Case("unknown-device", (), BOSS, c.RemoveDevice("boards:b1")),
    Case("device-not-lost", (BOARD_READY,), BOSS, c.RemoveDevice("boards:b1")),
    Case("not-allowed", (BOARD_LOST,), LAN, c.RemoveDevice("boards:b1")),
    Case("not-allowed", (BOARD_LOST,), BOARDS, c.RemoveDevice("boards:b1")),
    Case("not-allowed", (BOARD_LOST,), BOSS, c.ReportDevice("boards:b1", "ready")),
    Case("unknown-priority", (), KIOSK, c.IssueTicket(("1",), priority="friend")),
    Case("unknown-ticket", (), LAN, c.VoidTicket("1001", "nhầm")),
    Case("unknown-ticket", open_at("1"), LAN, c.CallTicket("1", "1001", "ốm")),
    Case("unknown-ticket", (), LAN, c.ReprintTicket("1001")),
    Case("unknown-appointment", (), KIOSK, c.CheckIn("A-1")),
    Case("unknown-appointment", (), CENTRE, c.CancelAppointment("A-1")),
    Case(
        "appointment-other-day",
        ((CENTRE, c.BookAppointment("A-1", "1", MONDAY_8 + DAY_MS)),),
        KIOSK,
        c.CheckIn("A-1"),
    ),
    Case("appointment-taken", (BOOKED, (KIOSK, c.CheckIn("A-1"))), KIOSK, c.CheckIn("A-1")),
    Case("appointment-taken", (BOOKED,), BOSS, c.BookAppointment("A-1", "2", MONDAY_8)),
    Case(
        "appointment-taken",
        (BOOKED, (KIOSK, c.CheckIn("A-1"))),
        CENTRE,
        c.CancelAppointment("A-1"),
    ),
    Case("closed-now", (), KIOSK, c.IssueTicket(("1",)), minutes=4 * 60),
    Case("closed-now", (BOOKED,), KIOSK, c.CheckIn("A-1"), minutes=4 * 60),
    Case("after-last-ticket", (), GREETER, c.IssueTicket(("1",)), minutes=3 * 60 + 15),
    Case("nobody-waiting", open_at("1"), LAN, c.CallNext("1")),
    Case("counter-closed", ((LAN, c.SignIn("1")),), LAN, c.CallNext("1")),
    Case("counter-closed", ((LAN, c.SignIn("1")),), LAN, c.CloseCounter("1")),
    Case("counter-paused", (*open_at("1"), (LAN, c.PauseCounter("1", "trưa"))), *CALL),
    Case("counter-open", open_at("1"), LAN, c.OpenCounter("1")),
    Case("counter-taken", open_at("1"), MINH, c.SignIn("1")),
    Case("counter-busy", CALLED, LAN, c.CallNext("1")),
    Case("counter-busy", SERVING, LAN, c.CloseCounter("1")),
    Case("counter-busy", SERVING, LAN, c.PauseCounter("1", "trưa")),
    Case("counter-busy", SERVING, LAN, c.OpenCounter("1", ("2",))),
    Case("counter-busy", SERVING, LAN, c.SignIn("2")),
    Case("counter-busy", (*SERVING, TICKET), LAN, c.CallTicket("1", "1002", "ốm")),
    Case("counter-empty", open_at("1"), LAN, c.StartService("1")),
    Case("counter-empty", open_at("1"), LAN, c.Recall("1")),
    Case("counter-empty", open_at("1"), LAN, c.MarkNoShow("1")),
    Case("counter-empty", open_at("1"), LAN, c.FinishService("1")),
    Case("counter-empty", open_at("1"), LAN, c.TransferTicket("1", "2")),
    Case("counter-empty", open_at("1"), LAN, c.ParkTicket("1", "papers")),
    Case("nobody-signed-in", (), BOSS, c.SignOut("1")),
    Case("not-started", CALLED, LAN, c.FinishService("1")),
    Case("not-started", CALLED, LAN, c.ParkTicket("1", "signature")),
    Case("not-started", CALLED, LAN, c.CallNext("1", finish_current=True)),
    Case("already-started", SERVING, LAN, c.StartService("1")),
    Case("already-started", SERVING, LAN, c.Recall("1")),
    Case("already-started", SERVING, LAN, c.MarkNoShow("1")),
    Case(
        "not-waiting",
        (*SERVING, (LAN, c.ParkTicket("1", "signature"))),
        LAN,
        c.CallTicket("1", "1001", "ốm"),
    ),
    Case("not-parked", (*open_at("1"), TICKET), LAN, c.ResumeTicket("1", "1001")),
    Case("not-absent", (TICKET,), LAN, c.ReturnTicket("1001")),
    Case("ticket-ended", FINISHED, LAN, c.VoidTicket("1001", "nhầm")),
    Case("ticket-ended", FINISHED, LAN, c.CallTicket("1", "1001", "ốm")),
    Case("ticket-ended", FINISHED, LAN, c.ResumeTicket("1", "1001")),
    Case("ticket-ended", FINISHED, LAN, c.ReprintTicket("1001")),
    Case("ticket-ended", FINISHED, LAN, c.AddService("1001", "2")),
    Case("ticket-ended", FINISHED, LAN, c.ReturnTicket("1001")),
    Case("ticket-at-counter", SERVING, LAN, c.VoidTicket("1001", "nhầm")),
    Case(
        "ticket-at-counter",
        (*SERVING, *open_at("2", MINH)),
        MINH,
        c.CallTicket("2", "1001", "ốm"),
    ),
    Case("service-not-there", SERVING, LAN, c.TransferTicket("1", "1")),
    Case("service-not-there", SERVING, LAN, c.TransferTicket("1", "8")),
    Case("service-not-there", SERVING, LAN, c.AddService("1001", "8")),
    Case("service-not-there", SERVING, LAN, c.TransferTicket("1", "1", "3")),
    Case("service-not-there", SERVING, LAN, c.TransferTicket("1", "1", "1")),
    Case("service-already-there", (TICKET,), LAN, c.AddService("1001", "1")),
    Case("service-not-to-come", (TICKET,), LAN, c.RemoveService("1001", "1")),
    Case("service-not-to-come", SERVING, LAN, c.RemoveService("1001", "2")),
    Case("unknown-service", (TICKET,), LAN, c.RemoveService("1001", "7")),
    Case("ticket-ended", FINISHED, LAN, c.RemoveService("1001", "2")),
    Case("nothing-to-reopen", open_at("1"), LAN, c.ReopenService("1")),
    Case("nothing-to-reopen", (*FINISHED, TICKET, CALL, NO_SHOW), LAN, c.ReopenService("1")),
    Case("counter-empty", open_at("1"), LAN, c.TakeBackCall("1")),
    Case("already-started", SERVING, LAN, c.TakeBackCall("1")),
    Case("call-stays", CALLED, LAN, c.TakeBackCall("1"), minutes=1),
    Case("call-stays", (*PARKED, RESUME), LAN, c.TakeBackCall("1")),
    Case("call-stays", (*FINISHED, TICKET, CALL), LAN, c.ReopenService("1"), minutes=1),
    Case("not-your-counter", CALLED, MINH, c.TakeBackCall("1")),
    Case("no-show-stays", open_at("1"), LAN, c.TakeBackNoShow("1")),
    Case("no-show-stays", (*CALLED, NO_SHOW), LAN, c.TakeBackNoShow("1"), minutes=1),
    Case("no-show-stays", (*CALLED, NO_SHOW, RETURN), LAN, c.TakeBackNoShow("1")),
    Case("no-show-stays", (*CALLED, NO_SHOW, *REST), LAN, c.TakeBackNoShow("1")),
    Case("counter-busy", (*CALLED, NO_SHOW, TICKET, CALL), LAN, c.TakeBackNoShow("1")),
    Case("counter-busy", CALLED, LAN, c.TakeBackNoShow("1")),
    Case("not-your-counter", (*CALLED, NO_SHOW), MINH, c.TakeBackNoShow("1")),
    Case("nothing-to-reopen", (*FINISHED, *REST), LAN, c.ReopenService("1")),
    Case("reopen-too-late", FINISHED, LAN, c.ReopenService("1"), minutes=1),
    Case("counter-busy", (*FINISHED, TICKET, CALL, START), LAN, c.ReopenService("1")),
    Case("counter-busy", CALLED, LAN, c.ReopenService("1")),
    Case("counter-busy", SERVING, LAN, c.ReopenService("1")),
    Case("counter-closed", (*FINISHED, (LAN, c.CloseCounter("1"))), LAN, c.ReopenService("1")),
    Case("counter-paused", (*FINISHED, REST[0]), LAN, c.ReopenService("1")),
    Case("not-your-counter", FINISHED, MINH, c.ReopenService("1")),
    Case(
        "ticket-at-counter",
        (*FINISHED_FIRST, *open_at("2", MINH), (MINH, c.CallNext("2"))),
        LAN,
        c.ReopenService("1"),
    ),
    Case(
        "nothing-to-reopen",
        (*FINISHED_FIRST, *open_at("2", MINH), (MINH, c.CallNext("2")), (MINH, c.MarkNoShow("2"))),
        LAN,
        c.ReopenService("1"),
    ),
    Case(
        "ticket-ended",
        (*FINISHED_FIRST, (LAN, c.VoidTicket("1001", "nhầm"))),
        LAN,
        c.ReopenService("1"),
    ),
    Case("services-unchanged", (), BOSS, c.AssignServices("1")),
    Case("services-unchanged", (), BOSS, c.AssignServices("2", ("1", "2", "1"))),
    Case("roll-number", (TICKET,), LAN, c.UseRoll("1001")),
    Case("roll-number", (TICKET,), LAN, c.UseRoll("110000")),
    Case("roll-number", (TICKET,), LAN, c.UseRoll("01002")),
    Case("roll-number", (ROLL,), LAN, c.UseRoll("1044")),
    Case("roll-in-use", (TICKET, ROLL), LAN, c.ReprintTicket("1001")),
    Case("no-roll", (), LAN, c.LeaveRoll("1")),
    Case("no-roll", (ROLL, (LAN, c.LeaveRoll("1"))), LAN, c.LeaveRoll("1")),
    Case("unknown-rating-reason", FINISHED, PAD, c.Rate("1", 1, "weather")),
    Case("rating-level", (), PAD, c.Rate("1", 5)),
    Case("day-not-later", (TICKET,), BOSS, c.OpenDay("2026-11-22")),
    Case("day-not-later", (TICKET,), BOSS, c.OpenDay("2026-11-24")),
    Case("day-changed", (TICKET,), BOSS, c.OpenDay("2026-11-23", ("1001",))),
    Case("day-changed", (TICKET,), BOSS, c.OpenDay("2026-11-24", (), "2026-11-20")),
)

# Said by the hub and its API, from what disk, journal and pace say.
_OTHERS = ("not-stored", "rating-not-due", "key-reused", "issuing-too-fast")
NOT_OF_DECIDE = frozenset(reason for reason in Reason if reason in _OTHERS)
