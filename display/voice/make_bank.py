"""`python -m display.voice.make_bank`: speak the shipped banks anew with espeak-ng.

Needs the program espeak-ng; nothing else of Thứ Tự does. Each clip is spoken as if the sentence
went on, trimmed, faded over a few milliseconds so that joins do not click, and brought to one
loudness for the whole bank.
"""

import math
import subprocess
import tempfile
import wave
from array import array
from pathlib import Path

from display.voice.bank import SHIPPED_BANKS, read_text
from display.voice.levels import FULL_SCALE, levels

_VOICES = {"vi": ("vi", 120), "en": ("en-gb", 160)}  # words a minute: slower than espeak-ng's 175
_AMPLITUDE = "60"  # of 200: espeak-ng clips its loudest vowels above this
_LOUDNESS_DB = -20.0
_CEILING_DB = -1.0
_KEEP_S = 0.02
_FADE_S = 0.004


def make_bank(folder: Path, voice: str, words_per_min: int) -> None:
    """Write every WAV file that the folder's `bank.toml` names, spoken by espeak-ng's `voice`.

    Raises BankError, and OSError or CalledProcessError when espeak-ng cannot be run.
    """
    for name, words in read_text(folder).clips.items():
        samples, rate = _speak(voice, words_per_min, words)
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setparams((1, 2, rate, 0, "NONE", "not compressed"))
            file.writeframes(_even(_trim(samples, rate), rate).tobytes())


def _speak(voice: str, words_per_min: int, words: str) -> tuple["array[int]", int]:
    with tempfile.TemporaryDirectory() as scratch:
        spoken = Path(scratch, "spoken.wav")
        options = ["-v", voice, "-s", str(words_per_min), "-a", _AMPLITUDE, "-w", str(spoken)]
        # The comma keeps the voice from falling as it does where a sentence ends.
        subprocess.run(["espeak-ng", *options, f"{words},"], check=True, timeout=30)
        with wave.open(str(spoken), "rb") as file:
            return array("h", file.readframes(file.getnframes())), file.getframerate()


def _trim(samples: "array[int]", rate: int) -> "array[int]":
    heard = levels(samples, rate)
    if heard is None:
        return samples
    keep = round(_KEEP_S * rate)
    first = max(0, round(heard.lead_ms * rate / 1000) - keep)
    last = len(samples) - max(0, round(heard.tail_ms * rate / 1000) - keep)
    return samples[first:last]


def _even(samples: "array[int]", rate: int) -> "array[int]":
    """Bring a clip to the bank's loudness, but no peak beyond the ceiling, and fade its ends."""
    heard = levels(samples, rate)
    if heard is None:
        return samples
    gain_db = min(_LOUDNESS_DB - heard.rms_db, _CEILING_DB - heard.peak_db)
    gain = math.pow(10, gain_db / 20)
    fade = round(_FADE_S * rate)
    last = len(samples) - 1
    return array(
        "h",
        (
            min(FULL_SCALE - 1, round(sample * gain * min(1, at / fade, (last - at) / fade)))
            for at, sample in enumerate(samples)
        ),
    )


if __name__ == "__main__":
    for language, (speaker, pace) in _VOICES.items():
        make_bank(SHIPPED_BANKS / language, speaker, pace)
