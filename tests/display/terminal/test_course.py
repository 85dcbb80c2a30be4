from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from contract import commands as c
from contract.commands import Actor
from contract.snapshot import CounterView, Snapshot
from display.terminal.course import LESSONS, Act, Coach, what_happened
from display.terminal.practice import arrival
from display.terminal.progress import Progress
from display.terminal.settings import Settings
from runtime.wording import LANGUAGES, catalogue
from tests.display.terminal.sights import counter, scene, snapshot, ticket
from tests.display.terminal.station import Station, at_station, events_of, issue, opened
from tests.edge.running_site import RunningSite

NV01 = Actor("nv01", "clerk")
CALLED = counter(ticket("1025", "called", calls=1))
SERVING = counter(ticket("1025", "serving", calls=1))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RunningSite]:
    site = opened(tmp_path / "hub")
    yield site
    site.close()


@pytest.mark.parametrize(
    ("before", "after", "acts"),
    [
        (snapshot(counter()), snapshot(CALLED), ("call",)),
        (snapshot(CALLED), snapshot(SERVING), ("start",)),
        (snapshot(CALLED), snapshot(counter(ticket("1025", "called", calls=2))), ("recall",)),
        (snapshot(SERVING), snapshot(counter()), ("finish",)),
        (snapshot(SERVING), snapshot(counter(ticket("1026", "called"))), ("finish", "call")),
        (snapshot(CALLED), snapshot(counter(), absent=(ticket("1025", "absent"),)), ("no_show",)),
        (snapshot(SERVING), snapshot(counter(), waiting=(ticket("1025"),)), ("transfer",)),
        (
            snapshot(SERVING),
            snapshot(counter(), parked=(ticket("1025", "parked", park_reason="signature"),)),
            ("park_signature",),
        ),
        (
            snapshot(SERVING),
            snapshot(counter(), parked=(ticket("1025", "parked", park_reason="papers"),)),
            ("park_papers",),
        ),
        (
            snapshot(counter(), parked=(ticket("1025", "parked"),)),
            snapshot(CALLED),
            ("resume",),
        ),
        (snapshot(counter()), snapshot(counter(ticket("1099", "called"))), ("call_number",)),
        (snapshot(counter()), snapshot(counter(phase="paused")), ("pause",)),
        (snapshot(counter(phase="paused")), snapshot(counter()), ("open",)),
        (snapshot(counter()), snapshot(counter(phase="closed")), ("close",)),
        (snapshot(SERVING), snapshot(SERVING, issued_today=213), ()),
    ],
)
def test_what_a_clerk_did_is_read_from_two_pictures(
    before: Snapshot, after: Snapshot, acts: tuple[Act, ...]
) -> None:
    assert what_happened(before, after, "1", "1099") == acts


def follow(coach: Coach, seq: int, at: CounterView, **more: object) -> list[str]:
    here = scene(at)
    here = replace(here, snapshot=snapshot(at, seq=seq, training=True, **more))
    coach.follow(here, at)
    return [line.words for line in coach.lines(here, at)]


def test_the_coach_says_what_to_do_and_notices_that_it_was_done() -> None:
    coach = Coach()
    assert follow(coach, 1, counter())[1] == (
        "Bài 1/13: Có người chờ. Nhấn Enter để gọi số tiếp theo."
    )
    said, task = follow(coach, 2, CALLED)
    assert said.startswith("✓ Đúng: số đã hiện to")
    assert task.startswith("Bài 2/13: Công dân đã đến quầy.")


def test_another_act_is_named_and_does_no_harm() -> None:
    coach = Coach(2)
    follow(coach, 1, SERVING)
    said, task = follow(
        coach, 2, counter(), parked=(ticket("1025", "parked", park_reason="signature"),)
    )
    assert said == "Vừa làm: chờ ký. Không sao, nhưng bài này cần việc khác:"
    assert task == "Bài 3/13: trước hết hãy gọi một số (Enter)."
    assert coach.lesson == 2


def test_the_number_to_call_is_one_that_still_waits() -> None:
    coach = Coach([lesson.act for lesson in LESSONS].index("call_number"))
    waiting = (ticket("1026"), ticket("1027"))
    assert "Gõ 1027, Enter" in follow(coach, 1, counter(), waiting=waiting)[1]
    assert "Gõ 1028, Enter" in follow(coach, 2, counter(), waiting=(waiting[0], ticket("1028")))[1]
    assert follow(coach, 3, counter(ticket("1028", "called")), waiting=waiting[:1])[0].startswith(
        "✓ Đúng: gọi không theo thứ tự"
    )


