"""Where citizens wait longest: sites, units or provinces, now or over a period."""

import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from central.api.known import UNIT_LENGTH, KnownSite, Moment, Period, freshness_of, known_sites
from central.api.models import Liveness
from central.api.period_models import Group, Place, Ranking, Wait, Waits, When
from central.registry.provinces import province_name
from central.registry.units import unit_name
from central.rollup.bins import quantiles
from central.rollup.business_day import day_of
from central.store.history import History, Where
from central.store.reader import Reader

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


def rank(
    question: Question, page: Page, reader: Reader, history: History, moment: Moment
) -> Ranking:
    """The longest waits first; what has no such figure comes last, in the order of codes.

    Now, only sites that are live and have opened the day are known to have someone waiting.
    """
    is_now = question.when is When.NOW
    today = date.fromisoformat(day_of(moment.now_ms))
    first, last = (today, today) if is_now else question.period
    groups: defaultdict[str, list[KnownSite]] = defaultdict(list)
    for site in known_sites(reader, last.isoformat(), question.where, moment):
        groups[site.row.site[: _LENGTH[question.of]]].append(site)
    waits = _now(groups, reader, moment) if is_now else _ended(groups, history, question)
    order = sorted(groups, key=lambda code: (-_figure(waits[code].waits, question.by), code))
    shown = order[page.offset : page.offset + page.limit]
    return Ranking(
        of=question.of,
        by=question.by,
        when=question.when,
        first_day=first,
        last_day=last,
        total=len(order),
        next_offset=page.next_offset(len(order)),
        places=[
            _place(page.offset + number, code, groups[code], waits[code], question.of)
            for number, code in enumerate(shown, start=1)
        ],
        freshness=freshness_of(
            [site for sites in groups.values() for site in sites],
            {site for found in waits.values() for site in found.reporting},
        ),
    )


class _Measured(NamedTuple):
    waits: Waits
    reporting: set[str]


def _ended(
    groups: dict[str, list[KnownSite]], history: History, question: Question
) -> dict[str, _Measured]:
    bins = history.wait_bins(*question.period.days, question.where)
    found = {}
    for code, sites in groups.items():
        reporting = {site.row.site for site in sites} & bins.keys()
        joined = b"".join(bins[site] for site in sorted(reporting))
        figures = [None if ms is None else round(ms) for ms in quantiles(joined, (0.5, 0.9, 1.0))]
        found[code] = _Measured(_waits(len(joined) // 2, figures), reporting)
    return found


def _now(
    groups: dict[str, list[KnownSite]], reader: Reader, moment: Moment
) -> dict[str, _Measured]:
    since: defaultdict[str, list[int]] = defaultdict(list)
    for site, since_ms in reader.waiting_since(day_of(moment.now_ms)):
        since[site] += [max(0, moment.now_ms - since_ms)] if since_ms is not None else []
    found = {}
    for code, sites in groups.items():
        live = {site.row.site for site in sites if site.freshness.state is Liveness.LIVE}
        ms = sorted(ms for site in live for ms in since.get(site, []))
        found[code] = _Measured(_waits(len(ms), [_nearest(ms, q) for q in (0.5, 0.9, 1.0)]), live)
    return found


def _nearest(values: Sequence[int], share: float) -> int | None:
    return values[max(1, math.ceil(share * len(values))) - 1] if values else None


def _waits(n: int, figures: Sequence[int | None]) -> Waits:
    p50, p90, longest = figures
    return Waits(n=n, p50_ms=p50, p90_ms=p90, longest_ms=longest)


def _figure(waits: Waits, by: Wait) -> int:
    figure = {Wait.P50: waits.p50_ms, Wait.P90: waits.p90_ms, Wait.LONGEST: waits.longest_ms}[by]
    return -1 if figure is None else figure


def _place(
    number: int, code: str, sites: Sequence[KnownSite], found: _Measured, of: Group
) -> Place:
    name = {
        Group.SITES: sites[0].row.name,
        Group.UNITS: unit_name(code),
        Group.PROVINCES: province_name(code),
    }[of]
    return Place(
        place=number,
        code=code,
        name=name,
        province=sites[0].row.province,
        sites=len(sites),
        reporting=len(found.reporting),
        waits=found.waits,
        freshness=freshness_of(sites, found.reporting),
    )
