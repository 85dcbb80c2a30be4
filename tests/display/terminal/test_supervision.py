"""What a supervisor reads and changes, key by key, in front of a real hub."""

from pathlib import Path

from contract import commands as c
from contract.commands import Actor
from contract.events import DeviceRemoved, ServicesAssigned
from display.terminal.line import PAGE_LINES
from display.terminal.settings import Settings
from tests.display.terminal.station import Station, at_station, events_of, issue
from tests.edge.running_site import HUB, RunningSite

NV01 = Actor("nv01", "clerk")
NV02 = Actor("nv02", "clerk")


def test_a_counter_gets_other_services_and_it_shows_until_they_are_the_usual_ones(
    site: RunningSite,
) -> None:
    async def scenario(at: Station) -> None:
        await at.sign_in("pt01")
        await at.sees("Chọn quầy", "D đổi lĩnh vực")
        await at.press("d")
        await at.sees("Quầy 1 phục vụ những lĩnh vực nào?", "[x] Hộ tịch", "[ ] Cư trú")
        await at.press("1", "2", "enter")
        await at.sees("! Hãy đánh dấu ít nhất một lĩnh vực.")
        await at.press("3", "down", "up", "enter")
        await at.sees("Lý do đổi lĩnh vực")
        await at.press("1")
        await at.sees("Quầy 1: xong.", "! tạm thời: Cư trú")
        await at.press("d", "1", "2", "3", "enter", "1")
        await at.until(lambda: "tạm thời:" not in at.screen)

    at_station(site, scenario)
    changes = [event for event in events_of(site) if isinstance(event, ServicesAssigned)]
    assert [(change.services, change.reason) for change in changes] == [
        (("5",), "long-queue"),
        ((), "long-queue"),
    ]


def test_whoever_sits_there_is_told_that_the_services_changed(site: RunningSite) -> None:
    async def scenario(at: Station) -> None:
        await at.sit_down()
        site.give(Actor("pt01", "supervisor"), c.AssignServices("1", ("5",)))
        await at.sees("! Tạm đổi lĩnh vực: Cư trú")

    at_station(site, scenario)


def test_a_device_that_was_taken_away_leaves_the_list(site: RunningSite) -> None:
    site.give(HUB, c.ReportDevice("printer-1", "ready"))

    async def scenario(at: Station) -> None:
        await at.sign_in("pt01")
        await at.sees("Chọn quầy", "G gỡ thiết bị")
        await at.press("g")
        await at.sees("!! Không có thiết bị nào đang mất liên lạc")
        site.give(HUB, c.ReportDevice("board-1", "lost", "no-news"))
        await at.sees("!!", "Mất liên lạc từ", "(board-1)")
        await at.press("g")
        await at.sees("Gỡ thiết bị nào khỏi danh sách?", "1 board-1")
        assert "printer-1" not in at.screen
        await at.press("1")
        await at.sees("Gỡ «board-1» khỏi danh sách?")
        await at.press("escape")
        await at.sees("(board-1)")
        await at.press("g", "1", "enter")
        await at.sees("Đã gỡ thiết bị khỏi danh sách.", "Thiết bị tốt")

    at_station(site, scenario)
    assert [event for event in events_of(site) if isinstance(event, DeviceRemoved)] == [
        DeviceRemoved("board-1")
    ]


def test_the_log_tells_what_who_and_why_page_by_page(site: RunningSite) -> None:
    issue(site, "1", "1", "1")
    for command in (
        c.SignIn("1"),
        c.OpenCounter("1"),
        c.CallTicket("1", "1003", "missed-turn"),
        c.MarkNoShow("1"),
    ):
        site.give(NV01, command)
    for number in range(PAGE_LINES):
        issue(site, "1")
        site.give(NV01, c.VoidTicket(str(1004 + number), "citizen-left"))

    async def scenario(at: Station) -> None:
        await at.sign_in("pt01")
        await at.sees("Chọn quầy", "N nhật ký")
        await at.press("n")
        await at.sees("Nhật ký trong ngày", "Hủy số 1013", "nv01", "Công dân đã về", "Trang 1")
        assert "không theo thứ tự" not in at.screen
        await at.press("pagedown")
        await at.sees("Quầy 1 gọi số 1003 không theo", "Công dân lỡ lượt", "Trang 2 · hết")
        await at.press("pageup")
        await at.sees("Hủy số 1013", "Trang 1")
        await at.press("escape")
        await at.sees("Chọn quầy")

    at_station(site, scenario)


