import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest

from contract import commands as c
from contract.snapshot import CounterView
from display.terminal.actions import ActionId
from display.terminal.asking import Choice, GivenUp, NotNow, command_for
from display.terminal.scene import Scene
from tests.display.terminal.sights import (
    MINUTE_MS,
    NOW_MS,
    counter,
    queue_of,
    scene,
    ticket,
)

_T = TypeVar("_T")

SERVING = counter(ticket("1025", "serving"))
SERVICES = (queue_of("1", 2, 4), queue_of("2", 0, 0), queue_of("5", 1, 9, 0))
NO_CLERK_CAN_TYPE = "\N{WATERMELON}" * 201


class Clerk:
    """Answers questions with what the test prepared, and remembers what was offered."""

    def __init__(self, *answers: int | str) -> None:
        self.answers = list(answers)
        self.offered: list[list[str]] = []
        self.questions: list[str] = []

    async def choose(self, title: str, choices: Sequence[Choice[_T]]) -> _T:
        self.questions.append(title)
        self.offered.append([f"{choice.words} {choice.note}".strip() for choice in choices])
        answer = self._answer()
        assert isinstance(answer, int)
        return choices[answer].value

    async def type(
        self, title: str, complaint: str, acceptable: Callable[[str], bool], begun: str = ""
    ) -> str:
        self.questions.append(title)
        while not acceptable(answer := begun + str(self._answer())):
            self.questions.append(complaint)
        return answer

    async def confirm(self, question: str) -> None:
        self.questions.append(question)
        self._answer()

    def _answer(self) -> int | str:
        if not self.answers:
            raise GivenUp
        return self.answers.pop(0)


def ask(
    action: ActionId, clerk: Clerk, at: CounterView, here: Scene | None = None, typed: str = ""
) -> c.AnyCommand:
    where = here or scene(at, services=SERVICES)
    return asyncio.run(command_for(action, clerk, where, at, typed))


@pytest.mark.parametrize(
    ("action", "at", "command"),
    [
        ("next", counter(), c.CallNext("1")),
        ("next", SERVING, c.CallNext("1", finish_current=True)),
        ("recall", SERVING, c.Recall("1")),
        ("start", SERVING, c.StartService("1")),
        ("finish", SERVING, c.FinishService("1")),
        ("open", counter(phase="closed"), c.OpenCounter("1")),
    ],
)
def test_the_common_path_asks_nothing(
    action: ActionId, at: CounterView, command: c.AnyCommand
) -> None:
    assert ask(action, Clerk(), at) == command


def test_a_dossier_code_is_taken_when_it_can_be_one() -> None:
    clerk = Clerk("ba chữ", "H44.100-2026/17")
    assert ask("finish_dossier", clerk, SERVING) == c.FinishService("1", "H44.100-2026/17")
    assert clerk.questions[1].startswith("Mã hồ sơ có 3 đến 40")


def test_a_no_show_is_asked_once() -> None:
    called = counter(ticket("1025", "called", calls=2))
    clerk = Clerk("yes")
    assert ask("no_show", clerk, called) == c.MarkNoShow("1")
    assert clerk.questions == ["Ghi số 1025 vắng mặt? Đã gọi 2 lần."]
    with pytest.raises(GivenUp):
        ask("no_show", Clerk(), called)


def test_a_transfer_goes_to_a_service_and_then_to_any_counter_or_one() -> None:
    other = counter(counter="2", staff="nv02", services=("2", "5"))
    here = scene(SERVING, other, services=SERVICES)
    clerk = Clerk(1, 0)
    assert ask("transfer", clerk, SERVING, here) == c.TransferTicket("1", "2", None)
    assert clerk.offered[0][1] == "Đất đai – Môi trường quầy 1, 2 · 0 người chờ"
    assert clerk.offered[1] == ["Quầy nào cũng được", "Quầy 2 mở, chưa gọi ai · 30 phút"]
    assert ask("transfer", Clerk(2, 1), SERVING, here) == c.TransferTicket("1", "5", "2")


def test_a_transfer_with_one_way_only_asks_no_second_question() -> None:
    other = counter(counter="2", staff="nv02", services=("1",))
    here = scene(SERVING, other, services=SERVICES)
    assert ask("transfer", Clerk(0), SERVING, here) == c.TransferTicket("1", "1", "2")


def test_a_transfer_to_nowhere_is_said_in_the_hubs_words() -> None:
    with pytest.raises(NotNow, match="Không quầy nào ở đây phục vụ «Hộ tịch – Chứng thực»"):
        ask("transfer", Clerk(0), SERVING)


@pytest.mark.parametrize(
    ("action", "reason"), [("park_signature", "signature"), ("park_papers", "papers")]
)
def test_parking_promises_a_time_or_none(action: ActionId, reason: str) -> None:
    clerk = Clerk(1)
    command = ask(action, clerk, SERVING)
    assert command == c.ParkTicket("1", reason, 20)  # type: ignore[arg-type]  # both reasons
    assert clerk.offered[0][1] == "20 phút 08:20"
    assert ask(action, Clerk(5), SERVING) == c.ParkTicket("1", reason)  # type: ignore[arg-type]


