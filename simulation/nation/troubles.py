"""What goes wrong on the nation's day: drawn from a seed, the same for the same seed."""

from collections.abc import Sequence
from datetime import time
from random import Random
from typing import NamedTuple

_MS_PER_MIN = 60_000
_MS_PER_YEAR = 31_556_952_000
_POWER_CUT_SHARE = 0.01
_CLOCK_ERROR_SHARE = 0.02
_CUT_PROVINCES = 3
_CUT_MIN = (40, 120)
# A board without a clock chip starts in the past; the rest has been seen in the field.
_CLOCK_ERRORS_MS = (
    -53 * _MS_PER_YEAR,
    -2 * _MS_PER_YEAR,
    -7 * 60 * _MS_PER_MIN,
    45 * _MS_PER_MIN,
    400 * _MS_PER_YEAR,
)


class Outage(NamedTuple):
    """A province without a line; minutes since midnight."""

    province: str
    from_min: int
    until_min: int


class WrongClock(NamedTuple):
    """A hub whose wall clock is wrong by `error_ms` until the network tells it the time."""

    node: str
    error_ms: int
    until_min: int


class PowerCut(NamedTuple):
    """A hub that loses power and gets it back at once."""

    node: str
    at_min: int


class Troubles(NamedTuple):
    """All troubles of the day; broker and centre are killed, and the broker loses its store."""

    outages: tuple[Outage, ...]
    wrong_clocks: tuple[WrongClock, ...]
    power_cuts: tuple[PowerCut, ...]
    broker_crash: time = time(9, 45)
    centre_crash: time = time(14, 5)


def draw_troubles(nodes: Sequence[str], seed: int) -> Troubles:
    """Troubles for these hubs, at least one of each kind."""
    random = Random(f"{seed} troubles")
    provinces = sorted({node[:2] for node in nodes})
    cut = random.sample(provinces, min(_CUT_PROVINCES, len(provinces)))
    shuffled = random.sample(list(nodes), len(nodes))
    wrong = shuffled[: max(1, round(_CLOCK_ERROR_SHARE * len(nodes)))]
    cuts = shuffled[len(wrong) :][: max(1, round(_POWER_CUT_SHARE * len(nodes)))]
    return Troubles(
        outages=tuple(_outage(province, random) for province in sorted(cut)),
        wrong_clocks=tuple(
            WrongClock(node, random.choice(_CLOCK_ERRORS_MS), random.randrange(7 * 60, 11 * 60))
            for node in sorted(wrong)
        ),
        power_cuts=tuple(
            PowerCut(node, random.randrange(8 * 60, 16 * 60)) for node in sorted(cuts)
        ),
    )


def _outage(province: str, random: Random) -> Outage:
    begins_min = random.randrange(8 * 60, 15 * 60)
    return Outage(province, begins_min, begins_min + random.randint(*_CUT_MIN))
