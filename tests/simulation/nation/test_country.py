"""The country and its troubles are drawn as they should be."""

from collections import Counter
from datetime import date
from random import Random
from statistics import quantiles

import pytest

from simulation.load_model import tickets_expected
from simulation.nation.country import CountryError, communes
from simulation.nation.troubles import draw_troubles

WEDNESDAY = date(2026, 11, 25)


def test_a_seed_repeats_the_country() -> None:
    assert communes(50, seed=3) == communes(50, seed=3)
    assert communes(50, seed=3) != communes(50, seed=4)


def test_every_centre_is_there_once_and_all_provinces_are() -> None:
    sites = [commune.site for commune in communes(3139, seed=7)]
    assert len(set(sites)) == 3139
    assert len({site[:2] for site in sites}) == 34


def test_tickets_spread_over_centres_as_provinces_reported() -> None:
    random = Random(1)
    tickets = [
        tickets_expected(commune.population, WEDNESDAY.isoweekday(), random)
        for commune in communes(3139, seed=7)
    ]
    tenths = quantiles(tickets, n=10)
    assert tenths[4] == pytest.approx(27, rel=0.15)
    assert tenths[0] == pytest.approx(7, abs=4)
    assert tenths[8] == pytest.approx(72, rel=0.15)


def test_no_more_communes_than_there_are() -> None:
    with pytest.raises(CountryError, match="1 to 3321"):
        communes(3322, seed=7)


def test_troubles_are_repeated_and_hit_each_hub_at_most_once() -> None:
    nodes = [f"{commune.site}-h1" for commune in communes(200, seed=7)]
    troubles = draw_troubles(nodes, seed=7)
    assert troubles == draw_troubles(nodes, seed=7)
    hit = Counter([wrong.node for wrong in troubles.wrong_clocks])
    hit.update(cut.node for cut in troubles.power_cuts)
    assert set(hit.values()) == {1}
    assert (len(troubles.wrong_clocks), len(troubles.power_cuts)) == (4, 2)
    assert len({outage.province for outage in troubles.outages}) == 3
    assert all(outage.until_min > outage.from_min for outage in troubles.outages)


def test_even_one_hub_has_troubles() -> None:
    troubles = draw_troubles(["01-00097-01-h1", "48-20194-01-h1"], seed=1)
    assert troubles.outages
    assert troubles.wrong_clocks
    assert troubles.power_cuts
