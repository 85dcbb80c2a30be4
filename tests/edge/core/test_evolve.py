"""What a void leaves behind of a ticket that nobody was told of, wherever it was by then."""

from contract import commands as c
from contract import events as e
from edge.core.house import record
from tests.edge.core.story import CENTRE, HUB, KIOSK, LAN, MONDAY_8, Story, open_at


def taken_back(story: Story, number: str) -> None:
    void = (e.TicketVoided(number, "not-stored"),)
    story.house = record(story.house, void, HUB, story.stamp).house


def test_a_voided_ticket_leaves_its_counter_free() -> None:
    story = Story().given(*open_at("1"), (KIOSK, c.IssueTicket(("1",))), (LAN, c.CallNext("1")))
    taken_back(story, "1001")
    assert story.live.counters["1"].ticket is None
    story.given((KIOSK, c.IssueTicket(("1",))))
    (called,) = story.does(LAN, c.CallNext("1"))
    assert isinstance(called, e.TicketCalled)
    assert called.number == "1002"


def test_a_voided_ticket_gives_its_appointment_back() -> None:
    book = c.BookAppointment("A7", "1", MONDAY_8)
    story = Story().given((CENTRE, book), (KIOSK, c.CheckIn("A7")))
    taken_back(story, "1001")
    (issued,) = story.does(KIOSK, c.CheckIn("A7"))
    assert isinstance(issued, e.TicketIssued)
    assert (issued.number, issued.appointment) == ("1002", "A7")
