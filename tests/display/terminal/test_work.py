"""A clerk's day, key by key, in front of a real hub."""

from contract import commands as c
from contract.commands import Actor
from contract.events import ServiceFinished, TicketCalled, TicketVoided
from tests.display.terminal.station import PIN, Station, at_station, events_of, issue
from tests.edge.running_site import RunningSite

NV01 = Actor("nv01", "clerk")
NV02 = Actor("nv02", "clerk")


def test_enter_alone_serves_the_hall(site: RunningSite) -> None:
    issue(site, "1", "1")

    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.sees("Chờ quầy này: 2")
        await at.press("enter")
        await at.sees("ĐÃ GỌI", "Hộ tịch", "Enter  Bắt đầu phục vụ")
        assert at.phase("1001") == "called"
        await at.press("enter")
        await at.sees("ĐANG PHỤC VỤ", "Enter  Hoàn thành, gọi tiếp")
        await at.press("enter")
        await at.sees("ĐÃ GỌI")
        assert (at.phase("1001"), at.phase("1002")) == ("finished", "called")
        await at.press("enter", "enter")
        await at.sees("SẴN SÀNG", "Đã hoàn thành số 1002. Không còn ai chờ quầy này.")
        await at.sees("Hôm nay: quầy này 2")

    at_station(site, scenario)


def test_function_keys_and_letters_do_the_same(site: RunningSite) -> None:
    issue(site, "1", "1")

    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press("f2")
        await at.sees("ĐÃ GỌI")
        await at.press("l")
        await at.sees("Đã gọi lại số 1001.", "đã gọi 2 lần")
        await at.press("B")
        await at.sees("ĐANG PHỤC VỤ")
        await at.press("f5")
        await at.sees("Đã hoàn thành số 1001.", "SẴN SÀNG")

    at_station(site, scenario)


def test_a_refusal_is_in_the_hubs_words_and_stays_until_the_next_key(site: RunningSite) -> None:
    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press("enter")
        await at.sees("!! Không còn ai chờ ở quầy 1.")
        await at.press("b")
        await at.sees("!! Quầy 1 chưa gọi số nào. Hãy gọi số trước.")
        assert "Không còn ai" not in at.screen
        await at.press("w")
        await at.sees("Phím này không dùng ở đây")

    at_station(site, scenario)


def test_a_key_hit_twice_does_one_thing(site: RunningSite) -> None:
    issue(site, "1", "1")

    async def scenario(at: Station) -> None:
        await at.sign_in()
        await at.hit("enter")
        await at.sees("Chọn quầy", "Quầy 1")
        at.clock.later(1)
        await at.hit("enter", "enter")
        await at.sees("SẴN SÀNG")
        await at.hit("enter")
        assert at.phase("1001") == "waiting"
        at.clock.later(1)
        await at.hit("enter", "enter", "enter")
        await at.sees("ĐÃ GỌI")
        await at.hit("enter")
        assert at.phase("1001") == "called"
        await at.press("p")
        await at.sees("Chọn lĩnh vực")
        await at.press("1")
        await at.hit("1")
        await at.sees("Diện ưu tiên")

    at_station(site, scenario)
    assert [type(event) for event in events_of(site)].count(TicketCalled) == 1


def test_finishing_with_a_dossier_code(site: RunningSite) -> None:
    issue(site, "1")

    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press("enter", "enter", "d")
        await at.sees("Mã hồ sơ")
        await at.type("H44.100-17")
        await at.press("enter")
        await at.sees("Đã hoàn thành số 1001.")

    at_station(site, scenario)
    (finished,) = [e for e in events_of(site) if isinstance(e, ServiceFinished)]
    assert finished.dossier == "H44.100-17"


def test_a_no_show_is_asked_once_and_comes_back_in_the_old_place(site: RunningSite) -> None:
    issue(site, "1", "1")

    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press("enter", "v")
        await at.sees("Ghi số 1001 vắng mặt?")
        await at.press("escape")
        assert at.phase("1001") == "called"
        await at.press("v", "enter")
        await at.sees("Số 1001 đã ghi vắng mặt.", "SẴN SÀNG")
        await at.press("r")
        await at.sees("Số nào trở lại?")
        await at.press("1")
        await at.sees("Số 1001 đã trở lại hàng chờ")
        await at.press("enter")
        await at.until(lambda: at.phase("1001") == "called")

    at_station(site, scenario)


