import pytest
from msgspec.structs import replace

from contract.day_report import Ratings, Spread, StaffFigures
from contract.snapshot import CounterView
from display.terminal.desk_view import desk_view, figures, own_figures, waiting_here
from display.terminal.scene import Note
from tests.display.terminal.sights import MINUTE_MS, NOW_MS, counter, scene, ticket


def words(lines: tuple[Note, ...]) -> list[str]:
    return [line.words for line in lines]


def test_a_ticket_being_served_shows_its_time_against_the_usual_time_of_its_service() -> None:
    at = counter(ticket(phase="serving", minutes=4.2))
    view = desk_view(scene(at), at)
    assert (view.title, view.number) == ("Đang phục vụ", "1025")
    assert view.running == Note("4:12 trên mức 7 phút")
    assert view.share == pytest.approx(0.6)
    assert view.main == "next"


def test_a_service_beyond_its_usual_time_has_a_sign_and_words_and_not_only_a_colour() -> None:
    at = counter(ticket(phase="serving", minutes=12))
    running = desk_view(scene(at), at).running
    assert running == Note("12:00, quá mức 7 phút", "notice")


def test_a_called_ticket_shows_how_often_it_was_called_and_who_comes() -> None:
    at = counter(ticket(phase="called", minutes=0.5, calls=2, priority="elderly"))
    view = desk_view(scene(at), at)
    assert view.running == Note("0:30 trên mức 1:00")
    assert words(view.lines) == [
        "Hộ tịch – Chứng thực",
        "Ưu tiên: Người cao tuổi",
        "Lấy số cách đây 30 phút · đã gọi 2 lần",
    ]
    assert view.main == "start"


def test_whoever_does_not_come_makes_the_clerk_think_of_calling_again() -> None:
    at = counter(ticket(phase="called", minutes=1.5))
    view = desk_view(scene(at), at)
    assert view.running == Note("1:30, quá mức 1:00", "notice")
    assert "Gọi lại (L), hoặc ghi vắng mặt (V)" in words(view.lines)


def test_services_still_to_come_are_named() -> None:
    at = counter(ticket(phase="serving", further_services=("2", "5")))
    assert "Còn lĩnh vực: Đất đai – Môi trường, Cư trú – Căn cước" in words(
        desk_view(scene(at), at).lines
    )


def test_an_idle_counter_says_who_waits_for_it_and_what_is_due() -> None:
    idle = counter()
    view = desk_view(
        scene(
            idle,
            waiting=(ticket("1030", minutes=25), ticket("5001"), ticket("2001", counter="2")),
            parked=(ticket("1001", "parked", due_ms=NOW_MS - MINUTE_MS),),
        ),
        idle,
    )
    assert view.lines == (
        Note("Chờ quầy này: 2, lâu nhất 25 phút", "notice"),
        Note("1 số đã đến hẹn gọi lại", "notice"),
    )
    assert view.main == "next"


def test_who_was_sent_to_another_open_counter_does_not_wait_here() -> None:
    sent = ticket("2001", counter="2")
    here, other = counter(), counter(counter="2", staff="nv02", services=("2",))
    assert waiting_here(scene(here, other, waiting=(sent,)), here) == ()
    shut = counter(counter="2", staff=None, services=("2",), phase="closed")
    assert waiting_here(scene(here, shut, waiting=(sent,)), here) == (sent,)
    at_lunch = counter(counter="2", staff="nv02", services=("2",), phase="paused")
    assert waiting_here(scene(here, at_lunch, waiting=(sent,)), here) == (sent,)


def test_a_paused_counter_says_why_and_opens_with_the_main_key() -> None:
    paused = counter(phase="paused", pause_reason="lunch", since_ms=NOW_MS - 65 * MINUTE_MS)
    view = desk_view(scene(paused), paused)
    assert view.lines[0] == Note("Nghỉ trưa · Từ 06:55, đã 1 giờ 05")
    assert view.main == "open"


def test_a_reason_that_was_typed_is_shown_as_it_was_typed() -> None:
    paused = counter(phase="paused", pause_reason="đón đoàn {kiểm tra}")
    assert desk_view(scene(paused), paused).lines[0].words.startswith("đón đoàn {kiểm tra} · ")


def test_the_days_figures_are_the_counters_and_the_centres() -> None:
    assert figures(scene(), counter()) == "Hôm nay: quầy này 23, trung tâm 151"


def test_english_where_a_name_is_known_and_vietnamese_where_not() -> None:
    at = counter(ticket("2007", phase="serving", priority="elderly"))
    assert words(desk_view(scene(at, language="en"), at).lines) == [
        "Đất đai – Môi trường",
        "Priority: Aged 60 or over",
        "Took the number 30 min ago",
    ]


def test_own_figures_are_shown_as_soon_as_they_are_known() -> None:
    assert own_figures(scene()) == ()
    own = StaffFigures(
        "nv01",
        issued=0,
        called=25,
        served=23,
        no_shows=2,
        transferred=0,
        parked=0,
        service_times=Spread(23, 370_000, 700_000, 900_000),
        ratings=Ratings(5, None),
        pauses=0,
        paused_ms=0,
    )
    here = replace(scene(), own=own)
    assert words(own_figures(here)) == ["Tôi: 23 lượt ~6:10", "vắng 2, đánh giá 5"]
    untimed = replace(own, service_times=Spread(0, None, None, None))
    assert words(own_figures(replace(here, own=untimed)))[0] == "Tôi: 23 lượt"
    absent = replace(untimed, served=0)
    assert words(own_figures(replace(here, own=absent)))[0] == "Tôi: chưa phục vụ ai"
    new = replace(absent, no_shows=0, ratings=Ratings(0, None))
    assert words(own_figures(replace(here, own=new))) == ["Tôi: chưa phục vụ ai"]


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (counter(rated=True), ["Công dân vừa xong: đã có đánh giá"]),
        (
            counter(rating_due_ms=NOW_MS + 1),
            ["Công dân vừa xong: đang mời đánh giá"],
        ),
        (counter(rating_due_ms=NOW_MS), []),
        (counter(phase="paused", rated=True), []),
    ],
)
def test_that_a_rating_came_is_told_and_not_which(at: CounterView, said: list[str]) -> None:
    told = words(desk_view(scene(at), at).lines)
    assert [line for line in told if "đánh giá" in line] == said


def test_other_services_than_usual_are_named() -> None:
    at = counter(services=("5",), usual_services=("1", "2"))
    assert words(desk_view(scene(at), at).lines)[-2] == "Tạm đổi lĩnh vực: Cư trú – Căn cước"