def test_those_who_are_due_are_called_back_first() -> None:
    here = scene(
        counter(),
        parked=(
            ticket("1001", "parked", park_reason="signature", due_ms=NOW_MS + MINUTE_MS),
            ticket("1002", "parked", park_reason="signature", due_ms=NOW_MS - MINUTE_MS),
        ),
    )
    clerk = Clerk(0)
    assert ask("resume", clerk, counter(), here) == c.ResumeTicket("1", "1002")
    assert clerk.offered[0][0].startswith("1002 · chờ ký, quá hẹn 1 phút")


def test_a_number_is_called_with_a_reason_that_is_kept() -> None:
    clerk = Clerk("25", "1025", 0)
    assert ask("call_number", clerk, counter()) == c.CallTicket("1", "1025", "missed-turn")
    assert clerk.questions[1].startswith("Số trên phiếu có từ 4 đến 8 chữ số")


def test_the_digit_that_began_a_number_is_not_lost() -> None:
    assert ask("call_number", Clerk("025", 3), counter(), typed="1") == c.CallTicket(
        "1", "1025", "urgent"
    )


def test_a_reason_may_be_typed_but_not_left_out() -> None:
    clerk = Clerk("1025", 4, "", NO_CLERK_CAN_TYPE, "khách ở xa")
    assert ask("call_number", clerk, counter()) == c.CallTicket("1", "1025", "khách ở xa")


def test_priority_is_called_among_those_who_wait_here() -> None:
    here = scene(
        counter(),
        waiting=(
            ticket("1001"),
            ticket("5001", priority="elderly"),
            ticket("1003", minutes=9, priority="elderly"),
        ),
    )
    clerk = Clerk(0)
    assert ask("priority", clerk, counter(), here) == c.CallTicket("1", "1003", "priority")
    assert clerk.offered == [["1003 · 9 phút · Người cao tuổi Hộ tịch – Chứng thực"]]


def test_a_number_for_a_citizen_takes_a_service_and_a_class() -> None:
    assert ask("issue", Clerk(1, 0), counter()) == c.IssueTicket(("2",))
    assert ask("issue", Clerk(1, 1), counter()) == c.IssueTicket(("2",), "elderly")


def test_an_absent_citizen_is_chosen_among_the_absent() -> None:
    here = scene(counter(), absent=(ticket("1004", "absent", minutes=11),))
    assert ask("return_absent", Clerk(0), counter(), here) == c.ReturnTicket("1004")


def test_a_void_needs_number_reason_and_consent() -> None:
    clerk = Clerk("1025", 0, "yes")
    assert ask("void", clerk, counter()) == c.VoidTicket("1025", "citizen-left")
    assert clerk.questions[-1].startswith("Hủy số 1025?")
    with pytest.raises(GivenUp):
        ask("void", Clerk("1025", 0), counter())


def test_the_rest_of_a_visit() -> None:
    assert ask("add_service", Clerk(1), SERVING) == c.AddService("1025", "2")
    assert ask("reprint", Clerk("1025"), SERVING) == c.ReprintTicket("1025")
    assert ask("pause", Clerk(0), counter()) == c.PauseCounter("1", "lunch")


def test_closing_asks_only_when_people_wait_whom_nobody_else_serves() -> None:
    waiting = (ticket("1001"), ticket("2001"))
    assert ask("close", Clerk(), counter()) == c.CloseCounter("1")
    clerk = Clerk("yes")
    alone = scene(counter(), waiting=waiting)
    assert ask("close", clerk, counter(), alone) == c.CloseCounter("1")
    assert clerk.questions[0].startswith("Đóng quầy khi còn 2 người chờ")
    other = counter(counter="2", staff="nv02")
    together = scene(counter(), other, waiting=waiting)
    assert ask("close", Clerk(), counter(), together) == c.CloseCounter("1")
    assert ask("sign_out", Clerk("yes"), counter(), alone) == c.SignOut("1")


@pytest.mark.parametrize(
    "action",
    ["finish_dossier", "no_show", "transfer", "park_signature", "park_papers", "add_service"],
)
def test_without_a_citizen_nothing_is_asked(action: ActionId) -> None:
    clerk = Clerk()
    with pytest.raises(NotNow, match="Quầy 1 chưa gọi số nào"):
        ask(action, clerk, counter())
    assert clerk.questions == []


@pytest.mark.parametrize(
    "action", ["resume", "call_number", "priority", "pause", "close", "sign_out"]
)
def test_with_a_citizen_at_the_counter_nothing_else_is_asked(action: ActionId) -> None:
    with pytest.raises(NotNow, match="Quầy 1 đang có số 1025"):
        ask(action, Clerk(), SERVING)


@pytest.mark.parametrize("action", ["resume", "priority", "return_absent"])
def test_nothing_to_choose_from_is_said(action: ActionId) -> None:
    with pytest.raises(NotNow, match="Không có số"):
        ask(action, Clerk(), counter())
