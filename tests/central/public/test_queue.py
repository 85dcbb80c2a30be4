"""Where a ticket stands."""

from msgspec.structs import replace

from central.public.queue import InLine, Place, SiteQueue, place_of

DAY = "2026-11-20"


def queue(live: bool = True, **tickets: InLine) -> SiteQueue:
    """A site where six of service 1 were called in the last hour."""
    return SiteQueue(
        name="Hồng Hà",
        day=DAY,
        live=live,
        complete_up_to_ms=0,
        tickets={name[1:]: ticket for name, ticket in tickets.items()},
        called={"1": 6},
        called_min=60,
    )


def test_those_of_the_same_service_who_wait_longer_come_first() -> None:
    now = queue(
        n1001=InLine("waiting", "1", 300),
        n1002=InLine("waiting", "1", 100),
        n1003=InLine("waiting", "1", 200),
        n1004=InLine("serving", "1", 10),
        n2001=InLine("waiting", "2", 50),
    )
    assert place_of(now, DAY, "1001") == Place("waiting", ahead=2, wait_min=30)
    assert place_of(now, DAY, "1002") == Place("waiting", ahead=0, wait_min=10)


def test_tickets_of_one_moment_keep_the_order_of_their_numbers() -> None:
    now = queue(n1001=InLine("waiting", "1", 100), n1002=InLine("waiting", "1", 100))
    assert [place_of(now, DAY, n).ahead for n in ("1001", "1002")] == [0, 1]


def test_the_pace_is_that_of_the_time_at_work() -> None:
    """Six calls in the first twelve minutes are one in two minutes, not one in ten."""
    opened = replace(queue(n1001=InLine("waiting", "1", 100)), called_min=12)
    assert place_of(opened, DAY, "1001").wait_min == 2


def test_a_pace_that_few_calls_or_minutes_tell_is_not_told() -> None:
    now = queue(n1001=InLine("waiting", "1", 100))
    just_opened = replace(now, called_min=9)
    assert place_of(just_opened, DAY, "1001").wait_min is None
    of_two_calls = replace(now, called={"1": 2}, called_min=40)
    assert place_of(of_two_calls, DAY, "1001").wait_min is None
    of_an_hour = replace(now, called={"1": 2}, called_min=60)
    assert place_of(of_an_hour, DAY, "1001").wait_min == 30


def test_no_wait_is_made_up() -> None:
    calm = queue(n2001=InLine("waiting", "2", 100))
    assert place_of(calm, DAY, "2001") == Place("waiting", ahead=0, wait_min=None)
    silent = queue(live=False, n1001=InLine("waiting", "1", 100))
    assert place_of(silent, DAY, "1001") == Place("waiting", ahead=0, wait_min=None)


def test_a_number_of_a_site_with_several_queues_is_nobodys_until_one_is_named() -> None:
    several = replace(queue(n1001=InLine("waiting", "1", 100)), is_clear=False)
    assert place_of(several, DAY, "1001") == Place("unclear")


def test_before_the_hub_has_said_which_day_it_is_no_number_is_of_another() -> None:
    unopened = replace(queue(n1001=InLine("called", "1", 100)), day=None)
    assert place_of(unopened, DAY, "1001") == Place("called")
    assert place_of(unopened, DAY, "1002") == Place("no-news"), "it may wait all the same"


def test_of_a_day_that_the_hub_is_not_known_to_have_opened_there_is_no_news() -> None:
    """Its line is down since last evening: the number of last evening is somebody else's."""
    silent = queue(live=False, n1001=InLine("waiting", "1", 100))
    assert place_of(silent, "2026-11-21", "1001") == Place("no-news")
    assert place_of(silent, "2026-11-21", "1003") == Place("no-news")


def test_what_does_not_wait_has_no_place() -> None:
    now = queue(n1001=InLine("parked", "1", 100))
    assert place_of(now, DAY, "1001") == Place("parked")
    assert place_of(now, DAY, "1999") == Place("gone")
    assert place_of(now, "2026-11-19", "1001") == Place("other-day")
