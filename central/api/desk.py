"""Answers the questions of admins, for the API and the pages alike."""

from datetime import date
from typing import NamedTuple

from central.api import freshness
from central.api.figures import answers, answers_in, figures, figures_of, ignored_presses, levels
from central.api.known import KnownSite, Moment, known_sites
from central.api.models import (
    CounterNow,
    Liveness,
    Now,
    Overview,
    Province,
    Provinces,
    Rank,
    Site,
    SiteDay,
    Sites,
)
from central.api.quality import Shares, shares
from central.api.quality_models import MissingRange, Quality, QualityShares
from central.api.records import node_qualities
from central.api.site_day import counter_days, counters_now, quarters, service_days
from central.configuration.service_names import service_names
from central.registry.dated_names import DatedNames
from central.rollup.business_day import day_of, midnight_ms
from central.store.cells import DayTotal, Tally
from central.store.reader import Gap, Reader, Waiting
from central.store.totals import Standing, Totals, sum_standings
from central.store.visible import Where
from central.vietnamese_order import by_name
from contract.stamp import MS_PER_DAY

_NOBODY = sum_standings([])
_NOW_UNKNOWN = Now(
    waiting=None, longest_wait_ms=None, counters_open=None, counters_paused=None, unattended=None
)


class Desk:
    """Answers at one moment, from readers of one scope and so within it."""

    def __init__(
        self, reader: Reader, totals: Totals, moment: Moment, provinces: DatedNames
    ) -> None:
        self._reader = reader
        self._totals = totals
        self._moment = moment
        self._known_provinces = provinces
        self._standings_of: dict[str, dict[str, Standing]] = {}

    def overview(self, day: date) -> Overview:
        """The whole scope on one day."""
        name = day.isoformat()
        standing = sum_standings(self._standings(name).values())
        total = self._totals.days(name, name).get(name, DayTotal())
        of_day = figures_of(total)
        return Overview(
            day=day,
            province=self._reader.scope.province,
            sites=standing.sites,
            unregistered=standing.unregistered,
            reporting=standing.reporting,
            now=self._standing_now(standing, name),
            figures=of_day,
            ratings=answers(total.answers, of_day.finished),
            freshness=freshness.of_standing(standing),
        )

    def provinces(self, day: date) -> Provinces:
        """Every province of the scope on one day, also those without sites."""
        name = day.isoformat()
        standings = self._standings(name)
        totals = self._totals.by_province(name)
        in_force = {province.code for province in self._known_provinces.in_force(day)}
        codes = in_force | standings.keys() | totals.keys()
        return Provinces(
            day=day,
            provinces=[
                self._province(code, day, standings.get(code, _NOBODY), totals.get(code))
                for code in sorted(codes)
                if self._reader.scope.covers(code)
            ],
        )

    def province(self, code: str, day: date) -> Province:
        """One province on one day, as far as the scope covers it."""
        name, where = day.isoformat(), Where(province=code)
        standing = self._totals.standings(name, *self._moment, where).get(code, _NOBODY)
        total = self._totals.days(name, name, where).get(name)
        return self._province(code, day, standing, total)

    def sites(self, province: str, day: date, rank: Rank) -> Sites | None:
        """The sites of a province, ranked; None for a province unknown or out of scope."""
        known = [self._site(site) for site in self._known(day, Where(province))]
        if not known and not (
            province in self._known_provinces and self._reader.scope.covers(province)
        ):
            return None
        return Sites(
            day=day,
            province=province,
            name=self._known_provinces.name(province, day),
            rank=rank,
            sites=sorted(
                known,
                key=lambda site: (-_ranked_by(site, rank), by_name(site.name), site.site),
            ),
        )

    def site_day(self, site: str, day: date, language: str) -> SiteDay | None:
        """One site's day; None for a site unknown or out of scope."""
        found = self._known(day, Where(site=site))
        if not found:
            return None
        start_ms = midnight_ms(day.isoformat())
        cells = self._reader.cells(site, start_ms, start_ms + MS_PER_DAY)
        counters = self._reader.counters(site, start_ms, start_ms + MS_PER_DAY)
        ratings = self._reader.ratings(site, day.isoformat())
        told = self._reader.configurations(site)
        shown = self._site(found[0])
        return SiteDay(
            day=day,
            site=shown,
            province=found[0].site.row.province,
            ratings=answers(answers_in(ratings), shown.figures.finished),
            levels=levels(ratings),
            ignored_presses=ignored_presses(ratings),
            services=service_days(cells, ratings, service_names(language, told)),
            counters=counter_days(counters),
            counters_now=self._counters_now(found[0]),
            quarters=quarters(cells),
        )

    def quality(self, site: str, day: date) -> Quality | None:
        """The data quality of a site; None for a site unknown or out of scope."""
        name = day.isoformat()
        known = known_sites(self._reader, name, Where(site=site), self._moment, since=name)
        if not known:
            return None
        nodes = known[0].nodes
        return Quality(
            site=site,
            freshness=known[0].freshness,
            shares=_shares(shares(nodes, *self._moment, awaited=len(known[0].awaited))),
            received=sum(node.received for node in nodes),
            not_understood=sum(node.not_understood for node in nodes),
            rejected=sum(node.rejected for node in nodes),
            missing=[_missing(gap) for gap in self._reader.gaps(site)],
            written_off=sum(node.written_off for node in nodes),
            duplicates=sum(node.duplicates for node in nodes),
            contradictions=sum(node.contradictions for node in nodes),
            nodes=node_qualities([*nodes, *known[0].awaited], self._moment),
        )

    def _known(self, day: date, where: Where) -> "list[_Known]":
        name = day.isoformat()
        tallies = self._reader.site_days(name, where)
        is_today = name == day_of(self._moment.now_ms)
        waiting = self._reader.waiting(name, where) if is_today else {}
        return [
            _Known(site, tallies.get(site.row.site), waiting.get(site.row.site))
            for site in known_sites(self._reader, name, where, self._moment, since=name)
        ]

    def _standings(self, day: str) -> dict[str, Standing]:
        """Looked up once for a page that shows them as a whole and by province."""
        if day not in self._standings_of:
            self._standings_of[day] = self._totals.standings(day, *self._moment)
        return self._standings_of[day]

    def _province(
        self, code: str, day: date, standing: Standing, total: DayTotal | None
    ) -> Province:
        return Province(
            code=code,
            name=self._known_provinces.name(code, day),
            sites=standing.sites,
            reporting=standing.reporting,
            now=self._standing_now(standing, day.isoformat()),
            figures=figures_of(total or DayTotal()),
            freshness=freshness.of_standing(standing),
        )

    def _standing_now(self, standing: Standing, day: str) -> Now:
        is_known = standing.opened and day == day_of(self._moment.now_ms)
        since_ms = standing.waiting_since_ms
        if not is_known:
            return _NOW_UNKNOWN
        waiting = Waiting(
            standing.waiting, since_ms, standing.counters_open, standing.counters_paused
        )
        is_told = standing.counters_open is not None
        return self._now(waiting, standing.unattended if is_told else None)

    def _site(self, known: "_Known") -> Site:
        row, fresh = known.site.row, known.site.freshness
        return Site(
            site=row.site,
            name=row.name,
            type=row.type,
            registered=row.registered,
            now=self._site_now(known),
            figures=figures([known.tally] if known.tally else []),
            freshness=fresh,
        )

    def _site_now(self, known: "_Known") -> Now:
        waiting = known.waiting_now
        if waiting is None:
            return _NOW_UNKNOWN
        has_nobody = waiting.n > 0 and waiting.counters_open == 0
        return self._now(waiting, None if waiting.counters_open is None else int(has_nobody))

    def _counters_now(self, known: "_Known") -> list[CounterNow] | None:
        if known.waiting_now is None:
            return None
        return counters_now(self._reader.counters_now(known.site.row.site))

    def _now(self, waiting: Waiting, unattended: int | None) -> Now:
        since_ms = waiting.since_ms
        return Now(
            waiting=waiting.n,
            longest_wait_ms=None if since_ms is None else max(0, self._moment.now_ms - since_ms),
            counters_open=waiting.counters_open,
            counters_paused=waiting.counters_paused,
            unattended=unattended,
        )


