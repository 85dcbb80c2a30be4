import pytest

from display.terminal.scene import clock_time, desk, elapsed, minutes
from tests.display.terminal.sights import NOW_MS, counter, scene


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "0:00"), (0, "0:00"), (252, "4:12"), (3599, "59:59"), (3852, "1:04:12")],
)
def test_running_time(seconds: int, words: str) -> None:
    assert elapsed(seconds * 1000) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "<1 phút"), (59, "<1 phút"), (60, "1 phút"), (3599, "59 phút"), (3900, "1 giờ 05")],
)
def test_time_at_a_glance(seconds: int, words: str) -> None:
    assert minutes(seconds * 1000, "vi") == words


def test_the_time_of_day_is_the_sites() -> None:
    assert clock_time(NOW_MS) == "08:00"


def test_a_counter_is_the_clerks_until_someone_else_has_it() -> None:
    assert desk(scene(counter())) == counter()
    assert desk(scene(counter(staff="nv02"))) is None
    assert desk(scene(counter(counter="9"))) is None
