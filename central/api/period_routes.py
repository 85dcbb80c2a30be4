"""The operations of `/api/v1` about periods."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from central.access.permissions import Permission
from central.api.archive import Counted
from central.api.entrance import Admission, Entrance
from central.api.kept import Kept
from central.api.parameters import (
    PROBLEMS,
    DayQuery,
    FromQuery,
    ProvinceQuery,
    SitePath,
    ToQuery,
    UnitQuery,
    admitting,
    found,
    page_of,
    period_of,
    where_of,
    within,
)
from central.api.period_models import (
    Group,
    Ranking,
    Ratings,
    Restatements,
    Step,
    Throughput,
    Trend,
    Units,
    Wait,
    When,
)
from central.api.problems import language_of
from central.api.ranking import Page, Question
from central.rollup.site_waits import SiteWaits
from central.store.visible import Where


def period_router(entrance: Entrance) -> APIRouter:
    """The operations, for whom `entrance` lets in to see figures."""
    Reading = Annotated[Admission, admitting(entrance, Permission.FIGURES)]  # noqa: N806 - a type
    OnPage = Annotated[Page, Depends(page_of)]  # noqa: N806 - as above
    Somewhere = Annotated[Where, Depends(where_of)]  # noqa: N806 - as above
    waits = Kept[SiteWaits]()
    counted = Kept[Counted]()
    router = APIRouter(prefix="/api/v1", responses=PROBLEMS, tags=["figures"])

    @router.get("/units", summary="Commune-level units on one day")
    def units(
        admission: Reading, page: OnPage, province: ProvinceQuery = None, day: DayQuery = None
    ) -> Units:
        """The units that have sites, by code: wards, communes and special zones."""
        return admission.archive.units(day or entrance.today(), province, page)

    @router.get("/ranking", summary="Where citizens wait longest")
    def ranking(
        admission: Reading,
        page: OnPage,
        *,
        of: Annotated[Group, Query(description="What to rank.")] = Group.SITES,
        by: Annotated[Wait, Query(description="By which wait to rank.")] = Wait.P90,
        when: Annotated[When, Query(description="Now, or over a period.")] = When.PERIOD,
        province: ProvinceQuery = None,
        unit: UnitQuery = None,
        first: FromQuery = None,
        last: ToQuery = None,
    ) -> Ranking:
        """Sites, units or provinces by their median, 90 % or longest wait: of those who wait now,
        today, or over a period. The longest comes first; what has no such figure comes last."""
        period = period_of(first, last, entrance.today())
        question = Question(of, by, when, period, Where(province, unit))
        return admission.archive.ranking(question, page, waits)

    @router.get("/trends/{step}", summary="30 days or 12 months")
    def trend(admission: Reading, step: Step, where: Somewhere, day: DayQuery = None) -> Trend:
        """Figures of the last 30 days or 12 months up to a day, of the scope or a part of it."""
        return found(admission.archive.trend(step, day or entrance.today(), where))

    @router.get("/sites/{site}/throughput", summary="What a site's counters did in a period")
    def throughput(
        admission: Reading, site: SitePath, first: FromQuery = None, last: ToQuery = None
    ) -> Throughput:
        """Walk, service, idle, pause and closed time of each counter, visits per open hour, and
        the wait before."""
        period = period_of(first, last, entrance.today())
        return found(admission.archive.throughput(site, period))

    @router.get("/ratings", summary="What citizens answered in a period")
    def ratings(
        request: Request,
        admission: Reading,
        where: Somewhere,
        first: FromQuery = None,
        last: ToQuery = None,
    ) -> Ratings:
        """Response rate and satisfied share with Wilson intervals at 95 %. Answers are counted by
        fives of one site and service; levels under five are hidden."""
        period = period_of(first, last, entrance.today())
        language = language_of(request)
        return found(admission.archive.ratings(period, where, language, counted))

    @router.get("/restatements", summary="Days that late events have changed")
    def restatements(
        admission: Reading,
        page: OnPage,
        where: Somewhere,
        first: FromQuery = None,
        last: ToQuery = None,
    ) -> Restatements:
        """A hub that was offline sends its events later, and figures of days that were over then
        change; each such change is here."""
        period = period_of(first, last, entrance.today())
        return admission.archive.restatements(period, within(admission, where), page)

    return router
