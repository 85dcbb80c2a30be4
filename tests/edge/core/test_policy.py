"""Who is called next, and that nobody is left out."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contract import commands as c
from contract import events as e
from contract.commands import Actor
from tests.edge.core.story import BOSS, CENTRE, KIOSK, MINUTE_MS, RULES, Story

ORDINARY = c.IssueTicket(("1",))
ELDERLY = c.IssueTicket(("1",), priority="elderly")
SEATS = ("1", "2")


def open_site(streak: int = 2) -> Story:
    story = Story(replace(RULES, priority_streak=streak))
    return story.given(*((BOSS, c.OpenCounter(counter)) for counter in SEATS))


def call(story: Story, counter: str = "1") -> str:
    """Call the next at a counter, let them go at once, and say who it was."""
    (event,) = story.does(BOSS, c.CallNext(counter))
    assert isinstance(event, e.TicketCalled)
    story.does(BOSS, c.MarkNoShow(counter))
    return event.number


def test_in_order_of_arrival() -> None:
    story = open_site().given(*[(KIOSK, ORDINARY)] * 3)
    assert [call(story) for _ in range(3)] == ["1001", "1002", "1003"]


def test_priority_citizens_come_earlier_but_not_all_of_them() -> None:
    story = open_site(streak=2)
    story.given(*[(KIOSK, ORDINARY)] * 3, *[(KIOSK, ELDERLY)] * 5)
    order = [call(story) for _ in range(8)]
    assert order == ["1004", "1005", "1001", "1006", "1007", "1002", "1008", "1003"]


def test_after_priority_citizens_alone_the_first_ordinary_one_is_next() -> None:
    story = open_site(streak=2).given(*[(KIOSK, ELDERLY)] * 4)
    assert [call(story) for _ in range(4)] == ["1001", "1002", "1003", "1004"]
    story.given((KIOSK, ELDERLY), (KIOSK, ORDINARY))
    assert [call(story), call(story)] == ["1006", "1005"]


def test_each_counter_counts_its_own_streak() -> None:
    story = open_site(streak=1).given((KIOSK, ORDINARY), *[(KIOSK, ELDERLY)] * 3)
    assert [call(story, "1"), call(story, "2")] == ["1002", "1003"]
    assert [call(story, "1"), call(story, "2")] == ["1001", "1004"]


def test_an_appointment_has_no_priority_before_its_slot() -> None:
    story = open_site()
    slot_ms = story.stamp.wall_ms + 30 * MINUTE_MS
    story.given((KIOSK, ORDINARY), (CENTRE, c.BookAppointment("A-1", "1", slot_ms)))
    story.given((KIOSK, c.CheckIn("A-1")), (KIOSK, ORDINARY))
    assert call(story) == "1001"
    story.given((KIOSK, ORDINARY))
    story.later(minutes=30)
    assert call(story) == "1002"


@settings(deadline=None)
@given(
    streak=st.integers(1, 4),
    called_before=st.integers(0, 6),
    ordinary=st.integers(1, 6),
    arrivals=st.lists(st.integers(0, 5), min_size=30, max_size=30),
    at=st.lists(st.sampled_from(SEATS), min_size=30, max_size=30),
)
def test_nobody_starves(
    streak: int, called_before: int, ordinary: int, arrivals: list[int], at: list[str]
) -> None:
    """However many priority citizens come, and whichever counters call, the k-th ordinary one is
    called after at most streak + 1 calls of one counter for each one in front."""
    story = open_site(streak).given(*[(KIOSK, ELDERLY)] * called_before)
    for _ in range(called_before):
        call(story)
    story.given(*[(KIOSK, ORDINARY)] * ordinary)
    waiting = [f"1{called_before + k:03}" for k in range(1, ordinary + 1)]
    calls = dict.fromkeys(SEATS, 0)
    for more, counter in zip(arrivals, at, strict=True):
        story.given(*[(KIOSK, ELDERLY)] * more)
        if not any(t.phase == "waiting" for t in story.live.tickets.values()):
            continue
        number = call(story, counter)
        calls[counter] += 1
        if number in waiting:
            assert number == waiting.pop(0), "ordinary citizens keep their order"
        called = ordinary - len(waiting)
        for calls_here in calls.values():
            assert not waiting or calls_here <= (streak + 1) * (called + 1) - 1


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                (KIOSK, ORDINARY),
                (KIOSK, ELDERLY),
                (KIOSK, c.IssueTicket(("1", "2"))),
                (BOSS, c.CallNext("1", finish_current=True)),
                (BOSS, c.CallNext("2", finish_current=True)),
                (BOSS, c.StartService("1")),
                (BOSS, c.StartService("2")),
                (BOSS, c.TransferTicket("1", "1", "2")),
                (BOSS, c.TransferTicket("2", "2")),
                (BOSS, c.CloseCounter("2")),
                (BOSS, c.OpenCounter("2")),
            ]
        ),
        max_size=25,
    )
)
def test_the_house_empties_whichever_counter_closes(
    orders: list[tuple[Actor, c.AnyCommand]],
) -> None:
    """Wherever people were sent: once counter 2 has closed, counters 1 and 3 serve them all."""
    story = open_site().given((KIOSK, ORDINARY))
    for actor, command in orders:
        story.turn(actor, command)
    finish(story, "1")
    finish(story, "2")
    story.turn(BOSS, c.CloseCounter("2"))
    story.given((BOSS, c.OpenCounter("3")))
    for _ in range(2 * len(orders) + 2):
        for counter in ("1", "3"):
            story.turn(BOSS, c.CallNext(counter))
            finish(story, counter)
    assert {t.phase for t in story.live.tickets.values()} == {"finished"}


def finish(story: Story, counter: str) -> None:
    """Serve whoever is at a counter, if anyone is."""
    story.turn(BOSS, c.StartService(counter))
    story.turn(BOSS, c.FinishService(counter))
