"""The player through the real `aplay` and alsa-lib, on a PCM that keeps what was played.

alsa-lib's `file` plugin writes down what reaches the card, and its `null` plugin is a card that
takes everything at once. So format, order, rate and faults are the real ones; that a card draws
samples at its own pace, and what it does when it gets them late, is not seen here.
"""

import math
from array import array
from itertools import pairwise
from pathlib import Path

import pytest

from display.voice.mixing import Sound
from display.voice.players import AplayPlayer, PlayerError
from runtime.clock import SystemClock
from tests.display.voice.clips import read_wav

RATE = 22_050
TONE_HZ = 441
TONE = array(
    "h", (round(12_000 * math.sin(math.tau * TONE_HZ * n / RATE)) for n in range(3 * RATE))
).tobytes()
SOUND = Sound(RATE, (TONE[:3000], TONE[3000:]))
PERIOD_S = 0.5  # aplay's last period is filled up with silence
CARDS = """
pcm.card { type file slave.pcm null file "%(folder)s/heard.wav" format wav }
pcm.stereo_card { type plug slave { pcm card rate 48000 channels 2 format S16_LE } }
pcm.dying_card { type file slave.pcm null file /dev/full format raw }
pcm.pulled_out { type hw card 31 }
"""


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".asoundrc").write_text(CARDS % {"folder": tmp_path}, "utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "heard.wav"


@pytest.mark.parametrize("percent", [100, 50])
def test_every_sample_reaches_the_card_in_order_and_at_its_volume(
    heard: Path, percent: int
) -> None:
    sound = SOUND._replace(percent=percent)
    AplayPlayer("card", SystemClock()).play(sound, "hall-1025-3")
    rate, samples = read_wav(heard)
    asked = b"".join(sound.samples())
    assert rate == RATE
    assert samples[: len(asked)] == asked
    rest = samples[len(asked) :]
    assert not any(rest)
    assert len(rest) < 2 * RATE * PERIOD_S


def test_a_card_of_another_rate_with_two_channels_plays_the_same_tone_for_the_same_time(
    heard: Path,
) -> None:
    AplayPlayer("stereo_card", SystemClock()).play(SOUND, "hall-1025-3")
    raw = heard.read_bytes()
    both = array("h", raw[raw.index(b"data") + 8 :])
    left, right = both[::2], both[1::2]
    assert left == right
    assert SOUND.seconds <= len(left) / 48_000 < SOUND.seconds + PERIOD_S
    turns = sum(before < 0 <= now for before, now in pairwise(left))
    assert turns / SOUND.seconds == pytest.approx(TONE_HZ, rel=0.01)
    assert max(left) == pytest.approx(12_000, rel=0.05)


@pytest.mark.parametrize("card", ["pulled_out", "dying_card"])
def test_a_card_that_is_gone_or_dies_is_an_error_and_plays_again_once_it_is_back(
    heard: Path, card: str
) -> None:
    player = AplayPlayer("usb_card", SystemClock())
    cards = heard.with_name(".asoundrc")
    usb = CARDS % {"folder": heard.parent}
    cards.write_text(f"{usb}\npcm.usb_card pcm.{card}\n", "utf-8")
    with pytest.raises(PlayerError, match=r"No such file|error") as error:
        player.play(SOUND, "hall-1025-3")
    assert error.value.condition == "sound-failed"
    assert not heard.exists()
    cards.write_text(f"{usb}\npcm.usb_card pcm.card\n", "utf-8")
    player.play(SOUND, "hall-1025-3")
    assert read_wav(heard)[1].startswith(TONE)