def test_parking_for_a_signature_and_calling_back(site: RunningSite) -> None:
    issue(site, "1")

    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press("enter", "enter", "k")
        await at.sees("Hẹn gọi lại sau bao lâu?")
        await at.press("1")
        await at.sees("1 số chờ ký, chờ hồ sơ", "1001  chờ ký, hẹn 08:11", "SẴN SÀNG")
        site.clock.later(14.5 * 60)
        issue(site, "5")
        await at.sees("! chờ ký, quá hẹn")
        await at.press("y", "1")
        await at.sees("ĐÃ GỌI")
        assert at.phase("1001") == "called"

    at_station(site, scenario)


def test_a_transfer_keeps_the_number(site: RunningSite) -> None:
    issue(site, "1")

    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press("enter", "enter", "c")
        await at.sees("Chọn lĩnh vực")
        await at.press("3")
        await at.sees("Chọn quầy")
        await at.press("1")
        await at.sees("Số 1001 đã chuyển, giữ nguyên số.")
        ticket = site.hub.house.live.tickets["1001"]
        assert (ticket.phase, ticket.service) == ("waiting", "5")

    at_station(site, scenario)


def test_a_number_is_called_out_of_turn_by_typing_it(site: RunningSite) -> None:
    issue(site, "1", "1", "1")

    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.type("1003")
        await at.sees("Số trên phiếu", "1003")
        await at.press("enter")
        await at.sees("Lý do gọi không theo thứ tự")
        await at.press("5")
        await at.type("khach o xa")
        await at.press("enter")
        await at.until(lambda: at.phase("1003") == "called")

    at_station(site, scenario)
    (called,) = [e for e in events_of(site) if isinstance(e, TicketCalled)]
    assert (called.how, called.reason) == ("chosen", "khach o xa")


def test_issuing_for_a_citizen_tells_the_number_and_priority_is_called(site: RunningSite) -> None:
    issue(site, "1")

    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press("p", "1")
        await at.sees("Diện ưu tiên")
        await at.press("2")
        await at.sees("Đã cấp số 1002. Chờ trước: 1 người")
        await at.press("u")
        await at.sees("Gọi số ưu tiên nào?", "1002")
        await at.press("enter")
        await at.until(lambda: at.phase("1002") == "called")
        await at.sees("Ưu tiên: Người cao tuổi")

    at_station(site, scenario)


def test_a_void_asks_once_and_is_kept_with_its_reason(site: RunningSite) -> None:
    issue(site, "1")

    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press("z")
        await at.type("1001")
        await at.press("enter", "1")
        await at.sees("Hủy số 1001?")
        await at.press("enter")
        await at.sees("Đã hủy số 1001.")

    at_station(site, scenario)
    (voided,) = [e for e in events_of(site) if isinstance(e, TicketVoided)]
    assert voided.reason == "citizen-left"


def test_pausing_opening_closing_and_leaving(site: RunningSite) -> None:
    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press("t", "1")
        await at.sees("QUẦY TẠM NGỪNG", "Nghỉ trưa", "Enter  Mở lại quầy")
        await at.press("enter")
        await at.sees("SẴN SÀNG")
        await at.press("q")
        await at.sees("QUẦY ĐANG ĐÓNG")
        await at.press("x")
        await at.sees("ĐĂNG NHẬP")
        live = site.hub.house.live
        assert (live.counters["1"].staff, live.counters["1"].phase) == (None, "closed")

    at_station(site, scenario)


def test_help_and_the_palette_show_every_key(site: RunningSite) -> None:
    issue(site, "1")

    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press("f1")
        await at.sees("Các phím", "F6 V", "Enter luôn làm việc tiếp theo")
        await at.press("space")
        await at.press("ctrl+p")
        await at.sees("Gọi số tiếp theo")
        await at.type("Gọi số tiếp theo")
        await at.press("enter")
        await at.until(lambda: at.phase("1001") == "called")

    at_station(site, scenario)


