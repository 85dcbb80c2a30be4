"""What a citizen is told about the wait."""

from contract import commands as c
from edge.core.estimate import ahead, expected_wait_min, usual_ms
from tests.edge.core.story import BOSS, KIOSK, MINUTE_MS, RULES, Story


def told(story: Story, service: str) -> int | None:
    return expected_wait_min(RULES, story.live, service)


def serve(story: Story, counter: str, minutes: float) -> None:
    story.given((BOSS, c.CallNext(counter)), (BOSS, c.StartService(counter)))
    story.later(minutes=minutes).given((BOSS, c.FinishService(counter)))


def test_while_no_counter_serves_it_nobody_can_tell() -> None:
    story = Story().given((KIOSK, c.IssueTicket(("1",))), (BOSS, c.OpenCounter("3")))
    assert told(story, "1") is None
    assert told(story, "2") == 0
    story.given((BOSS, c.OpenCounter("1")), (BOSS, c.PauseCounter("1", "trưa")))
    assert told(story, "1") is None, "a paused counter serves nobody"


def test_before_the_day_has_figures_a_service_takes_its_usual_time() -> None:
    story = Story().given((BOSS, c.OpenCounter("1")), *[(KIOSK, c.IssueTicket(("1",)))] * 3)
    assert (told(story, "1"), ahead(story.live, "1")) == (18, 3)


def test_half_a_service_is_left_of_whoever_is_at_a_counter() -> None:
    story = Story().given((BOSS, c.OpenCounter("1")), (KIOSK, c.IssueTicket(("1",))))
    story.given((BOSS, c.CallNext("1")))
    assert (told(story, "1"), ahead(story.live, "1")) == (3, 0)


def test_two_counters_share_the_work_of_all_they_serve() -> None:
    story = Story().given((BOSS, c.OpenCounter("1")), (BOSS, c.OpenCounter("2")))
    story.given((KIOSK, c.IssueTicket(("1",))), (KIOSK, c.IssueTicket(("2",))))
    assert told(story, "1") == 11, "(6 + 15) / 2, rounded up"
    assert told(story, "2") == 21, "only counter 2 serves it, and has the other to serve as well"


def test_nobody_waits_where_a_counter_is_free_and_nobody_is_ahead() -> None:
    story = Story().given((BOSS, c.OpenCounter("1")), (BOSS, c.OpenCounter("2")))
    story.given((KIOSK, c.IssueTicket(("1",))), (BOSS, c.CallNext("1")))
    assert told(story, "1") == 0, "counter 2 is free"
    assert told(story, "2") == 0
    story.given((KIOSK, c.IssueTicket(("2",))))
    assert told(story, "1") == 9, "(6 / 2 + 15) / 2: somebody waits for counter 2"
    story.given((BOSS, c.CallNext("2")))
    assert told(story, "1") == 6, "(6 / 2 + 15 / 2) / 2, rounded up"


def test_the_days_last_services_say_how_long_the_next_will_take() -> None:
    story = Story().given((BOSS, c.OpenCounter("1")), *[(KIOSK, c.IssueTicket(("1",)))] * 3)
    serve(story, "1", minutes=10)
    serve(story, "1", minutes=20)
    assert usual_ms(RULES, story.live, "1") == 15 * MINUTE_MS
    assert told(story, "1") == 15


def test_only_the_last_twenty_count() -> None:
    story = Story().given((BOSS, c.OpenCounter("1")), *[(KIOSK, c.IssueTicket(("1",)))] * 21)
    serve(story, "1", minutes=60)
    for _ in range(20):
        serve(story, "1", minutes=2)
    assert usual_ms(RULES, story.live, "1") == 2 * MINUTE_MS