def test_one_with_priority_whose_turn_it_is_is_not_called_out_of_turn() -> None:
    coach = Coach()
    waiting = (ticket("1026"), ticket("1027", priority="elderly"))
    follow(coach, 1, counter(), waiting=waiting)
    called = counter(ticket("1027", "called", priority="elderly"))
    assert follow(coach, 2, called, waiting=waiting[:1])[0].startswith("✓ Đúng")


def test_lessons_are_skipped_and_begin_anew_after_the_last() -> None:
    coach = Coach(len(LESSONS) - 1)
    coach.skip()
    assert "Đã học hết các bài." in follow(coach, 1, counter())[1]
    coach.skip()
    assert coach.lesson == 0


def test_every_lesson_has_its_words() -> None:
    for language in LANGUAGES:
        words = catalogue(language)
        for act in (lesson.act for lesson in LESSONS):
            assert {f"terminal.course{k}_{act}" for k in ("", "_done", "_act")} <= words.keys()


def test_citizens_come_until_a_few_wait_and_never_into_the_real_queue() -> None:
    at = counter()
    come = arrival(scene(at, training=True), at, Random(7))
    assert come is not None
    assert set(come.services) <= set(at.services)
    assert not come.on_paper
    crowd = tuple(ticket(f"100{n}") for n in range(4))
    assert arrival(scene(at, training=True, waiting=crowd), at, Random(7)) is None
    assert arrival(scene(at), at, Random(7)) is None
    closed = replace(at, phase="closed")
    assert arrival(scene(closed, training=True), closed, Random(7)) is None


def test_progress_is_kept_by_clerk_and_an_unreadable_file_begins_anew(tmp_path: Path) -> None:
    file = tmp_path / "kept" / "course.json"
    Progress(file).keep("nv01", 5)
    Progress(file).keep("nv02", 1)
    assert [Progress(file).lesson_of(staff) for staff in ("nv01", "nv02", "nv03")] == [5, 1, 0]
    file.write_text("{", "utf-8")
    assert Progress(file).lesson_of("nv01") == 0
    Progress(tmp_path / "kept" / "course.json" / "below a file").keep("nv01", 1)


def test_the_whole_course_is_done_at_the_terminal_and_counts_nowhere(
    site: RunningSite, tmp_path: Path
) -> None:
    issue(site, "1")
    before = len(events_of(site))
    kept = tmp_path / "course.json"

    async def scenario(at: Station) -> None:
        await at.sees("Chế độ tập huấn: tắt")
        await at.press("ctrl+t")
        await at.sees("Chế độ tập huấn: BẬT")
        await at.sit_down()
        await at.sees("TẬP HUẤN", "Bài 1/13", "Chờ quầy này: 3")
        for keys, lesson in (
            (("enter",), 2),
            (("enter",), 3),
            (("h",), 4),
            (("enter", "l"), 5),
            (("v", "enter"), 6),
            (("enter", "enter", "c", "3", "1"), 7),
        ):
            await at.press(*keys)
            await at.sees(f"Bài {lesson}/13", "✓ Đúng")
        assert Progress(kept).lesson_of("nv01") == 6

    async def resumed(at: Station) -> None:
        await at.sign_in()
        await at.sees("TẬP HUẤN", "Bài 7/13", "Khóa tập huấn 10 phút")
        await at.sees("Chờ quầy này: 3")
        for keys, lesson in (
            (("enter", "enter", "k", "1"), 8),
            (("y", "1"), 9),
            (("enter", "s", "1"), 10),
        ):
            await at.press(*keys)
            await at.sees(f"Bài {lesson}/13", "✓ Đúng")
        numbers = [t.number for t in site.hub.house.training.tickets.values()]
        await at.press("ctrl+n", "t", "1")
        await at.sees("Bài 12/13", "✓ Đúng")
        await at.press("enter")
        await at.sees("Bài 13/13")
        await at.press("q", "enter")
        await at.sees("Đã học hết các bài.")
        assert all(number.startswith("0") for number in numbers)

    settings = Settings(hub=site.url, quick_finish_s=0, progress=kept)
    at_station(site, scenario, settings=settings)
    at_station(site, resumed, settings=settings, training=True)
    live = site.hub.house.live
    assert (live.today.issued, live.today.finished) == (1, 0)
    assert live.tickets["1001"].phase == "waiting"
    assert len(events_of(site)) > before
    assert isinstance(site.give(NV01, c.SignIn("1")), c.Answer)
