"""Where citizens wait longest: sites, units or provinces, now or over a period."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from central.api.freshness import of_site_standings
from central.api.kept import Kept
from central.api.known import Moment, Period
from central.api.models import FreshnessOfMany
from central.api.period_models import Group, Place, Ranking, Wait, Waits, When
from central.registry.places import Places
from central.rollup.business_day import day_of
from central.rollup.site_waits import SiteWaits, joined, site_waits
from central.scope import UNIT_LENGTH
from central.store.history import History
from central.store.reader import Reader, Waiting
from central.store.totals import SiteStanding, Totals, sum_known
from central.store.visible import Where

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
    """The longest waits first, equal ones in the order of codes; what has no such figure comes
    last.

    Now, only sites that are live and have opened the day are known to have someone waiting.
    """
    is_now = question.when is When.NOW
    today = date.fromisoformat(day_of(moment.now_ms))
    period = Period(today, today) if is_now else question.period
    standings = sources.totals.site_standings(*period.days, *moment, question.where)
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for site in sorted(standings):
        groups[site[: _LENGTH[question.of]]].append(site)
    if is_now:
        found = _now(groups, standings, question.by, sources.reader, moment)
    else:
        found = _ended(groups, sources, question, today)
    order = sorted(groups, key=lambda code: -found.figures.get(code, -1))
    shown = order[page.offset : page.offset + page.limit]
    waits = found.waits(shown)
    names = _names(shown, question.of, sources, period.last)

    def freshness(sites: Iterable[str]) -> FreshnessOfMany:
        return of_site_standings((standings[site], site in found.reporting) for site in sites)

    def there(sites: Iterable[str]) -> list[Waiting]:
        return [found.now[site] for site in sites if site in found.now]

    return Ranking(
        of=question.of,
        by=question.by,
        when=question.when,
        first_day=period.first,
        last_day=period.last,
        total=len(order),
        next_offset=page.next_offset(len(order)),
        places=[
            Place(
                place=page.offset + number,
                code=code,
                name=names[code],
                province=code[: _LENGTH[Group.PROVINCES]],
                sites=len(groups[code]),
                reporting=len(found.reporting.intersection(groups[code])),
                waits=waits[code],
                counters_open=sum_known(one.counters_open for one in there(groups[code])),
                counters_paused=sum_known(one.counters_paused for one in there(groups[code])),
                freshness=freshness(groups[code]),
            )
            for number, code in enumerate(shown, start=1)
        ],
        freshness=freshness(standings),
    )


class _Measured(NamedTuple):
    """By what to rank, by code that has it; which sites have figures; the waits of those that are
    shown; and how sites stand now, where that is asked."""

    figures: dict[str, int]
    reporting: set[str]
    waits: Callable[[Sequence[str]], dict[str, Waits]]
    now: Mapping[str, Waiting]


def _ended(
    groups: Mapping[str, list[str]], sources: Sources, question: Question, today: date
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
        codes = {site: code for code, sites in groups.items() for site in sites}
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

    return _Measured(grouped.quantile(_SHARES[question.by]), set(by_site.places), waits, {})


def _now(
    groups: Mapping[str, list[str]],
    standings: Mapping[str, SiteStanding],
    by: Wait,
    reader: Reader,
    moment: Moment,
) -> _Measured:
    opened = reader.waiting(day_of(moment.now_ms))
    live = {
        site: opened[site]
        for site, standing in standings.items()
        if standing.state == 0 and site in opened
    }
    since: defaultdict[str, list[int]] = defaultdict(list)
    for site, since_ms in reader.waiting_since(day_of(moment.now_ms)):
        if site in live and since_ms is not None:
            since[site].append(max(0, moment.now_ms - since_ms))
    ms = {
        code: sorted(ms for site in sites for ms in since.get(site, ()))
        for code, sites in groups.items()
    }

    def waits(shown: Sequence[str]) -> dict[str, Waits]:
        found = {}
        for code in shown:
            p50, p90, longest = (_nearest(ms[code], share) for share in _SHARES.values())
            found[code] = Waits(n=len(ms[code]), p50_ms=p50, p90_ms=p90, longest_ms=longest)
        return found

    figures = {code: _nearest(those, _SHARES[by]) for code, those in ms.items()}
    known = {code: n for code, n in figures.items() if n is not None}
    return _Measured(known, set(live), waits, live)


def _nearest(values: Sequence[int], share: float) -> int | None:
    return values[max(1, math.ceil(share * len(values))) - 1] if values else None


def _names(shown: Sequence[str], of: Group, sources: Sources, day: date) -> dict[str, str | None]:
    if of is Group.SITES:
        return sources.reader.site_names(shown, day.isoformat())
    return {code: sources.places.name(code, day) for code in shown}
