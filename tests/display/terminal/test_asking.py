import asyncio

import pytest

from contract import commands as c
from contract.snapshot import CounterView, RollView
from display.terminal.actions import Wish
from display.terminal.asking import command_for
from display.terminal.questions import GivenUp, NotNow
from display.terminal.scene import Scene
from tests.display.terminal.clerk import Clerk
from tests.display.terminal.sights import (
    MINUTE_MS,
    NOW_MS,
    counter,
    queue_of,
    scene,
    ticket,
)

SERVING = counter(ticket("1025", "serving"))
SERVICES = (queue_of("1", 2, 4), queue_of("2", 0, 0), queue_of("5", 1, 9, 0))
NO_CLERK_CAN_TYPE = "\N{WATERMELON}" * 201


def ask(
    action: Wish, clerk: Clerk, at: CounterView, here: Scene | None = None, typed: str = ""
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
def test_the_common_path_asks_nothing(action: Wish, at: CounterView, command: c.AnyCommand) -> None:
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
def test_parking_promises_a_time_or_none(action: Wish, reason: str) -> None:
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
def test_without_a_citizen_nothing_is_asked(action: Wish) -> None:
    clerk = Clerk()
    with pytest.raises(NotNow, match="Quầy 1 chưa gọi số nào"):
        ask(action, clerk, counter())
    assert clerk.questions == []


@pytest.mark.parametrize(
    "action", ["resume", "call_number", "priority", "pause", "close", "sign_out"]
)
def test_with_a_citizen_at_the_counter_nothing_else_is_asked(action: Wish) -> None:
    with pytest.raises(NotNow, match="Quầy 1 đang có số 1025"):
        ask(action, Clerk(), SERVING)


@pytest.mark.parametrize("action", ["resume", "priority", "return_absent"])
def test_nothing_to_choose_from_is_said(action: Wish) -> None:
    with pytest.raises(NotNow, match="Không có số"):
        ask(action, Clerk(), counter())


def test_a_service_that_only_just_began_is_finished_only_after_a_question() -> None:
    begun = counter(ticket("1025", "serving", minutes=0.1))
    for wish in ("next", "finish"):
        clerk = Clerk(0)
        ask(wish, clerk, begun)
        assert clerk.questions == ["Mới phục vụ số 1025 được 0:06. Hoàn thành?"]
        with pytest.raises(GivenUp):
            ask(wish, Clerk(), begun)


def test_a_slip_in_doubt_is_offered_to_be_printed_again() -> None:
    here = scene(
        waiting=(ticket("1031", slip="unknown"), ticket("1032", slip="sent")),
        absent=(ticket("2001", "absent", slip="failed"),),
    )
    clerk = Clerk(0)
    assert ask("reprint", clerk, counter(), here) == c.ReprintTicket("1031")
    assert clerk.offered == [
        [
            "1031 · chưa rõ đã in chưa Hộ tịch – Chứng thực",
            "2001 · không in được Đất đai – Môi trường",
            "Số khác…",
        ]
    ]
    assert ask("reprint", Clerk(2, "1032"), counter(), here) == c.ReprintTicket("1032")
    assert ask("reprint", Clerk("1040"), counter()) == c.ReprintTicket("1040")


def test_a_roll_is_loaded_after_one_question_and_left_by_choosing_it() -> None:
    clerk = Clerk("1043", 0)
    assert ask("roll", clerk, counter()) == c.UseRoll("1043")
    assert "Các số nhỏ hơn cùng dãy sẽ không còn được cấp hôm nay" in clerk.questions[-1]
    on_roll = scene(rolls=(RollView("1", "1043", ("1",)),))
    leaving = Clerk(0)
    assert ask("roll", leaving, counter(), on_roll) == c.LeaveRoll("1")
    assert leaving.offered[0][0] == "Dãy 1: trở lại máy in phiếu tiếp theo 1043"
    assert ask("roll", Clerk(1, "1050", 0), counter(), on_roll) == c.UseRoll("1050")


def test_a_counter_is_given_other_services_with_a_reason_and_its_usual_ones_back() -> None:
    usual = counter(usual_services=("1", "2"))
    clerk = Clerk("02", 0)
    assert ask("assign", clerk, usual) == c.AssignServices("1", ("1", "5"), "long-queue")
    assert clerk.offered[0] == ["Hộ tịch – Chứng thực", "Đất đai – Môi trường"]
    lent = counter(services=("5",), usual_services=("1", "2"))
    assert ask("assign", Clerk("01", 1), lent) == c.AssignServices("1", (), "staff-absent")
    with pytest.raises(NotNow, match="đang phục vụ đúng các lĩnh vực này rồi"):
        ask("assign", Clerk("01"), usual)


CROWDED = scene(counter(), waiting=(ticket("1031"),), services=SERVICES)
BEGUN = counter(ticket("1025", "serving", minutes=0.1))


@pytest.mark.parametrize(
    ("wish", "at", "answers"),
    [
        ("finish", BEGUN, (0,)),
        ("next", BEGUN, (0,)),
        ("no_show", counter(ticket("1025", "called")), (0,)),
        ("void", counter(), ("1025", 0, 0)),
        ("close", counter(), (0,)),
        ("sign_out", counter(), (0,)),
        ("roll", counter(), ("1043", 0)),
    ],
)
def test_what_cannot_be_taken_back_asks_once_and_esc_goes_back(
    wish: Wish, at: CounterView, answers: tuple[int | str, ...]
) -> None:
    clerk = Clerk(*answers)
    ask(wish, clerk, at, CROWDED)
    assert clerk.confirmed == 1
    with pytest.raises(GivenUp):
        ask(wish, Clerk(*answers[:-1]), at, CROWDED)


@pytest.mark.parametrize("wish", ["close", "sign_out", "pause"])
def test_nobody_leaves_a_citizen_behind_at_the_counter(wish: Wish) -> None:
    with pytest.raises(NotNow, match="Quầy 1 đang có số 1025"):
        ask(wish, Clerk(0, 0), SERVING)