def test_the_other_language_and_the_other_theme_are_one_key_away(site: RunningSite) -> None:
    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press("ctrl+l")
        await at.sees("READY", "Call next", "Nobody waits for this counter")
        await at.press("enter")
        await at.sees("!! Nobody is waiting")
        await at.press("ctrl+k")
        assert at.app.theme == "thutu-contrast"

    at_station(site, scenario)


def test_a_wrong_pin_is_told_in_the_hubs_words_and_may_be_typed_again(site: RunningSite) -> None:
    async def scenario(at: Station) -> None:
        await at.sees("ĐĂNG NHẬP")
        await at.press("enter", "enter")
        await at.sees("Hãy nhập cả tên đăng nhập và mã PIN.")
        await at.sign_in(pin="999111")
        await at.sees("! Sai tên hoặc mã PIN. Hãy thử lại.")
        await at.type(PIN)
        await at.press("enter")
        await at.sees("Chọn quầy")

    at_station(site, scenario)


def test_a_taken_counter_is_refused_and_another_may_be_chosen(site: RunningSite) -> None:
    site.give(NV02, c.SignIn("1"))

    async def scenario(at: Station) -> None:
        await at.sign_in()
        await at.sees("Chọn quầy", "nv02")
        await at.press("enter")
        await at.sees("Quầy 1 đang do nv02 phụ trách.")
        await at.press("down", "enter")
        await at.sees("Quầy 2 · nv01", "SẴN SÀNG")

    at_station(site, scenario)


def test_a_clerk_who_comes_back_goes_on_where_the_terminal_died(site: RunningSite) -> None:
    issue(site, "1")
    for command in (c.SignIn("1"), c.OpenCounter("1"), c.CallNext("1"), c.StartService("1")):
        site.give(NV01, command)
    before = site.hub.house.seq

    async def scenario(at: Station) -> None:
        await at.sign_in()
        await at.sees("Quầy 1 · nv01", "ĐANG PHỤC VỤ")

    at_station(site, scenario)
    assert site.hub.house.seq == before


def test_two_clerks_never_have_one_ticket(site: RunningSite) -> None:
    issue(site, "1")
    for command in (c.SignIn("2"), c.OpenCounter("2")):
        site.give(NV02, command)

    async def scenario(at: Station) -> None:
        await at.sit_down()
        site.give(NV02, c.CallNext("2"))
        await at.sees("gọi 1001")
        await at.type("1001")
        await at.press("enter", "1")
        await at.sees("Số 1001 đang ở quầy 2.")

    at_station(site, scenario)


def test_a_supervisor_opens_pauses_and_closes_any_counter(site: RunningSite) -> None:
    async def scenario(at: Station) -> None:
        await at.sign_in("pt01")
        await at.sees("Chọn quầy", "M mở")
        await at.press("down", "m")
        await at.sees("mở, chưa gọi ai", "Quầy 2: xong.")
        await at.press("t", "1")
        await at.sees("tạm ngừng: Nghỉ trưa")
        await at.press("q")
        await at.until(lambda: site.hub.house.live.counters["2"].phase == "closed")

    at_station(site, scenario)


def test_own_figures_come_from_the_hub_after_a_service(site: RunningSite) -> None:
    issue(site, "1")

    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.sees("Tôi: chưa phục vụ ai")
        await at.press("enter", "enter")
        site.clock.later(250)
        await at.press("h")
        at.clock.later(20)
        await at.sees("Tôi: 1 lượt ~4:10")

    at_station(site, scenario)


def test_leaving_the_screen_with_a_citizen_at_the_counter_asks_once(site: RunningSite) -> None:
    issue(site, "1")

    async def scenario(at: Station) -> None:
        await at.sit_down()
        await at.press("enter")
        await at.sees("ĐÃ GỌI")
        await at.press("ctrl+q")
        await at.sees("Số 1001 đang ở quầy. Thoát màn hình?")
        await at.press("escape")
        await at.sees("ĐÃ GỌI")
        assert at.app.return_code is None
        await at.press("ctrl+q")
        await at.sees("Thoát màn hình?")
        await at.hit("enter")
        assert at.app.return_code == 0

    at_station(site, scenario)
