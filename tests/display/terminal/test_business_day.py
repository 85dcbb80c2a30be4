"""The day that a supervisor names, and who has gone home, where no clock can tell."""

import asyncio

import pytest

from contract import commands as c
from contract.events import DayOpened, TicketVoided
from display.terminal.business_day import ask_day
from display.terminal.questions import Case, NotNow
from display.terminal.scene import Scene
from tests.display.terminal.clerk import Clerk
from tests.display.terminal.sights import counter, scene, ticket
from tests.display.terminal.station import Station, at_station, events_of, issue
from tests.edge.running_site import MONDAY_8_MS, RULES, RunningSite

YESTERDAYS = (ticket("1001", earlier=True), ticket("2001", "parked", earlier=True))
TODAYS = ticket("1002")
AT_NIGHT = counter(ticket("1003", "called", earlier=True))


def left_over() -> Scene:
    return scene(
        AT_NIGHT, clock_trusted=False, waiting=(YESTERDAYS[0], TODAYS), parked=(YESTERDAYS[1],)
    )


def asked(clerk: Clerk, seen: Scene) -> c.AnyCommand:
    return asyncio.run(ask_day(Case(clerk, seen, seen.snapshot.counters[0], "")))


def test_the_next_days_are_offered_by_name_and_the_likely_answer_comes_first() -> None:
    clerk = Clerk(1, 0, "yes")
    command = asked(clerk, left_over())
    assert command == c.OpenDay("2026-11-24", ("1001", "2001", "1003"), "2026-11-23")
    assert clerk.offered == [
        [
            "Vẫn là 23/11/2026",
            "24/11/2026 Thứ Ba",
            "25/11/2026 Thứ Tư",
            "26/11/2026 Thứ Năm",
            "Ngày khác…",
        ],
        [
            "3 số cấp trước khi bật máy lần này: đã về",
            "Tất cả đã về: bỏ 4 số",
            "Chưa ai về: giữ cả 4 số",
        ],
    ]
    assert clerk.confirmed == 1


def test_on_the_same_day_nobody_has_gone_unless_it_is_said() -> None:
    clerk = Clerk(0, 0)
    assert asked(clerk, left_over()) == c.OpenDay("2026-11-23", of_day="2026-11-23")
    assert clerk.confirmed == 0
    everybody = c.OpenDay("2026-11-23", ("1001", "1002", "2001", "1003"), "2026-11-23")
    assert asked(Clerk(0, 2, "yes"), left_over()) == everybody


@pytest.mark.parametrize("typed", ["30/02/2026", "1970", "23-11-2026", "a/b/c", "1/1/1970", ""])
def test_a_date_is_typed_until_it_is_one(typed: str) -> None:
    clerk = Clerk(1, typed, "7/12/2026")
    seen = scene(counter(None), clock_trusted=False, day="1970-01-01")
    assert asked(clerk, seen) == c.OpenDay("2026-12-07", of_day="1970-01-01")
    assert clerk.offered == [["Vẫn là 01/01/1970", "Ngày khác…"]], "nobody counts on from 1970"
    assert clerk.questions[-1] == "Hãy gõ ngày/tháng/năm, ví dụ 23/11/2026."


def test_by_a_clock_that_is_right_only_who_has_gone_is_asked() -> None:
    clerk = Clerk(1, "yes")
    only = c.OpenDay("2026-11-23", ("1002",), "2026-11-23")
    assert asked(clerk, scene(waiting=(TODAYS,))) == only
    with pytest.raises(NotNow, match="ngày mới tự mở"):
        asked(Clerk(), scene())


def test_no_more_are_said_to_go_than_the_hub_takes_at_once() -> None:
    many = tuple(ticket(f"{1001 + n}", earlier=True) for n in range(1200))
    clerk = Clerk(1, 0, "yes")
    command = asked(clerk, scene(counter(None), clock_trusted=False, waiting=many))
    assert isinstance(command, c.OpenDay)
    assert command.gone == tuple(waiting.number for waiting in many[:1000])
    assert clerk.offered[-1] == ["Tất cả đã về: bỏ 1000 số", "Chưa ai về: giữ cả 1200 số"]
    assert clerk.questions[-1] == (
        "Bỏ 1000 số khỏi hàng đợi? Những công dân này sẽ không được gọi nữa."
    )