def test_the_report_is_shown_and_saved_as_a_table(site: RunningSite, tmp_path: Path) -> None:
    issue(site, "1")
    for command in (c.SignIn("2"), c.OpenCounter("2"), c.CallNext("2"), c.StartService("2")):
        site.give(NV02, command)
    site.clock.later(125)
    site.give(NV02, c.FinishService("2"))
    saved = tmp_path / "reports"
    saved.mkdir()

    async def scenario(at: Station) -> None:
        await at.sign_in("pt01")
        await at.sees("Chọn quầy", "B báo cáo")
        await at.press("b")
        await at.sees("Báo cáo trong ngày", "lượt phục vụ xong 1", "Quầy 2", "nv02", "2:05")
        await at.press("s")
        await at.sees("Đã lưu báo cáo:", "23/11/2026")
        await at.press("p")
        await at.sees("!! Máy chủ tại chỗ không có máy in phiếu.", "Hãy lưu báo")

    at_station(site, scenario, settings=Settings(hub=site.url, reports=saved))
    (file,) = saved.iterdir()
    assert file.name == "thutu-01-00097-01-2026-11-23.csv"
    table = file.read_bytes().decode("utf-8-sig")
    assert "Trung tâm Hồng Hà" in table
    assert "nv02" in table
    assert table.count("\r\n") == len(table.splitlines())


def test_a_report_that_cannot_be_saved_says_that_nothing_is_lost(
    site: RunningSite, tmp_path: Path
) -> None:
    async def scenario(at: Station) -> None:
        await at.sign_in("pt01")
        await at.sees("Chọn quầy")
        await at.press("b")
        await at.sees("lượt phục vụ xong 0")
        await at.press("s")
        await at.sees("!! Chưa lưu được báo cáo: thư mục lưu không có", "Số liệu vẫn")

    at_station(site, scenario, settings=Settings(hub=site.url, reports=tmp_path / "nowhere"))


def test_records_of_a_silent_hub_are_not_made_up(site: RunningSite) -> None:
    async def scenario(at: Station) -> None:
        await at.sign_in("pt01")
        await at.sees("Chọn quầy")
        await at.press("n")
        await at.sees("Mở ngày làm việc")
        site.stop_serving()
        await at.press("escape")
        await at.sees("MẤT LIÊN LẠC")
        await at.press("n")
        await at.sees("Chưa làm gì: không liên lạc được")

    at_station(site, scenario)


def test_a_clerk_has_no_supervisors_keys(site: RunningSite) -> None:
    async def scenario(at: Station) -> None:
        await at.sign_in()
        await at.sees("Chọn quầy")
        assert "nhật ký" not in at.screen
        await at.press("n", "d", "b")
        await at.sees("Chọn quầy")

    at_station(site, scenario)


def test_a_roll_gives_its_next_number_in_large_digits(site: RunningSite) -> None:
    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press("o")
        await at.type("1043")
        await at.press("enter")
        await at.sees("Cấp số theo cuộn phiếu từ số 1043?")
        await at.press("enter")
        await at.sees("Phiếu tiếp theo: 1043.", "! Cuộn phiếu, tiếp theo 1043")
        await at.press("p", "1", "1")
        await at.sees("Hãy xé phiếu có số này trên cuộn", "  ██")
        await at.press("space")
        await at.sees("Đã cấp số 1043.", "tiếp theo 1044")
        await at.press("o", "1")
        await at.sees("Đã trở lại máy in.")
        assert "Cuộn phiếu, tiếp theo" not in at.screen

    at_station(site, scenario)


def test_a_slip_that_may_not_have_come_out_is_told_and_printed_again(site: RunningSite) -> None:
    issue(site, "1")
    site.give(HUB, c.ReportPrint("1001", 1, "unknown"))

    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.sees("1 phiếu chưa chắc đã in (I)")
        await at.press("i")
        await at.sees("In lại phiếu nào?", "1001 · chưa rõ đã in chưa")
        await at.press("1")
        await at.sees("Đang in lại phiếu số 1001.")
        assert "chưa chắc đã in" not in at.screen

    at_station(site, scenario)
    assert [slip.number for slip in site.prints][-1:] == ["1001"]
