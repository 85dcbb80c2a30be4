"""A counter goes on while its clerk is being asked."""

import pytest

from contract import commands as c
from contract.commands import Actor
from tests.display.terminal.station import Station, at_station, issue
from tests.edge.running_site import RunningSite

KEYPAD = Actor("keypad-1", "keypad", "1")


@pytest.mark.parametrize(
    ("before", "keys", "asked"),
    [
        (("enter",), ("v",), "Ghi số 1001 vắng mặt?"),
        (("enter", "enter"), ("d", "H", "4", "4", "1"), "Mã hồ sơ"),
        (("enter", "enter"), ("k",), "Hẹn gọi lại sau bao lâu?"),
    ],
)
def test_an_answer_about_one_citizen_is_not_used_for_the_next(
    site: RunningSite, before: tuple[str, ...], keys: tuple[str, ...], asked: str
) -> None:
    issue(site, "1", "1")

    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press(*before, *keys)
        await at.sees(asked)
        site.give(KEYPAD, c.CallNext("1", finish_current=True))
        seq = site.hub.house.seq
        await at.until(lambda: at.seq >= seq, "the picture")
        await at.press("enter")
        await at.sees("!! Chưa làm gì: số 1001 không còn ở quầy này.", "ĐÃ GỌI")
        assert at.phase("1002") == "called"
        assert site.hub.house.seq == seq

    at_station(site, scenario)