# --- at a terminal ----------------------------------------------------------------------------


def power_cut(site: RunningSite) -> None:
    site.clock.boot = f"{site.clock.boot}+"
    site.clock.wall_ms, site.clock.mono_ns, site.clock.synced = 1_000, 5_000_000_000, False
    site.restart_with(RULES)


def test_after_a_power_cut_the_supervisor_is_asked_once_and_yesterday_goes_home(
    site: RunningSite,
) -> None:
    power_cut(site)
    issue(site, "1", "5")
    power_cut(site)
    issue(site, "1")

    async def scenario(at: Station) -> None:
        await at.sign_in("pt01")
        await at.sees("Hôm nay là ngày nào?", "1 Vẫn là 23/11/2026")
        await at.press("2", "1")
        await at.sees("Bỏ 2 số khỏi hàng đợi?")
        await at.press("enter")
        await at.sees("Đã ghi ngày làm việc", "! 24/11/2026, đồng hồ chưa chỉnh", "1 người đang")

    at_station(site, scenario)
    days = [event for event in events_of(site) if isinstance(event, DayOpened)]
    assert [(day.day, day.carried, day.abandoned) for day in days[-1:]] == [
        ("2026-11-24", ("1002",), ("1001", "5001"))
    ]


def test_who_comes_while_the_question_is_open_stays_and_the_question_is_asked_again(
    site: RunningSite,
) -> None:
    issue(site, "1", "5")
    power_cut(site)

    async def scenario(at: Station) -> None:
        await at.sign_in("pt01")
        await at.sees("Hôm nay là ngày nào?")
        site.clock.wall_ms, site.clock.synced = MONDAY_8_MS + 86_400_000, True
        issue(site, "1", "5")  # Tuesday's 1001 and 5001
        await at.press("2")
        await at.sees("Còn 2 số chưa xong.")
        await at.press("1", "enter")
        await at.sees("Ngày làm việc hiện là 2026-11-24", "Còn 2 số chưa xong.")
        await at.press("1")
        await at.sees("Đã ghi ngày làm việc")

    at_station(site, scenario)
    assert not [event for event in events_of(site) if isinstance(event, TicketVoided)]
    assert site.hub.snapshot().day == "2026-11-24"
    assert [waiting.number for waiting in site.hub.snapshot().waiting] == ["1001", "5001"]


def test_at_closing_time_everyone_goes_home_with_one_key(site: RunningSite) -> None:
    issue(site, "1", "5")

    async def scenario(at: Station) -> None:
        await at.sign_in("pt01")
        await at.sees("Chọn quầy", "Y ngày, ai đã về")
        await at.press("y")
        await at.sees("Còn 2 số chưa xong. Những ai đã về?")
        await at.press("2", "enter")
        await at.sees("Đã ghi ngày làm việc", "Không có ai chờ")
        await at.press("y")
        await at.sees("ngày mới tự mở")

    at_station(site, scenario)
    voided = [event for event in events_of(site) if isinstance(event, TicketVoided)]
    assert voided == [TicketVoided("1001", "citizen-left"), TicketVoided("5001", "citizen-left")]
    assert site.hub.is_empty


def test_a_clerk_is_not_asked_and_sees_which_day_is_believed(site: RunningSite) -> None:
    power_cut(site)

    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.sees("! 23/11/2026, đồng hồ chưa chỉnh")

    at_station(site, scenario)


def test_a_supervisor_with_a_counter_is_asked_first_and_then_goes_on_there(
    site: RunningSite,
) -> None:
    async def before(at: Station) -> None:
        await at.sit_down("pt01")

    at_station(site, before)
    power_cut(site)

    async def scenario(at: Station) -> None:
        await at.sign_in("pt01")
        await at.sees("Hôm nay là ngày nào?")
        site.clock.later(2)
        issue(site, "1")  # a new picture
        await at.sees("1 Vẫn là 23/11/2026")
        await at.press("1", "1")
        await at.sees("SẴN SÀNG")

    at_station(site, scenario)
