"""How a working day at a commune's centre goes, in numbers.

Fitted to what provinces published in 2025 and 2026: dossiers per population, arrivals by hour,
waits for a signature, ratings. What is not marked so is an assumption: no-shows, shares of
priority and transfers, tickets per dossier.
"""

import math
from random import Random
from typing import Literal, NamedTuple

Mix = Literal["urban", "rural"]


class Kind(NamedTuple):
    """A kind of visit: its service group, and minutes of service as median and log sigma."""

    service: str
    median_min: float
    sigma: float


KINDS = {
    "certification": Kind("1", 6, 0.6),
    "civil-status": Kind("1", 10, 0.5),
    "land": Kind("2", 15, 0.6),
    "business": Kind("3", 12, 0.5),
    "social": Kind("4", 12, 0.5),
    "online-help": Kind("7", 18, 0.6),
    "results": Kind("8", 3, 0.5),
    "guidance": Kind("9", 3, 0.6),
}
MIXES: dict[Mix, dict[str, float]] = {
    "urban": {
        "certification": 0.55,
        "civil-status": 0.10,
        "land": 0.08,
        "business": 0.04,
        "social": 0.07,
        "online-help": 0.04,
        "results": 0.08,
        "guidance": 0.04,
    },
    "rural": {
        "certification": 0.30,
        "civil-status": 0.15,
        "land": 0.18,
        "business": 0.03,
        "social": 0.15,
        "online-help": 0.07,
        "results": 0.08,
        "guidance": 0.04,
    },
}
# Published: how the tickets of a day spread over its hours, with issuing from 07:30.
HOURS = {7: 0.12, 8: 0.19, 9: 0.18, 10: 0.14, 11: 0.05, 13: 0.08, 14: 0.12, 15: 0.08, 16: 0.04}
WEEKDAYS = {1: 1.25, 2: 1.05, 3: 1.0, 4: 0.9, 5: 0.8, 6: 0.4, 7: 0.0}

SIGNATURE_SHARE = 0.7
SIGNATURE_MEDIAN_MIN = 12.0
SIGNATURE_SIGMA = 0.5
NO_SHOW_SHARE = 0.05
NO_SHOW_RETURNS = 0.4
PRIORITY_SHARE = 0.15
TRANSFER_SHARE = 0.03
PAPERS_SHARE = 0.03
FURTHER_SERVICE_SHARE = 0.04
RATING_SHARE = 0.15
RATING_LEVELS = (0.01, 0.02, 0.07, 0.90)
_TICKETS_PER_DOSSIER = 0.9
_ACTIVITY = 0.75
_WORKING_DAYS_A_MONTH = 21
_STAFFED_SHARE = 0.6


def tickets_expected(population: int, weekday: int, random: Random) -> int:
    """How many tickets a commune of this population gives out on an ISO weekday."""
    dossiers_a_month = _ACTIVITY * math.exp(-2.501 + 0.9157 * math.log(population))
    day = dossiers_a_month / _WORKING_DAYS_A_MONTH * random.lognormvariate(-0.08, 0.40)
    return max(1, round(day * _TICKETS_PER_DOSSIER * WEEKDAYS[weekday]))


def counters_for(population: int) -> int:
    """How many counters a commune of this population opens."""
    usual = _ACTIVITY * math.exp(-2.501 + 0.9157 * math.log(population)) / _WORKING_DAYS_A_MONTH
    return min(14, max(2, math.ceil(1 + usual * _TICKETS_PER_DOSSIER / 18)))


def clerks_for(population: int) -> int:
    """How many of its counters a short-handed commune can staff; an assumption."""
    return max(1, round(_STAFFED_SHARE * counters_for(population)))


def lognormal_s(random: Random, median_min: float, sigma: float) -> float:
    """Seconds drawn from a log-normal distribution."""
    return 60 * random.lognormvariate(math.log(median_min), sigma)
