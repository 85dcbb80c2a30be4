"""What a client is told, from the rows its command left."""

from contract import commands as c
from contract.commands import Answer
from contract.refusals import Reason, Refused
from edge.core.answer import answer
from tests.edge.core.story import BOSS, KIOSK, LAN, PAD, Story, open_at

ISSUE = (KIOSK, c.IssueTicket(("1",)))


def told(story: Story, *asked: tuple[c.Actor, c.AnyCommand]) -> Answer | Refused:
    """The answer to the last of `asked`."""
    *before, (actor, command) = asked
    story.given(*before)
    rows = story.turn(actor, command).entries
    return answer(rows, story.house.seq)


def test_a_new_number_comes_with_what_to_expect() -> None:
    story = Story().given(*open_at("1"), ISSUE)
    assert told(story, ISSUE) == Answer(5, "1002", ahead=1, expected_wait_min=6)


def test_a_call_names_number_and_counter() -> None:
    story = Story().given(*open_at("1"), ISSUE, ISSUE, (LAN, c.CallNext("1")))
    finish_and_call = (LAN, c.CallNext("1", finish_current=True))
    assert told(story, (LAN, c.StartService("1")), finish_and_call) == Answer(9, "1002", "1")


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
