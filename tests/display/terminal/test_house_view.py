import pytest

from contract.snapshot import DeviceView, LinkView
from display.terminal import house_view
from display.terminal.house_view import Row
from display.terminal.scene import Note
from runtime.wording import LANGUAGES
from tests.display.terminal.sights import (
    MINUTE_MS,
    NOW_MS,
    counter,
    device,
    queue_of,
    scene,
    ticket,
)


def test_the_queue_begins_with_the_clerks_own_services_and_leaves_out_the_quiet_ones() -> None:
    section = house_view.queue(
        scene(
            counter(services=("2",)),
            services=(queue_of("1", 3, 4), queue_of("2", 0, 0), queue_of("5", 0, 0)),
            waiting=(ticket("1001"), ticket("1002"), ticket("1003")),
        )
    )
    assert section.title == "3 người đang chờ"
    assert section.rows == (
        Row("Đất đai – Môi trường", "0", "", mine=True),
        Row("Hộ tịch – Chứng thực", "3", "4 phút"),
    )


def test_a_wait_beyond_the_target_says_so_in_words() -> None:
    (row,) = house_view.queue(scene(services=(queue_of("1", 3, 34),))).rows[:1]
    assert (row.note, row.mood) == ("34 phút, quá 20", "notice")


def test_people_who_wait_where_no_counter_is_open_are_an_alarm() -> None:
    (row,) = house_view.queue(scene(services=(queue_of("5", 3, 4, 0),))).rows
    assert (row.note, row.mood) == ("chưa mở quầy", "alarm")


def test_parked_numbers_come_by_their_promise_and_those_without_one_last() -> None:
    section = house_view.parked(
        scene(
            parked=(
                ticket("1001", "parked", minutes=12, park_reason="papers"),
                ticket("1002", "parked", park_reason="signature", due_ms=NOW_MS + 10 * MINUTE_MS),
                ticket("1003", "parked", park_reason="signature", due_ms=NOW_MS - 3 * MINUTE_MS),
            )
        )
    )
    name = "Hộ tịch – Chứng thực"
    assert section.title == "3 số chờ ký, chờ hồ sơ"
    assert section.rows == (
        Row("1003", "", f"chờ ký, quá hẹn 3 phút · {name}", "notice"),
        Row("1002", "", f"chờ ký, hẹn 08:10 · {name}"),
        Row("1001", "", f"chờ hồ sơ, đã 12 phút · {name}"),
    )


def test_other_counters_say_who_does_what_since_when() -> None:
    section = house_view.other_counters(
        scene(
            counter(),
            counter(ticket("1024", "serving", 5), counter="2", staff="nv02"),
            counter(counter="3", staff="nv03", phase="paused", pause_reason="lunch"),
            counter(counter="4", staff=None, phase="closed"),
            counter(counter="5", staff=None, phase="closed"),
        )
    )
    assert [(row.name, row.note) for row in section.rows] == [
        ("2 · nv02", "phục vụ 1024 · 5 phút"),
        ("3 · nv03", "tạm ngừng: Nghỉ trưa · 30 phút"),
        ("4, 5", "đóng"),
    ]


@pytest.mark.parametrize(
    ("link", "line"),
    [
        (LinkView(True, 0), Note("Đã đồng bộ")),
        (LinkView(True, 12), Note("Đã đồng bộ")),
        (LinkView(True, 12, overdue=4), Note("Đang gửi về trung tâm, còn 12 sự kiện")),
        (
            LinkView(False, 132),
            Note("Mất kết nối – đang lưu tại chỗ, 132 sự kiện", "notice"),
        ),
        (LinkView(False, 0, configured=False), Note("Chạy độc lập, không nối trung tâm")),
        (LinkView(False, 0), Note("Mất kết nối – đang lưu tại chỗ", "notice")),
    ],
)
def test_the_line_to_the_centre_is_told_in_words(link: LinkView, line: Note) -> None:
    assert house_view.link(scene(link=link)) == line


@pytest.mark.parametrize(
    ("at", "line"),
    [
        (device("lost", "paper-out"), Note("Hết giấy ở máy lấy số", "alarm")),
        (device("paper-low"), Note("Máy lấy số sắp hết giấy", "notice")),
        (
            device("lost", "no-news", "boards:b1", NOW_MS),
            Note("Mất liên lạc từ 08:00 (boards:b1)", "alarm"),
        ),
        (device("lost", "no-answer"), Note("Thiết bị không trả lời (printer-1)", "alarm")),
        (device("lost", "some new trouble"), Note("Mất liên lạc (printer-1)", "alarm")),
        (device("ready"), Note("Thiết bị tốt")),
    ],
)
def test_devices_are_told_in_words(at: DeviceView, line: Note) -> None:
    assert house_view.devices(scene(devices=(at,))) == (line,)


def test_only_lost_devices_are_listed_for_removal() -> None:
    devices = (
        device("ready"),
        device("paper-low", name="printer-2"),
        device("lost", "paper-out", "printer-3", NOW_MS),
        device("lost", "no-news", "boards:b1", NOW_MS),
    )
    assert house_view.lost_devices(scene(devices=devices)) == (
        Row("printer-3", "", "Hết giấy ở máy lấy số từ 08:00"),
        Row("boards:b1", "", "Mất liên lạc từ 08:00"),
    )


def test_the_worst_news_comes_first() -> None:
    lines = house_view.health(
        scene(
            link=LinkView(False, 132),
            devices=(device("lost", "paper-out"),),
            issuing="after-last-ticket",
        ),
        silent=False,
    )
    assert [line.mood for line in lines] == ["alarm", "notice", "calm"]


def test_a_silent_hub_is_all_that_counts() -> None:
    (line,) = house_view.health(scene(link=LinkView(True, 0)), silent=True)
    assert line.mood == "alarm"
    assert "MẤT LIÊN LẠC" in line.words


@pytest.mark.parametrize("language", LANGUAGES)
def test_that_another_hub_answers_fits_into_a_row_of_80_columns(language: str) -> None:
    shown = scene(language=language)
    cause = "unable to get local issuer certificate"
    alarm, why = house_view.health(shown, silent=True, distrust=cause)
    assert (alarm.mood, why.mood) == ("alarm", "notice")
    assert why.words.endswith(cause)
    assert max(len(alarm.words), len(why.words)) <= 76


def test_a_clock_that_nobody_set_is_not_shown_as_the_time() -> None:
    assert house_view.clock(scene()) == Note("08:00")
    unset = house_view.clock(scene(clock_trusted=False))
    assert unset == Note("23/11/2026, đồng hồ chưa chỉnh", "notice")
