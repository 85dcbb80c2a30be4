"""Measures of 16-bit sound: how loud, how near to clipping, how much silence at its ends. Pure."""

import math
from array import array
from collections.abc import Iterable
from typing import NamedTuple

FULL_SCALE = 32768
_SILENT = 328  # 1 % of full scale, -40 dB


class Levels(NamedTuple):
    """Decibels below full scale (never above 0), and milliseconds of silence before and after."""

    rms_db: float
    peak_db: float
    lead_ms: float
    tail_ms: float


def levels(samples: "array[int]", rate: int) -> Levels | None:
    """Measure mono samples of `rate` Hz; None when nothing is audible."""
    first = _silent(samples)
    if first == len(samples):
        return None
    tail = _silent(reversed(samples))
    loud = samples[first : len(samples) - tail]
    rms = math.sqrt(math.fsum(sample * sample for sample in loud) / len(loud))
    peak = max(map(abs, loud))
    return Levels(_db(rms), _db(peak), 1000 * first / rate, 1000 * tail / rate)


def _silent(samples: Iterable[int]) -> int:
    """How many samples come before the first audible one."""
    count = 0
    for sample in samples:
        if abs(sample) > _SILENT:
            break
        count += 1
    return count


def _db(amplitude: float) -> float:
    return 20 * math.log10(amplitude / FULL_SCALE)
