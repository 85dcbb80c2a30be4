"""Clips, gaps and a chime joined into the sound of one announcement. Pure.

Sound is mono, 16 bits little end first, as WAV files hold it and aplay takes it.
"""

import math
from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_SAMPLE_BYTES = 2
_CHIME_HZ = (659.26, 523.25)  # E5, C5: the falling third of a doorbell
_CHIME_NOTE_S = 0.45
_CHIME_PEAK = 16_000
_CHIME_DECAY_PER_S = 6.0
_CHIME_ATTACK_S = 0.005
_CHIME_END_S = 0.03


class Sound(NamedTuple):
    """Pieces to play one after the other at `percent` of the amplitude they were recorded with."""

    rate: int
    pieces: tuple[bytes, ...]
    percent: int = 100

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return sum(map(len, self.pieces)) / _SAMPLE_BYTES / self.rate

    def samples(self) -> Iterator[bytes]:
        """What goes to the player, piece by piece, so that the first need not wait for the last."""
        for piece in self.pieces:
            yield piece if self.percent == 100 else _scaled(piece, self.percent)


class Gaps(NamedTuple):
    """Milliseconds of silence between words, and around the chime and each language."""

    words_ms: int
    sentences_ms: int


def announcement(
    speeches: Sequence[Sequence[bytes]], rate: int, gaps: Gaps, chime: bytes = b"", *, percent: int
) -> Sound:
    """Join the chime, if any, and one speech a language."""
    between_words = silence(gaps.words_ms, rate)
    sentences = ([chime] if chime else [], *speeches)
    pieces: list[bytes] = []
    for sentence in filter(None, sentences):
        if pieces:
            pieces.append(silence(gaps.sentences_ms, rate))
        for clip in sentence:
            pieces += (clip, between_words)
        pieces.pop()
    return Sound(rate, tuple(pieces), percent)


def silence(ms: int, rate: int) -> bytes:
    """That many milliseconds of nothing."""
    return bytes(_SAMPLE_BYTES * round(rate * ms / 1000))


def chime(rate: int) -> bytes:
    """Two falling bell notes, 0.9 s together."""
    notes = (_note(hz, rate) for hz in _CHIME_HZ)
    return b"".join(array("h", note).tobytes() for note in notes)


def _note(hz: float, rate: int) -> Iterator[int]:
    count = round(_CHIME_NOTE_S * rate)
    for at in range(count):
        second = at / rate
        tone = 0.8 * math.sin(math.tau * hz * second) + 0.2 * math.sin(math.tau * 2 * hz * second)
        begin = min(1.0, second / _CHIME_ATTACK_S)
        end = min(1.0, (count - at) / rate / _CHIME_END_S)
        yield round(_CHIME_PEAK * tone * begin * end * math.exp(-_CHIME_DECAY_PER_S * second))


def _scaled(piece: bytes, percent: int) -> bytes:
    return array("h", (sample * percent // 100 for sample in array("h", piece))).tobytes()
