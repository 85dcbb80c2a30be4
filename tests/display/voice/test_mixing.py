from array import array
from itertools import pairwise

import pytest

from display.voice.levels import levels
from display.voice.mixing import Gaps, Sound, announcement, chime, silence
from display.voice.volume import percent_at
from tests.display.scenes import NOW_MS
from tests.display.voice.clips import heard

RATE = 16_000
ONE = array("h", [1000, -2000, 3000, -4000] * 400).tobytes()
TWO = array("h", [5000, 500, -5000] * 300).tobytes()
BELL = array("h", [9000, -9000] * 800).tobytes()
CLIPS = {"one": ONE, "two": TWO, "bell": BELL}
GAPS = Gaps(words_ms=60, sentences_ms=500)
HOUR_MS = 3_600_000


def parts(sound: Sound) -> list[str | int]:
    return heard(b"".join(sound.samples()), CLIPS, RATE)


def test_an_announcement_is_its_clips_in_order_with_the_configured_gaps() -> None:
    sound = announcement([[ONE, TWO, ONE], [TWO]], RATE, GAPS, BELL, percent=100)
    assert parts(sound) == ["bell", 500, "one", 60, "two", 60, "one", 500, "two"]
    assert sound.seconds == pytest.approx(len(b"".join(sound.samples())) / 2 / RATE)


def test_without_chime_and_gaps_clips_follow_each_other() -> None:
    sound = announcement([[ONE, TWO], [ONE]], RATE, Gaps(0, 0), percent=100)
    assert b"".join(sound.samples()) == ONE + TWO + ONE


def test_the_volume_scales_every_sample() -> None:
    half = b"".join(Sound(RATE, (ONE,), 50).samples())
    assert array("h", half)[:4] == array("h", [500, -1000, 1500, -2000])
    assert b"".join(Sound(RATE, (ONE,), 0).samples()) == bytes(len(ONE))


def test_the_first_piece_does_not_wait_for_the_others() -> None:
    pieces = announcement([[ONE, TWO]], RATE, GAPS, BELL, percent=100).samples()
    assert next(pieces) == BELL


def test_the_chime_is_audible_and_does_not_clip_or_click() -> None:
    samples = array("h", chime(RATE))
    level = levels(samples, RATE)
    assert level is not None
    assert len(samples) == 2 * round(0.45 * RATE)
    assert -12 < level.peak_db < -3
    steps = [abs(after - before) for before, after in pairwise(samples)]
    assert max(steps) < 12_000  # less than a full swing of its own tone between two samples
    assert abs(samples[0]) < 200
    assert abs(samples[-1]) < 200


def test_silence_has_the_length_it_says() -> None:
    assert silence(250, RATE) == bytes(2 * 4000)


@pytest.mark.parametrize(
    ("hours_later", "percent"),
    [(0, 80), (2, 50), (4.5, 80), (9, 60), (14.9, 60), (21.9, 80)],  # from 09:10 on
)
def test_the_volume_follows_the_sites_clock(hours_later: float, percent: int) -> None:
    table = {"07:00": 80, "11:10": 50, "13:30": 80, "18:00": 60}
    assert percent_at(table, NOW_MS + int(hours_later * HOUR_MS)) == percent


def test_without_a_clock_to_trust_the_loudest_holds() -> None:
    assert percent_at({"07:00": 80, "11:30": 30}, None) == 80


def test_without_a_table_the_volume_is_that_of_the_bank() -> None:
    assert percent_at({}, NOW_MS) == percent_at({}, None) == 100
