"""Tables of figures, before they become a file of some kind."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from central.api.freshness import counted
from central.api.models import DayFigures, Duration, Freshness, FreshnessOfMany, Liveness
from central.api.period_models import SitePeriod, Trend
from runtime.wording import say

Cell = str | int | float | date | None
_MS_PER_MINUTE = 60_000


class Share(float):
    """A part of 1, which people read in percent."""


class Table(NamedTuple):
    """A table with its title, the words under it that say how far it can be trusted, and rows of
    as many cells as there are columns; None is an empty cell."""

    title: str
    notes: tuple[str, ...]
    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]


def sites_table(
    title: str,
    sites: Sequence[SitePeriod],
    provinces: Mapping[str, str],
    made: datetime,
    language: str,
    *,
    last: date,
) -> Table:
    """One row for each site over a period up to `last`, with the names of `provinces` by their
    codes."""
    today = made.date()
    columns = (
        *("site", "name", "province", "issued", "finished", "visits", "no_shows"),
        *("wait_n", "wait_p50", "wait_p90", "service_p50", "second_wait_p50"),
        *("answers", "response", "state", "complete_up_to", "missing"),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            site.site,
            site.name,
            provinces[site.province],
            *_counts(site.figures, site.freshness, last, today),
            *_minutes(site.figures.wait),
            _minutes(site.figures.service)[0],
            _minutes(site.figures.second_wait)[0],
            None
            if site.ratings.answers is None
            else counted(site.ratings.answers, site.freshness, last, today),
            None if site.ratings.response_rate is None else Share(site.ratings.response_rate),
            say(f"centre_report.state_{site.freshness.state.value}", language),
            _time(site.freshness),
            site.freshness.missing,
        )
        for site in sites
    ]
    return Table(title, _notes(made, language), _named(columns, language), rows)


def days_table(title: str, trend: Trend, made: datetime, language: str) -> Table:
    """One row for each day or month of a trend that has begun."""
    columns = (
        *("from", "to", "issued", "finished", "visits", "no_shows"),
        *("wait_n", "wait_p50", "wait_p90", "service_p50", "second_wait_p50"),
        "complete_up_to",
    )
    up_to = trend.freshness.complete_up_to
    rows: list[tuple[Cell, ...]] = [
        (
            point.first_day,
            point.last_day,
            *_counts(point.figures, trend.freshness, point.last_day, made.date()),
            *_minutes(point.figures.wait),
            _minutes(point.figures.service)[0],
            _minutes(point.figures.second_wait)[0],
            up_to,
        )
        for point in trend.points
        if point.first_day <= made.date()
    ]
    known = say("centre_report.unknown", language) if up_to is None else f"{up_to:%H:%M %d/%m/%Y}"
    notes = (say("centre_report.complete", language, time=known), *_notes(made, language))
    return Table(title, notes, _named(columns, language), rows)


def _notes(made: datetime, language: str) -> tuple[str, ...]:
    return (
        say("centre_report.made", language, time=f"{made:%H:%M %d/%m/%Y}"),
        say("centre_report.empty", language),
        say("centre_report.hidden", language),
    )


def _counts(
    figures: DayFigures, fresh: Freshness | FreshnessOfMany, last: date, today: date
) -> list[int | None]:
    counts = (figures.issued, figures.finished, figures.visits, figures.no_shows, figures.wait.n)
    return [counted(n, fresh, last, today) for n in counts]


def _named(columns: Sequence[str], language: str) -> tuple[str, ...]:
    return tuple(say(f"centre_report.column_{name}", language) for name in columns)


def _minutes(duration: Duration) -> tuple[float | None, float | None]:
    p50, p90 = (
        None if ms is None else round(ms / _MS_PER_MINUTE, 1)
        for ms in (duration.p50_ms, duration.p90_ms)
    )
    return p50, p90


def _time(fresh: Freshness) -> datetime | None:
    return None if fresh.state is Liveness.NEVER else fresh.complete_up_to
