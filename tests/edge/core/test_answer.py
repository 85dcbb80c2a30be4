"""What a client is told, from the rows its command left."""

from contract import commands as c
from contract.commands import Answer
from contract.refusals import Reason, Refused
from edge.core.answer import answer
from tests.edge.core.story import BOSS, KIOSK, LAN, MONDAY_8, PAD, Story, open_at

ISSUE = (KIOSK, c.IssueTicket(("1",)))


def told(story: Story, *asked: tuple[c.Actor, c.AnyCommand]) -> Answer | Refused:
    """The answer to the last of `asked`."""
    *before, (actor, command) = asked
    story.given(*before)
    turn = story.turn(actor, command)
    return turn.refused or answer(turn.entries, story.house.seq)


def test_a_new_number_comes_with_what_to_expect() -> None:
    story = Story().given(*open_at("1"), ISSUE)
    assert told(story, ISSUE) == Answer(
        5, "1002", ahead=1, expected_wait_min=6, services=("1",), slip="pending"
    )


def test_a_new_number_says_where_its_slip_comes_from() -> None:
    story = Story().given((LAN, c.UseRoll("1045")))
    said = told(story, ISSUE)
    assert isinstance(said, Answer)
    assert (said.number, said.slip) == ("1045", "roll")
    said = told(story, (KIOSK, c.IssueTicket(("2",), on_paper=False)))
    assert isinstance(said, Answer)
    assert (said.number, said.slip) == ("2001", "none")


def test_checking_in_tells_the_service_as_the_citizen_named_none() -> None:
    story = Story().given((BOSS, c.BookAppointment("A-17", "2", MONDAY_8)))
    assert told(story, (KIOSK, c.CheckIn("A-17"))) == Answer(
        3, "2001", ahead=0, services=("2",), slip="pending"
    )


def test_a_call_names_number_and_counter() -> None:
    story = Story().given(*open_at("1"), ISSUE)
    assert told(story, (LAN, c.CallNext("1"))) == Answer(5, "1001", "1", called="1001")


def test_one_key_says_whom_it_finished_and_whom_it_called() -> None:
    story = Story().given(*open_at("1"), ISSUE, ISSUE, (LAN, c.CallNext("1")))
    finish_and_call = (LAN, c.CallNext("1", finish_current=True))
    assert told(story, (LAN, c.StartService("1")), finish_and_call) == Answer(
        9, "1002", "1", called="1002", finished="1001"
    )


def test_one_key_with_nobody_waiting_says_that_it_called_nobody() -> None:
    story = Story().given(*open_at("1"), ISSUE, (LAN, c.CallNext("1")), (LAN, c.StartService("1")))
    assert told(story, (LAN, c.CallNext("1", finish_current=True))) == Answer(
        7, "1001", "1", called=None, finished="1001"
    )
    assert told(story, (LAN, c.CallNext("1", finish_current=True))) == Refused(
        Reason.NOBODY_WAITING, {"counter": "1"}
    )


def test_a_citizen_who_goes_on_with_a_parked_service_is_called() -> None:
    story = Story().given(*open_at("1"), ISSUE, (LAN, c.CallNext("1")), (LAN, c.StartService("1")))
    story.given((LAN, c.ParkTicket("1", "papers")))
    assert told(story, (LAN, c.ResumeTicket("1", "1001"))) == Answer(8, "1001", "1", called="1001")


def test_a_counter_without_a_ticket() -> None:
    story = Story().given(*open_at("1"))
    assert told(story, (LAN, c.PauseCounter("1", "trưa"))) == Answer(4, counter="1")


def test_what_was_so_already_needs_no_row() -> None:
    story = Story().given((LAN, c.SignIn("1")))
    assert told(story, (LAN, c.SignIn("1"))) == Answer(2)


def test_a_press_that_does_not_count_is_kept_and_refused() -> None:
    story = Story().given((BOSS, c.OpenCounter("1")))
    assert told(story, (PAD, c.Rate("1", 4))) == Refused(Reason.RATING_NOT_DUE)
    assert len(story.entries) == 3
