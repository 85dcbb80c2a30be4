"""A day's citizens: drawn by seed, or read from a recorded day."""

from datetime import date, time
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from simulation.visits import ArrivalsError, at, day_of_visits, read_arrivals

MONDAY = date(2026, 11, 23)
SERVICES = ["1", "2", "8"]
PRIORITIES = ["elderly"]


def read(path: Path, text: str) -> list[str]:
    """The problems of a file with this text, a line each."""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ArrivalsError) as refused:
        read_arrivals(path, MONDAY, SERVICES, PRIORITIES, Random(1))
    return str(refused.value).splitlines()[1:]


def test_local_time_is_seven_hours_ahead_of_utc() -> None:
    assert at(date(1970, 1, 1), time(7, 0)) == 0


def test_a_seed_repeats_a_day_and_another_does_not() -> None:
    def day(seed: int) -> object:
        return day_of_visits(MONDAY, 100_000, "urban", SERVICES, Random(seed))

    assert day(5) == day(5)
    assert day(5) != day(6)


def test_a_monday_in_a_large_ward_has_the_shape_of_the_load_model() -> None:
    days = [day_of_visits(MONDAY, 123_282, "urban", SERVICES, Random(seed)) for seed in range(40)]
    visits = [visit for day in days for visit in day]
    morning = sum(visit.arrives_ms < at(MONDAY, time(12)) for visit in visits)
    assert 100 < len(visits) / len(days) < 200
    assert 0.63 < morning / len(visits) < 0.73
    assert 0.03 < sum(not visit.shows_up for visit in visits) / len(visits) < 0.07
    assert all(a.arrives_ms <= b.arrives_ms for day in days for a, b in pairwise(day))


def test_a_recorded_day_is_read(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    file.write_text(
        "arrived_at,service,service_s,priority,shows_up,sign_wait_s,rating\n"
        "08:00:30,2,600,elderly,1,,4\n"
        "07:30:00,1,300.5,,0,720,\n",
        encoding="utf-8",
    )
    first, second = read_arrivals(file, MONDAY, SERVICES, PRIORITIES, Random(1))
    assert first.arrives_ms == at(MONDAY, time(7, 30))
    assert (first.service, first.service_s, first.shows_up) == ("1", 300.5, False)
    assert (first.sign_wait_s, first.rating, first.priority) == (720, None, None)
    assert (second.priority, second.rating, second.shows_up) == ("elderly", 4, True)


def test_unknown_and_missing_columns_are_named(tmp_path: Path) -> None:
    assert read(tmp_path / "a.csv", "arrived_at,service,serviced_s\n") == [
        "line 1: unknown column 'serviced_s'",
        "line 1: column 'service_s' is missing",
    ]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("8:00,1,60,", "line 3: arrived_at is '8:00', but must be HH:MM:SS"),
        ("24:00:00,1,60,", "line 3: arrived_at is '24:00:00', but must be HH:MM:SS"),
        ("08:00:00,5,60,", "line 3: service is '5', but must be one of 1, 2, 8"),
        ("08:00:00,1,0,", "line 3: service_s is '0', but must be seconds from 1 to 28800"),
        ("08:00:00,1,nan,", "line 3: service_s is 'nan', but must be seconds from 1 to 28800"),
        ("08:00:00,1,60,5", "line 3: rating is '5', but must be empty or 1 to 4"),
        ("08:00:00,1,60,,9", "line 3: has more values than there are columns"),
    ],
)
def test_a_bad_row_is_named_and_the_whole_file_refused(
    tmp_path: Path, row: str, problem: str
) -> None:
    text = f"arrived_at,service,service_s,rating\n08:00:00,1,60,\n{row}\n"
    assert read(tmp_path / "a.csv", text) == [problem]


def test_an_empty_or_unreadable_file_is_refused(tmp_path: Path) -> None:
    assert read(tmp_path / "a.csv", "arrived_at,service,service_s\n") == [
        "line 2: there is no arrival in it"
    ]
    with pytest.raises(ArrivalsError, match="cannot be read"):
        read_arrivals(tmp_path / "none.csv", MONDAY, SERVICES, PRIORITIES, Random(1))
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ArrivalsError, match="cannot be read"):
        read_arrivals(tmp_path / "b.csv", MONDAY, SERVICES, PRIORITIES, Random(1))


def test_many_problems_are_cut_short(tmp_path: Path) -> None:
    rows = "\n".join("x,1,60" for _ in range(50))
    problems = read(tmp_path / "a.csv", f"arrived_at,service,service_s\n{rows}\n")
    assert len(problems) == 21
    assert problems[-1] == "... and 30 more"
