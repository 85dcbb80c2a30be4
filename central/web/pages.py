"""The admins' pages: the desk's answers in HTML."""

import gzip
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from datetime import date, timedelta
from functools import partial
from http import HTTPStatus
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Request, params
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from central.access.permissions import Permission
from central.alerts.rules import Rule
from central.api.entrance import Admission, Entrance, Shown
from central.api.freshness import local_time
from central.api.known import Period
from central.api.models import CounterDay, CounterNow, Province, Quarter, Rank, SiteDay
from central.api.parameters import (
    DayPath,
    DayQuery,
    address_of,
    found,
    until_answered,
)
from central.api.ranking import Page
from central.store.visible import Where
from central.vietnamese_order import by_name
from central.web.chart import Chart, bar_chart
from central.web.tiles import archipelagos, heat, tiles
from central.web.words import Words, page_language

_LARGE = 4096  # bytes
_LEVEL = 4
_HUBS = Page(0, 100)
_RESTATED = Page(0, 100)  # days on which a hub was back with more of this one
_QUARTERS_WITH_ROOM = 48
_OF_NOW = (Rank.LONGEST_NOW, Rank.WAITING)


class Pages:
    """Renders templates in the language of who asks."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance
        self._templates = Environment(
            loader=PackageLoader("central.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def words(self, request: Request) -> Words:
        """Everything a page says, to who asks."""
        return Words(page_language(request), self._entrance.today(), self._entrance.places())

    def render(
        self, request: Request, name: str, status: HTTPStatus = HTTPStatus.OK, **values: object
    ) -> HTMLResponse:
        """A page from a template; a large one, most of which is said twice, travels compressed to
        whoever can read that."""
        html = self._templates.get_template(name).render(
            t=self.words(request),
            path=request.url.path,
            today=self._entrance.today(),
            now=local_time(self._entrance.now_ms()),
            **values,
        )
        body, headers = html.encode(), {"Vary": "Accept-Encoding"}
        if len(body) >= _LARGE and _takes_gzip(request.headers.get("accept-encoding", "")):
            body = gzip.compress(body, _LEVEL)
            headers["Content-Encoding"] = "gzip"
        return HTMLResponse(body, status, headers)


def _takes_gzip(accepted: str) -> bool:
    """Source: RFC 9110, section 12.5.3: a coding of weight 0 is not acceptable."""
    codings = (one.replace(" ", "").lower().partition(";q=") for one in accepted.split(","))
    return any(name == "gzip" and (not q or q.strip("0.")) for name, _, q in codings)


def page_admitting(entrance: Entrance, permission: Permission) -> params.Depends:
    """What a parameter is annotated with that lets in whose session may do this."""

    async def admission(request: Request) -> AsyncIterator[Admission]:
        shown = Shown(None, request.cookies.get(entrance.session_cookie), address_of(request))
        async with entrance.admit(shown, permission) as admission:
            yield admission

    return until_answered(admission)


def figures_router(entrance: Entrance, pages: Pages, wait_target_s: int) -> APIRouter:
    """The pages that show figures, to whom `entrance` lets in."""

    Reading = Annotated[  # noqa: N806 - a type
        Admission, page_admitting(entrance, Permission.FIGURES)
    ]
    target_ms = wait_target_s * 1000
    heat_of = partial(heat, target_ms=target_ms)
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    def overview(request: Request, admission: Reading, day: DayQuery = None) -> Response:
        asked = day or entrance.today()
        own = admission.admin.scope.province
        ranks = _ranks(asked, entrance.today())
        answer = admission.desk.provinces(asked).provinces
        return pages.render(
            request,
            "overview.html",
            admin=admission.admin,
            day=asked,
            days=_days(asked),
            overview=admission.desk.overview(asked),
            open_alerts=_open_alerts(admission, Where()),
            sites=admission.desk.sites(own, asked, _first(ranks)) if own else None,
            ranks=ranks,
            provinces=sorted(
                (province for province in answer if province.sites),
                key=partial(_longest_wait_first, by=_first(ranks)),
            ),
            quiet=sorted(
                (province for province in answer if not province.sites),
                key=lambda province: by_name(province.name),
            ),
            tiles=tiles(answer, target_ms),
            archipelagos=archipelagos(answer),
            target_ms=target_ms,
            heat=heat_of,
        )

    @router.get("/provinces/{code}")
    def province(
        request: Request,
        admission: Reading,
        code: str,
        rank: Rank | None = None,
        day: DayQuery = None,
    ) -> Response:
        asked = day or entrance.today()
        ranks = _ranks(asked, entrance.today())
        chosen = rank if rank in ranks else _first(ranks)
        sites = found(admission.desk.sites(code, asked, chosen))
        return pages.render(
            request,
            "province.html",
            admin=admission.admin,
            day=asked,
            days=_days(asked),
            province=admission.desk.province(code, asked),
            open_alerts=_open_alerts(admission, Where(province=code)),
            sites=sites,
            ranks=ranks,
            target_ms=target_ms,
            heat=heat_of,
        )

    @router.get("/sites/{site}")
    def site(site: str, day: DayQuery = None) -> Response:
        return RedirectResponse(f"/sites/{site}/days/{day or entrance.today()}")

    @router.get("/sites/{site}/days/{day}")
    def site_day(request: Request, admission: Reading, site: str, day: DayPath) -> Response:
        words = pages.words(request)
        shown = found(admission.desk.site_day(site, day, words.language))
        return pages.render(
            request,
            "site.html",
            admin=admission.admin,
            day=day,
            days=_days(day),
            found=shown,
            counters=_counters(shown),
            open_alerts=_open_alerts(admission, Where(site=site)),
            province_name=entrance.places().name(shown.province, day),
            quality=found(admission.desk.quality(site, day)),
            charts=_charts(shown.quarters, words),
            devices=admission.records.devices(site),
            differing=admission.records.differences(Where(site=site), _HUBS),
            restated=admission.archive.restatements(
                Period(day, day), Where(site=site), _RESTATED
            ).restated,
            target_ms=target_ms,
            heat=heat_of,
        )

    return router


class NamedChart(NamedTuple):
    """A chart with its title."""

    title: str
    chart: Chart


class CounterLine(NamedTuple):
    """How a counter spent the day, None when nothing of it has ended, and what those of this number
    do now, nothing when nobody can tell."""

    counter: int
    day: CounterDay | None
    now: list[CounterNow]


class Days(NamedTuple):
    """The day that a page shows, and those beside it."""

    before: date
    shown: date
    after: date


def _days(shown: date) -> Days:
    return Days(shown - timedelta(days=1), shown, shown + timedelta(days=1))


def _ranks(day: date, today: date) -> list[Rank]:
    """By what sites can be ranked: of a day that is over nobody waits now."""
    return [rank for rank in Rank if day == today or rank not in _OF_NOW]


def _first(ranks: list[Rank]) -> Rank:
    """By what sites are ranked when nobody has chosen: by who waits now, if that is known."""
    return Rank.LONGEST_NOW if Rank.LONGEST_NOW in ranks else Rank.P90


def _open_alerts(admission: Admission, where: Where) -> list[tuple[Rule, int]]:
    counts = Counter[str]()
    for row in admission.alerts.tally(where, still_open=True):
        counts[row.rule] += row.n
    return [(rule, counts[rule]) for rule in Rule if counts[rule]]


def _longest_wait_first(province: Province, by: Rank) -> tuple[int, int, tuple[str, ...]]:
    now = province.now.longest_wait_ms if by is Rank.LONGEST_NOW else None
    p90 = province.figures.wait.p90_ms
    return (-(now or -1), -(p90 or -1), by_name(province.name))


def _counters(of: SiteDay) -> list[CounterLine]:
    days = {day.counter: day for day in of.counters}
    now: defaultdict[int, list[CounterNow]] = defaultdict(list)
    for state in of.counters_now or []:
        now[state.counter].append(state)
    return [CounterLine(number, days.get(number), now[number]) for number in sorted({*days, *now})]


def _charts(quarters: list[Quarter], words: Words) -> list[NamedChart]:
    times = [f"{quarter.start:%H:%M}" for quarter in quarters]
    hours = 1 if len(quarters) <= _QUARTERS_WITH_ROOM else 3
    marks = [
        f"{quarter.start.hour}h"
        if not (quarter.start.minute or quarter.start.hour % hours)
        else None
        for quarter in quarters
    ]
    waits = [quarter.wait.p50_ms for quarter in quarters]
    return [
        NamedChart(
            words("chart_issued"),
            bar_chart(
                [quarter.issued for quarter in quarters],
                [
                    f"{time}: {quarter.issued}"
                    for time, quarter in zip(times, quarters, strict=True)
                ],
                marks,
            ),
        ),
        NamedChart(
            words("chart_wait"),
            bar_chart(
                [None if wait is None else wait / 60_000 for wait in waits],
                [f"{time}: {words.minutes(wait)}" for time, wait in zip(times, waits, strict=True)],
                marks,
            ),
        ),
    ]