class _Known(NamedTuple):
    """A site on a day: what happened there, and who waits now (None: nobody can tell)."""

    site: KnownSite
    tally: Tally | None
    waiting: Waiting | None

    @property
    def waiting_now(self) -> Waiting | None:
        """Who waits, where the hubs are live; elsewhere nobody can tell."""
        return self.waiting if self.site.freshness.state is Liveness.LIVE else None


def _missing(gap: Gap) -> MissingRange:
    given_up_ms = gap.written_off_ms
    return MissingRange(
        node=gap.node,
        epoch=gap.epoch,
        first=gap.first,
        last=gap.last,
        written_off=None if given_up_ms is None else freshness.local_time(given_up_ms),
    )


def _ranked_by(site: Site, rank: Rank) -> int:
    figure = {
        Rank.P50: site.figures.wait.p50_ms,
        Rank.P90: site.figures.wait.p90_ms,
        Rank.LONGEST_NOW: site.now.longest_wait_ms,
        Rank.WAITING: site.now.waiting,
    }[rank]
    return -1 if figure is None else figure


def _shares(found: Shares) -> QualityShares:
    parts = {name: getattr(found, name) for name in QualityShares.model_fields}
    return QualityShares(
        **{name: None if part is None else round(part, 4) for name, part in parts.items()}
    )
