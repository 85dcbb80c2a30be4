"""Answers about whole periods, for the API, the pages and the reports alike."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from central.api import freshness
from central.api.figures import answers, duration, figures, figures_of, levels
from central.api.kept import Kept
from central.api.known import KnownSite, Moment, Period, freshness_of, known_sites
from central.api.period_models import (
    MonthReport,
    ProvincePeriod,
    Ranking,
    Ratings,
    Restated,
    Restatements,
    SitePeriod,
    Step,
    Throughput,
    Total,
    Trend,
    TrendPoint,
    Unit,
    Units,
)
from central.api.ranking import Page, Question, Sources, rank
from central.api.ratings import rating_figures, service_ratings
from central.api.site_day import counter_days
from central.configuration.service_names import service_names
from central.registry.places import Places
from central.rollup.business_day import day_of
from central.rollup.site_waits import SiteWaits
from central.scope import unit_of
from central.store.cells import CounterKey, DayTotal, RatingKey, Tally, merge, merge_totals
from central.store.history import History
from central.store.reader import Reader
from central.store.totals import Standing, Totals, sum_standings
from central.store.visible import Where

_DAYS_AT_ONCE = 3
_DAYS_OF_A_TREND = 30
_MONTHS_OF_A_TREND = 12


class Counted(NamedTuple):
    """Answers, and services finished by service."""

    ratings: Counter[RatingKey]
    finished: Counter[str]


class Archive:
    """Answers at one moment, from readers of one scope and so within it."""

    def __init__(
        self,
        reader: Reader,
        history: History,
        totals: Totals,
        moment: Moment,
        places: Places,
    ) -> None:
        self._reader = reader
        self._history = history
        self._totals = totals
        self._moment = moment
        self._names = places

    def ranking(self, question: Question, page: Page, kept: Kept[SiteWaits]) -> Ranking:
        """Sites, units or provinces by how long citizens wait."""
        sources = Sources(self._reader, self._history, self._totals, kept, self._names)
        return rank(question, page, sources, self._moment)

    def units(self, day: date, province: str | None, page: Page) -> Units:
        """The units that have sites, by code, on one day."""
        where = Where(province=province)
        known = self._known(Period(day, day), where)
        groups: defaultdict[str, list[KnownSite]] = defaultdict(list)
        for site in known:
            groups[unit_of(site.row.site)].append(site)
        name = day.isoformat()
        tallies = {site: tally for _, site, tally in self._history.site_days(name, name, where)}
        codes = sorted(groups)[page.offset : page.offset + page.limit]
        return Units(
            day=day,
            total=len(groups),
            next_offset=page.next_offset(len(groups)),
            units=[
                _unit(code, self._names.name(code, day), groups[code], tallies) for code in codes
            ],
            freshness=freshness_of(known, set(tallies)),
        )

    def trend(self, step: Step, last: date, where: Where) -> Trend | None:
        """30 days or 12 months up to `last`; None for a site unknown or out of scope."""
        periods = _days_up_to(last) if step is Step.DAY else _months_up_to(last)
        standing = self._standing(where, periods[0].first)
        if where != Where() and not standing.sites:
            return None
        return self._points(step, periods, where, standing)

    def throughput(self, site: str, period: Period) -> Throughput | None:
        """How a site's counters spent a period; None for a site unknown or out of scope."""
        where = Where(site=site)
        known = self._known(period, where)
        if not known:
            return None
        tallies = [tally for _, _, tally in self._history.site_days(*period.days, where)]
        total = merge(tallies)
        counters = self._history.counters(site, *period.range_ms)
        return Throughput(
            site=site,
            first_day=period.first,
            last_day=period.last,
            wait=duration(total.wait),
            second_wait=duration(total.second_wait),
            counters=counter_days(
                {CounterKey(counter, 0): tally for counter, tally in counters.items()}
            ),
            freshness=known[0].freshness,
        )

    def ratings(
        self, period: Period, where: Where, language: str, kept: Kept[Counted]
    ) -> Ratings | None:
        """What citizens answered; None for a site unknown or out of scope."""
        standing = self._standing(where, period.first)
        if where != Where() and not standing.sites:
            return None
        today = date.fromisoformat(day_of(self._moment.now_ms))
        parts = kept.parts(period, today, where, self._totals, self._counted)
        counted = sum((part.ratings for part in parts), Counter())
        finished = sum((part.finished for part in parts), Counter())
        shown = levels(counted)
        told = () if where.site is None else self._reader.configurations(where.site)
        return Ratings(
            first_day=period.first,
            last_day=period.last,
            total=rating_figures(counted, shown, sum(finished.values())),
            levels=shown,
            services=service_ratings(counted, finished, service_names(language, told)),
            freshness=freshness.of_standing(standing),
        )

    def sites(self, period: Period, where: Where) -> list[SitePeriod] | None:
        """Every site over a period, by code; None for a place unknown or out of scope."""
        known = self._known(period, where)
        return self._sites(known, period, where) if known or where == Where() else None

    def days(self, period: Period, where: Where) -> Trend | None:
        """Every day of a period; None for a place unknown or out of scope."""
        if where != Where() and not self._known(period, where):
            return None
        return self._days(period, where)

    def total(self, period: Period, where: Where) -> Total | None:
        """A whole period in one; None for a place unknown or out of scope."""
        standing = self._standing(where, period.first)
        if where != Where() and not standing.sites:
            return None
        return self._whole(period, where, standing)

    def restatements(self, period: Period, where: Where, page: Page) -> Restatements:
        """Which days of a period were changed after they were over."""
        asked = *period.days, where
        found = self._totals.restatements(*asked, offset=page.offset, limit=page.limit)
        total = self._totals.count_restatements(*asked)
        return Restatements(
            total=total,
            next_offset=page.next_offset(total),
            restated=[
                Restated(
                    site=one.site,
                    day=date.fromisoformat(one.day),
                    first=freshness.local_time(one.first_ms),
                    last=freshness.local_time(one.last_ms),
                    events=one.events,
                )
                for one in found
            ],
            freshness=freshness.of_standing(self._standing(where, period.first)),
        )

    def report(self, period: Period, where: Where) -> MonthReport | None:
        """What the monthly report says; None for a place unknown or out of scope."""
        known = self._known(period, where)
        if not known:
            return None
        reporting = self._history.reporting(*period.days, where)
        counted = self._history.ratings(*period.days, where)
        of_month = figures_of(self._total(period, where))
        last_of_before = period.first - timedelta(days=1)
        before = Period(last_of_before.replace(day=1), last_of_before)
        return MonthReport(
            first_day=period.first,
            last_day=period.last,
            figures=of_month,
            before=self._whole(before, where, self._standing(where, before.first)),
            provinces=self._provinces(period, known, reporting),
            days=self._days(period, where).points,
            sites=self._sites(known, period, where),
            reporting=len(reporting),
            sites_in_all=len(known),
            ratings=rating_figures(counted, levels(counted), of_month.finished),
            freshness=freshness_of(known, reporting),
        )

    def _whole(self, period: Period, where: Where, standing: Standing) -> Total:
        return Total(
            figures=figures_of(self._total(period, where)),
            reporting=len(self._history.reporting(*period.days, where)),
            freshness=freshness.of_standing(standing),
        )

    def _provinces(
        self, period: Period, known: list[KnownSite], reporting: set[str]
    ) -> list[ProvincePeriod]:
        groups: defaultdict[str, list[KnownSite]] = defaultdict(list)
        for site in known:
            groups[site.row.province].append(site)
        if len(groups) == 1:
            return []
        return [
            ProvincePeriod(
                name=self._names.name(code, period.last),
                sites=len(groups[code]),
                reporting=len(reporting.intersection(site.row.site for site in groups[code])),
                figures=figures_of(self._total(period, Where(province=code))),
                freshness=freshness_of(groups[code], reporting),
            )
            for code in sorted(groups)
        ]

    def _counted(self, period: Period, where: Where) -> Counted:
        ratings = self._history.ratings(*period.days, where)
        return Counted(ratings, Counter(self._history.finished(*period.range_ms, where)))

    def _sites(self, known: list[KnownSite], period: Period, where: Where) -> list[SitePeriod]:
        totals = self._site_totals(period, where)
        given = self._history.answers(*period.days, where)
        found = []
        for site in known:
            of_site = figures_of(totals[site.row.site])
            found.append(
                SitePeriod(
                    site=site.row.site,
                    name=site.row.name,
                    province=site.row.province,
                    figures=of_site,
                    ratings=answers(given.get(site.row.site, 0), of_site.finished),
                    freshness=site.freshness,
                )
            )
        return found

    def _site_totals(self, period: Period, where: Where) -> defaultdict[str, DayTotal]:
        """Each site's sum, a few days at a time: those of all sites over a year are gigabytes."""
        totals: defaultdict[str, DayTotal] = defaultdict(DayTotal)
        days = _days_of(period)
        for start in range(0, len(days), _DAYS_AT_ONCE):
            some = days[start : start + _DAYS_AT_ONCE]
            tallies: defaultdict[str, list[Tally]] = defaultdict(list)
            last = some[-1].last.isoformat()
            for _, site, tally in self._history.site_days(some[0].first.isoformat(), last, where):
                tallies[site].append(tally)
            for site, of_site in tallies.items():
                totals[site].add(merge(of_site), 0)
        return totals

    def _total(self, period: Period, where: Where) -> DayTotal:
        return merge_totals(list(self._day_totals(period, where).values()))

    def _days(self, period: Period, where: Where) -> Trend:
        return self._points(Step.DAY, _days_of(period), where, self._standing(where, period.first))

    def _points(self, step: Step, periods: list[Period], where: Where, standing: Standing) -> Trend:
        whole = Period(periods[0].first, periods[-1].last)
        length = len("2026-11-20") if step is Step.DAY else len("2026-11")
        totals: defaultdict[str, list[DayTotal]] = defaultdict(list)
        for day, total in self._day_totals(whole, where).items():
            totals[day[:length]].append(total)
        return Trend(
            step=step,
            points=[
                TrendPoint(
                    first_day=period.first,
                    last_day=period.last,
                    figures=figures_of(merge_totals(totals[period.first.isoformat()[:length]])),
                )
                for period in periods
            ],
            freshness=freshness.of_standing(standing),
        )

    def _day_totals(self, period: Period, where: Where) -> dict[str, DayTotal]:
        if where.site is None:
            return self._totals.days(*period.days, where)
        found: dict[str, DayTotal] = {}
        for day, _, tally in self._history.site_days(*period.days, where):
            found.setdefault(day, DayTotal()).add(tally, 0)
        return found

    def _standing(self, where: Where, first: date) -> Standing:
        """How the sites stand that were ever heard, for figures from a day on."""
        found = self._totals.standings(None, *self._moment, where, first=first.isoformat())
        return sum_standings(found.values())

    def _known(self, period: Period, where: Where) -> list[KnownSite]:
        first, last = period.days
        return known_sites(self._reader, last, where, self._moment, since=first)


def _unit(code: str, name: str, sites: list[KnownSite], tallies: Mapping[str, Tally]) -> Unit:
    reporting = {site.row.site for site in sites} & tallies.keys()
    return Unit(
        code=code,
        name=name,
        province=sites[0].row.province,
        sites=len(sites),
        reporting=len(reporting),
        figures=figures(tallies[site] for site in sorted(reporting)),
        freshness=freshness_of(sites, reporting),
    )


def _days_up_to(last: date) -> list[Period]:
    return _days_of(Period(last - timedelta(days=_DAYS_OF_A_TREND - 1), last))


def _days_of(period: Period) -> list[Period]:
    count = (period.last - period.first).days + 1
    days = [period.first + timedelta(days=n) for n in range(count)]
    return [Period(day, day) for day in days]


def _months_up_to(last: date) -> list[Period]:
    """The last month ends with the day asked for."""
    months, end = [], last
    for _ in range(_MONTHS_OF_A_TREND):
        months.append(Period(end.replace(day=1), end))
        end = end.replace(day=1) - timedelta(days=1)
    return months[::-1]
