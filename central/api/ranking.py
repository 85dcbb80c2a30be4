"""Where citizens wait longest: sites, units or provinces, now or over a period."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import NamedTuple

from central.api.freshness import of_site_standings
from central.api.kept import Kept
from central.api.known import UNIT_LENGTH, Moment, Period
from central.api.models import FreshnessOfMany
from central.api.period_models import Group, Place, Ranking, Wait, Waits, When
from central.registry.places import Places
from central.rollup.business_day import day_of
from central.rollup.site_waits import SiteWaits, joined, site_waits
from central.store.history import History, Where
from central.store.reader import Reader, SiteRow
from central.store.totals import SiteStanding, Totals

_SHARES = {Wait.P50: 0.5, Wait.P90: 0.9, Wait.LONGEST: 1.0}
_LENGTH = {Group.PROVINCES: 2, Group.UNITS: UNIT_LENGTH, Group.SITES: None}


class Page(NamedTuple):
    """Which part of a long list: how many to leave out, and how many to give at most."""

    offset: int
    limit: int

    def next_offset(self, total: int) -> int | None:
        """Where the next page begins, None on the last."""
        end = self.offset + self.limit
        return end if end < total else None


class Question(NamedTuple):
    """What to rank and by what; a question about now ignores the period."""

    of: Group
    by: Wait
    when: When
    period: Period
    where: Where


class Sources(NamedTuple):
    """Where a ranking is read, all within one scope and at one moment."""

    reader: Reader
    history: History
    totals: Totals
    kept: Kept[SiteWaits]
    places: Places


def rank(question: Question, page: Page, sources: Sources, moment: Moment) -> Ranking:
    """The longest waits first; what has no such figure comes last, in the order of codes.

    Now, only sites that are live and have opened the day are known to have someone waiting.
    """
    is_now = question.when is When.NOW
    today = date.fromisoformat(day_of(moment.now_ms))
    first, last = (today, today) if is_now else question.period
    standings = sources.totals.site_standings(*moment, question.where)
    groups: defaultdict[str, list[_Site]] = defaultdict(list)
    for row in sources.reader.sites(
        last.isoformat(), question.where.province, since=first.isoformat()
    ):
        if row.site in standings:
            code = row.site[: _LENGTH[question.of]]
            groups[code].append(_Site(row, standings[row.site]))
    if is_now:
        found = _now(groups, question.by, sources.reader, moment)
    else:
        found = _ended(groups, sources, question, today)
    order = sorted(groups, key=lambda code: (-found.figures.get(code, -1), code))
    shown = order[page.offset : page.offset + page.limit]
    waits = found.waits(shown)
    return Ranking(
        of=question.of,
        by=question.by,
        when=question.when,
        first_day=first,
        last_day=last,
        total=len(order),
        next_offset=page.next_offset(len(order)),
        places=[
            Place(
                place=page.offset + number,
                code=code,
                name=_name(groups[code][0].row, question.of, sources.places, last),
                province=groups[code][0].row.province,
                sites=len(groups[code]),
                reporting=sum(site.row.site in found.reporting for site in groups[code]),
                waits=waits[code],
                freshness=_freshness(groups[code], found),
            )
            for number, code in enumerate(shown, start=1)
        ],
        freshness=_freshness((site for sites in groups.values() for site in sites), found),
    )


class _Site(NamedTuple):
    row: SiteRow
    standing: SiteStanding


class _Measured(NamedTuple):
    """By what to rank, by code that has it; which sites have figures; and the waits of those that
    are shown."""

    figures: dict[str, int]
    reporting: set[str]
    waits: Callable[[Sequence[str]], dict[str, Waits]]


def _ended(
    groups: dict[str, list[_Site]], sources: Sources, question: Question, today: date
) -> _Measured:
    by_site = joined(
        sources.kept.parts(
            question.period,
            today,
            question.where,
            sources.totals,
            lambda period, where: site_waits(sources.history.wait_bins(*period.days, where)),
        )
    )
    grouped = by_site
    if question.of is not Group.SITES:
        codes = {site.row.site: code for code, sites in groups.items() for site in sites}
        grouped = by_site.grouped(codes)

    def waits(shown: Sequence[str]) -> dict[str, Waits]:
        those = grouped.only(shown)
        n = those.n()
        p50, p90, longest = (those.quantile(share) for share in _SHARES.values())
        return {
            code: Waits(
                n=n.get(code, 0),
                p50_ms=p50.get(code),
                p90_ms=p90.get(code),
                longest_ms=longest.get(code),
            )
            for code in shown
        }

    return _Measured(grouped.quantile(_SHARES[question.by]), set(by_site.places), waits)


def _now(groups: dict[str, list[_Site]], by: Wait, reader: Reader, moment: Moment) -> _Measured:
    live = {
        site.row.site for sites in groups.values() for site in sites if site.standing.state == 0
    }
    since: defaultdict[str, list[int]] = defaultdict(list)
    for site, since_ms in reader.waiting_since(day_of(moment.now_ms)):
        if site in live and since_ms is not None:
            since[site].append(max(0, moment.now_ms - since_ms))
    ms = {
        code: sorted(ms for site in sites for ms in since.get(site.row.site, ()))
        for code, sites in groups.items()
    }

    def waits(shown: Sequence[str]) -> dict[str, Waits]:
        found = {}
        for code in shown:
            p50, p90, longest = (_nearest(ms[code], share) for share in _SHARES.values())
            found[code] = Waits(n=len(ms[code]), p50_ms=p50, p90_ms=p90, longest_ms=longest)
        return found

    figures = {code: _nearest(those, _SHARES[by]) for code, those in ms.items()}
    return _Measured({code: n for code, n in figures.items() if n is not None}, live, waits)


def _nearest(values: Sequence[int], share: float) -> int | None:
    return values[max(1, math.ceil(share * len(values))) - 1] if values else None


def _name(row: SiteRow, of: Group, places: Places, day: date) -> str | None:
    if of is Group.SITES:
        return row.name
    return places.name(row.site[: _LENGTH[of]], day)


def _freshness(sites: Iterable[_Site], found: _Measured) -> FreshnessOfMany:
    return of_site_standings((site.standing, site.row.site in found.reporting) for site in sites)
