"""Whatever happens to the hub, the clerk is told the truth and nothing is done in secret."""

import threading
from pathlib import Path

from contract import commands as c
from contract.commands import Actor
from contract.events import CounterOpened, TicketCalled
from display.terminal.settings import Settings
from tests.display.terminal.station import PIN, Station, at_station, events_of, issue, opened
from tests.edge.running_site import RunningSite

NV01 = Actor("nv01", "clerk")
PT01 = Actor("pt01", "supervisor")


def test_a_hub_that_stops_is_told_at_once_and_its_return_shows_the_truth(
    site: RunningSite,
) -> None:
    issue(site, "1", "1")

    async def scenario(at: Station) -> None:
        bells: list[None] = []
        at.app.bell = lambda: bells.append(None)  # type: ignore[method-assign]  # to be counted
        await at.sit_down()
        site.stop_serving()
        await at.sees("!! MẤT LIÊN LẠC máy chủ tại chỗ")
        heard = len(bells)
        assert heard
        await at.press("enter")
        await at.sees("Chưa làm gì: không liên lạc được với máy chủ tại chỗ.")
        assert len(bells) > heard
        site.give(NV01, c.CallNext("1"))
        site.restart()
        site.serve_again()
        await at.sees("ĐÃ GỌI")
        assert "MẤT LIÊN LẠC" not in at.screen
        await at.press("enter")
        await at.sees("ĐANG PHỤC VỤ")

    at_station(site, scenario)
    assert [type(event) for event in events_of(site)].count(TicketCalled) == 1


def test_keys_are_refused_aloud_while_an_answer_is_awaited(site: RunningSite) -> None:
    writing = threading.Event()

    def slow_printer(*_: object) -> None:
        writing.wait(10)

    async def scenario(at: Station) -> None:
        await at.sit_down()
        site.hub._print_slip = slow_printer
        await at.press("p")
        await at.sees("Chọn lĩnh vực")
        await at.press("1")
        await at.sees("Diện ưu tiên")
        at.clock.later(1)
        await at.hit("1")
        await at.sees("Đang chờ máy chủ tại chỗ trả lời")
        await at.type("t")
        await at.sees("Chưa làm gì: đang chờ máy chủ trả lời lệnh trước.")
        writing.set()
        await at.sees("Đã cấp số 1001.")
        await at.press("enter")
        await at.sees("ĐÃ GỌI")

    try:
        at_station(site, scenario)
    finally:
        writing.set()


def test_a_session_that_ended_elsewhere_leads_to_the_first_screen(site: RunningSite) -> None:
    async def scenario(at: Station) -> None:
        await at.sit_down()
        site.access.set_pin("nv01", "clerk", "739154")
        await at.press("enter")
        await at.sees("ĐĂNG NHẬP", "Chưa có gì thay đổi")
        await at.sign_in(pin="739154")
        await at.sees("Quầy 1 · nv01", "SẴN SÀNG")

    at_station(site, scenario)


def test_a_dialog_that_is_open_does_not_hide_the_end_of_the_session(site: RunningSite) -> None:
    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press("t")
        await at.sees("Lý do tạm ngừng")
        site.access.remove_staff("nv01")
        site.stop_serving()
        site.serve_again()
        await at.sees("ĐĂNG NHẬP", "Chưa có gì thay đổi")

    at_station(site, scenario)


def test_a_seat_that_was_given_up_elsewhere_is_not_worked_on(site: RunningSite) -> None:
    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press("t")
        site.give(NV01, c.SignOut("1"))
        await at.sees("Chọn quầy", "Quầy 1 không còn do anh/chị phụ trách.")
        await at.press("enter")
        await at.sees("SẴN SÀNG")

    at_station(site, scenario)


def test_a_counter_paused_by_the_supervisor_shows_it_and_opens_again(site: RunningSite) -> None:
    async def scenario(at: Station) -> None:
        await at.sit_down()
        site.give(PT01, c.PauseCounter("1", "meeting"))
        await at.sees("QUẦY TẠM NGỪNG", "Họp")
        await at.press("enter")
        await at.sees("SẴN SÀNG")

    at_station(site, scenario)
    assert [type(event) for event in events_of(site)].count(CounterOpened) == 2


def test_a_ticket_taken_away_while_a_question_is_open_is_refused_by_the_hub(
    site: RunningSite,
) -> None:
    issue(site, "1")

    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press("enter", "v")
        await at.sees("Ghi số 1001 vắng mặt?")
        site.give(NV01, c.StartService("1"))
        await at.press("enter")
        await at.sees("!! Số 1001 đang được phục vụ rồi.")

    at_station(site, scenario)


def test_without_a_hub_nobody_signs_in_and_the_words_say_why(tmp_path: Path) -> None:
    site = opened(tmp_path)
    gone = Settings(hub=site.url)
    site.close()

    async def scenario(at: Station) -> None:
        await at.sign_in(pin=PIN)
        await at.sees("! Chưa liên lạc được với máy chủ tại chỗ")

    at_station(site, scenario, settings=gone)


def test_a_second_enter_that_comes_too_soon_finishes_nothing_and_is_not_passed_over_in_silence(
    site: RunningSite,
) -> None:
    issue(site, "1")

    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press("enter", "enter")
        await at.sees("ĐANG PHỤC VỤ")
        await at.press("enter")
        await at.sees("Mới phục vụ số 1001", "Enter: đồng ý")
        await at.hit("enter")
        await at.sees("Enter lần nữa sau giây lát: đồng ý")
        assert at.phase("1001") == "serving"
        await at.sees("Enter: đồng ý")
        await at.press("enter")
        await at.sees("Đã hoàn thành số 1001")

    settings = Settings(hub=site.url, progress=site.folder / "course.json")
    at_station(site, scenario, settings=settings)
