"""One key takes back what a clerk did a moment ago."""

import pytest

from contract import commands as c
from contract.commands import Actor
from contract.events import CallTakenBack, ServiceReopened
from tests.display.terminal.station import Station, at_station, events_of, issue
from tests.edge.running_site import RunningSite

NV01 = Actor("nv01", "clerk")
NV02 = Actor("nv02", "clerk")


@pytest.mark.parametrize("finish", ["h", "enter"])
def test_one_key_takes_a_finish_back(site: RunningSite, finish: str) -> None:
    issue(site, "1")

    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press("enter", "enter")
        await at.sees("ĐANG PHỤC VỤ", "N     Rút lại (10 giây)")
        await at.press(finish)
        await at.sees("Đã hoàn thành số 1001.", "N rút lại, trong 10 giây", "SẴN SÀNG")
        assert at.phase("1001") == "finished"
        await at.press("n")
        await at.sees("Đã rút lại với số 1001", "ĐANG PHỤC VỤ", "Hôm nay: quầy này 0")
        assert at.phase("1001") == "serving"
        await at.press("n")
        await at.sees("!! Không có gì để rút lại")

    at_station(site, scenario)
    assert isinstance(events_of(site)[-1], ServiceReopened)


@pytest.mark.parametrize("key", ["enter", "f2"])
def test_one_key_takes_a_finish_and_the_call_that_followed_back(
    site: RunningSite, key: str
) -> None:
    issue(site, "1", "1")

    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press("enter", "enter", key)
        await at.sees(
            "Đã hoàn thành số 1001, đang gọi số 1002.", "ĐÃ GỌI", "N     Rút lại (10 giây)"
        )
        await at.press("n")
        await at.sees("Đã rút lại với số 1001", "ĐANG PHỤC VỤ", "Hôm nay: quầy này 0")
        assert (at.phase("1001"), at.phase("1002")) == ("serving", "waiting")
        await at.press("enter", "enter", "n")
        await at.sees("!! Không có gì để rút lại")
        assert at.phase("1002") == "serving"

    at_station(site, scenario)
    assert [type(event) for event in events_of(site)].count(CallTakenBack) == 1


def test_a_number_called_by_mistake_waits_on(site: RunningSite) -> None:
    issue(site, "1", "1")

    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press("1")
        await at.type("002")
        await at.press("enter", "1")
        await at.sees("ĐÃ GỌI")
        await at.press("n")
        await at.sees("Đã rút lại với số 1002", "SẴN SÀNG")
        assert at.phase("1002") == "waiting"

    at_station(site, scenario)


def test_after_ten_seconds_nothing_is_taken_back(site: RunningSite) -> None:
    issue(site, "1")

    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press("enter", "enter", "h")
        await at.sees("SẴN SÀNG")
        at.clock.later(11)
        await at.press("n")
        await at.sees("!! Không có gì để rút lại")
        assert at.phase("1001") == "finished"

    at_station(site, scenario)


def test_the_ten_seconds_begin_when_the_question_was_answered(site: RunningSite) -> None:
    issue(site, "1")

    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press("enter", "enter", "d")
        await at.sees("Mã hồ sơ")
        for clock in (at.clock, site.clock):
            clock.later(12)
        await at.type("H44.100-17")
        await at.press("enter")
        await at.sees("Đã hoàn thành số 1001.")
        await at.press("n")
        await at.sees("Đã rút lại với số 1001", "ĐANG PHỤC VỤ")

    at_station(site, scenario)


def test_a_finish_whose_citizen_has_gone_on_elsewhere_stays(site: RunningSite) -> None:
    issue(site, "1")

    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press("enter", "enter", "a", "3")
        await at.sees("có thêm một lĩnh vực", "Còn lĩnh vực")
        await at.press("h")
        await at.sees("SẴN SÀNG")
        for command in (c.SignIn("2"), c.OpenCounter("2", ("5",)), c.CallNext("2")):
            at.site.give(NV02, command)
        await at.press("n")
        await at.sees("!! Số 1001 đang ở quầy 2.")

    at_station(site, scenario)


def test_an_added_service_and_a_no_show_are_taken_back_by_the_same_key(site: RunningSite) -> None:
    issue(site, "1")

    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press("enter", "enter", "a", "3")
        await at.sees("Còn lĩnh vực")
        await at.press("n")
        await at.sees("Đã rút lại với số 1001")
        assert "Còn lĩnh vực" not in at.screen
        await at.press("h")
        issue(at.site, "1")
        await at.press("enter", "v", "enter")
        await at.sees("Số 1002 đã ghi vắng mặt.")
        assert at.phase("1002") == "absent"
        await at.press("n")
        await at.sees("Đã rút lại với số 1002, như chưa bấm.", "ĐÃ GỌI")
        assert at.phase("1002") == "called"

    at_station(site, scenario)
    assert site.hub.day_report().no_shows == 0
