"""The pages about periods and machines: trends, comparison, hubs."""

from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from msgspec.structs import asdict

from central.access.permissions import Permission, may
from central.api.entrance import Admission, Entrance
from central.api.freshness import counted
from central.api.known import Period
from central.api.parameters import (
    LONGEST_PERIOD_DAYS,
    FromQuery,
    OffsetQuery,
    ToQuery,
    found,
    period_of,
    where_of,
    within,
)
from central.api.period_models import Step, Total, Trend
from central.api.ranking import Page
from central.scope import Scope
from central.store.visible import Where
from central.vietnamese_order import by_name
from central.web.chart import Chart, bar_chart
from central.web.pages import NamedChart, Pages, page_admitting
from central.web.words import Words

_HUBS = Page(0, 500)
_AT_ONCE = 100


def period_pages(entrance: Entrance, pages: Pages) -> APIRouter:
    """The pages, each to whom `entrance` lets in to it."""
    Reading = Annotated[  # noqa: N806 - a type
        Admission, page_admitting(entrance, Permission.FIGURES)
    ]
    Watching = Annotated[  # noqa: N806 - as above
        Admission, page_admitting(entrance, Permission.MACHINES)
    ]
    Somewhere = Annotated[Where, Depends(where_of)]  # noqa: N806 - as above
    router = APIRouter(include_in_schema=False)

    @router.get("/trends")
    def trends(request: Request, admission: Reading, where: Somewhere) -> Response:
        words = pages.words(request)
        shown = [found(admission.archive.trend(step, entrance.today(), where)) for step in Step]
        return pages.render(
            request,
            "trends.html",
            admin=admission.admin,
            where=where,
            trends=[
                (
                    trend,
                    _trend_charts(trend, words, entrance.today()),
                    _files(where, Period(trend.points[0].first_day, trend.points[-1].last_day)),
                )
                for trend in shown
            ],
        )

    @router.get("/compare")
    def compare(
        request: Request,
        admission: Reading,
        where: Somewhere,
        *,
        first: FromQuery = None,
        last: ToQuery = None,
    ) -> Response:
        yesterday = entrance.today() - timedelta(days=1)
        last = last or max(yesterday, first or yesterday)
        first = first or last - timedelta(days=6)
        try:
            period = period_of(first, last, entrance.today())
        except RequestValidationError:
            words = pages.words(request)
            return pages.render(
                request,
                "compare.html",
                HTTPStatus.UNPROCESSABLE_ENTITY,
                admin=admission.admin,
                where=where,
                period=Period(first, last),
                fault=_no_period(first, last, words),
            )
        length = period.last - period.first + timedelta(days=1)
        before = Period(period.first - length, period.last - length)
        now, then = (found(admission.archive.total(part, where)) for part in (period, before))
        days, days_before = (
            _days_with_figures(admission.archive.days(part, where)) for part in (period, before)
        )
        return pages.render(
            request,
            "compare.html",
            admin=admission.admin,
            where=where,
            period=period,
            fault=None,
            before=before,
            freshness=now.freshness,
            rows=[
                Row("days_with_figures", days_before, days, is_time=False),
                *_compared(then, before.last, now, period.last, entrance.today()),
            ],
            is_of_other_sites=then.reporting != now.reporting,
            files=_files(where, period),
        )

    @router.get("/machines")
    def machines(request: Request, admission: Watching, where: Somewhere) -> Response:
        return pages.render(
            request,
            "machines.html",
            admin=admission.admin,
            where=where,
            provinces=sorted(
                entrance.places().provinces.in_force(entrance.today()),
                key=lambda one: by_name(one.name),
            )
            if admission.admin.scope == Scope()
            else [],
            hubs=admission.records.nodes(within(admission, where), _HUBS),
            broken=admission.records.broken_devices(where, _HUBS),
            sees_sites=may(admission.admin.role, Permission.FIGURES),
        )

    @router.get("/differences")
    def differences(
        request: Request, admission: Watching, where: Somewhere, offset: OffsetQuery = 0
    ) -> Response:
        differing = admission.records.differences(within(admission, where), Page(offset, _AT_ONCE))
        return pages.render(
            request,
            "differences.html",
            admin=admission.admin,
            found=differing,
            sees_sites=may(admission.admin.role, Permission.FIGURES),
            more=urlencode({**_named(where), "offset": differing.next_offset}),
        )

    return router


def _files(where: Where, period: Period) -> str:
    return urlencode({**_named(where), "from": period.first, "to": period.last})


def _named(where: Where) -> dict[str, str]:
    return {name: value for name, value in asdict(where).items() if value is not None}


def _no_period(first: date, last: date, words: Words) -> str:
    days = {"first": words.date(first), "last": words.date(last)}
    if last < first:
        return words("period_reversed", **days)
    return words("period_too_long", **days, most=LONGEST_PERIOD_DAYS)


class Row(NamedTuple):
    """One figure of two periods; `is_time` when they are milliseconds."""

    key: str
    before: int | None
    after: int | None
    is_time: bool

    @property
    def change(self) -> float | None:
        """The share by which it grew, None when there is nothing to compare."""
        if not self.before or self.after is None:
            return None
        return self.after / self.before - 1


def _days_with_figures(trend: Trend | None) -> int:
    return sum(point.figures.issued > 0 for point in trend.points) if trend else 0


def _compared(then: Total, then_last: date, now: Total, now_last: date, today: date) -> list[Row]:

    def count(key: str, before: int, after: int) -> Row:
        of_then = counted(before, then.freshness, then_last, today)
        return Row(key, of_then, counted(after, now.freshness, now_last, today), is_time=False)

    def time(key: str, before: int | None, after: int | None) -> Row:
        return Row(key, before, after, is_time=True)

    before, after = then.figures, now.figures
    return [
        count("reporting", then.reporting, now.reporting),
        count("issued", before.issued, after.issued),
        count("visits", before.visits, after.visits),
        count("no_shows", before.no_shows, after.no_shows),
        time("wait_p50", before.wait.p50_ms, after.wait.p50_ms),
        time("wait_p90", before.wait.p90_ms, after.wait.p90_ms),
        time("service_p50", before.service.p50_ms, after.service.p50_ms),
        time("second_wait_p50", before.second_wait.p50_ms, after.second_wait.p50_ms),
    ]


def _trend_charts(trend: Trend, words: Words, today: date) -> list[NamedChart]:
    names = [_name(point.first_day, trend.step) for point in trend.points]
    every = 5 if trend.step is Step.DAY else 3
    marks = [name if n % every == 0 else None for n, name in enumerate(names)]
    waits = [point.figures.wait.p90_ms for point in trend.points]
    issued = [
        counted(point.figures.issued, trend.freshness, point.last_day, today)
        for point in trend.points
    ]
    return [
        NamedChart(words("chart_issued"), _bars(names, marks, issued, words)),
        NamedChart(
            words("chart_wait_p90"),
            bar_chart(
                [None if wait is None else wait / 60_000 for wait in waits],
                [f"{name}: {words.minutes(wait)}" for name, wait in zip(names, waits, strict=True)],
                marks,
            ),
        ),
    ]


def _bars(
    names: list[str], marks: list[str | None], values: list[int | None], words: Words
) -> Chart:
    said = [f"{name}: {words.number(n)}" for name, n in zip(names, values, strict=True)]
    return bar_chart(values, said, marks)


def _name(day: date, step: Step) -> str:
    return f"{day:%d/%m}" if step is Step.DAY else f"{day:%m/%y}"
