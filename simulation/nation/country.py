"""Which centres there are: communes of the official list, with people drawn for each.

No open list has the population of every commune. It is drawn log-normally, so that the country
has about 100 million people and, by the load model, centres give out tickets as provinces reported
in 2025 and 2026: on a Wednesday some 27 at the median, 7 and 72 at the outer tenths.
"""

import csv
from importlib.resources import files
from random import Random

from runtime.worded_error import WordedError
from simulation.communes import Commune
from simulation.load_model import Mix

_MEDIAN_POPULATION = 25_000
_SIGMA = 0.71
_LEAST, _MOST = 1_000, 230_000


class CountryError(WordedError):
    """A country that cannot be drawn."""

    section = "nation_refused"


def communes(count: int, seed: int) -> list[Commune]:
    """A centre in each of `count` communes all over the country, in the order of their codes.

    Raises CountryError when there are not so many communes.
    """
    text = (files("central.registry") / "units.csv").read_text(encoding="utf-8")
    units = [(row["code"], row["name"]) for row in csv.DictReader(text.splitlines())]
    if not 1 <= count <= len(units):
        raise CountryError("size", most=len(units), count=count)
    random = Random(f"{seed} country")
    return [_commune(code, name, random) for code, name in sorted(random.sample(units, count))]


def _commune(code: str, name: str, random: Random) -> Commune:
    drawn = _MEDIAN_POPULATION * random.lognormvariate(0, _SIGMA)
    mix: Mix = "urban" if name.startswith("Phường") else "rural"
    return Commune(f"{code}-01", name, round(min(max(drawn, _LEAST), _MOST)), mix)
