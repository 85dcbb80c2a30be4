"""Waits of many sites in one array agree with the lists of bins they were made from."""

from hypothesis import given
from hypothesis import strategies as st

from central.rollup.bins import MOST_BIN, pack, pack_taken_back, quantiles
from central.rollup.site_waits import SiteWaits, joined, site_waits

SHARES = (0.5, 0.9, 1.0)
SITES = ("01-00001-01", "01-00001-02", "01-00004-01", "48-20194-01")

bins = st.lists(st.integers(0, MOST_BIN), max_size=30).map(
    lambda numbers: b"".join(pack(number) for number in numbers)
)
days = st.dictionaries(st.sampled_from(SITES), bins)


def expected(found: bytes, share: float) -> int | None:
    ms = quantiles(found, (share,))[0]
    return None if ms is None else round(ms)


@given(st.lists(days, max_size=4))
def test_parts_give_the_quantiles_of_all_bins_together(parts: list[dict[str, bytes]]) -> None:
    found = joined([site_waits(part) for part in parts])
    everything = {
        site: b"".join(part.get(site, b"") for part in parts)
        for site in sorted({site for part in parts for site in part})
    }
    assert found.places == tuple(everything)
    assert found.n() == {site: len(held) // 2 for site, held in everything.items()}
    for share in SHARES:
        of_sites = found.quantile(share)
        assert {site: of_sites.get(site) for site in everything} == {
            site: expected(held, share) for site, held in everything.items()
        }


@given(days)
def test_groups_are_the_sum_of_their_sites(day: dict[str, bytes]) -> None:
    found = site_waits(day)
    by_province = found.grouped({site: site[:2] for site in SITES[1:]})
    for province in ("01", "48"):
        held = b"".join(day[site] for site in SITES[1:] if site in day and site[:2] == province)
        assert by_province.n().get(province, 0) == len(held) // 2
        assert by_province.quantile(0.9).get(province) == expected(held, 0.9)
    assert found.grouped({}).places == ()


def test_some_places_are_given_in_the_order_asked_for() -> None:
    found = site_waits({SITES[0]: pack(7), SITES[2]: pack(900) + pack(8)})
    assert found.only((SITES[2], SITES[3], SITES[0])).places == (SITES[2], SITES[0])
    assert found.only((SITES[2], SITES[0])).n() == {SITES[2]: 2, SITES[0]: 1}
    assert found.only(()).quantile(0.5) == SiteWaits().quantile(0.5) == {}


def test_what_is_taken_back_counts_no_more() -> None:
    part = site_waits({SITES[0]: pack(40) + pack_taken_back(900)})
    found = joined([part, site_waits({SITES[0]: pack(900), SITES[1]: pack(900)})])
    assert found.n() == {SITES[0]: 1, SITES[1]: 1}
    assert found.quantile(1.0) == {
        SITES[0]: expected(pack(40), 1.0),
        SITES[1]: expected(pack(900), 1.0),
    }
