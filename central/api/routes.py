"""The operations of `/api/v1` about one day, and the health of the centre."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from central.access.permissions import Permission
from central.api.entrance import Admission, Entrance
from central.api.models import Health, Overview, Provinces, Rank, SiteDay, Sites
from central.api.parameters import (
    PROBLEMS,
    DayPath,
    DayQuery,
    ProvincePath,
    SitePath,
    admitting,
    found,
)
from central.api.problems import language_of
from central.api.quality_models import Quality


def api_router(entrance: Entrance) -> APIRouter:
    """The operations, for whom `entrance` lets in."""

    Reading = Annotated[Admission, admitting(entrance, Permission.FIGURES)]  # noqa: N806 - a type
    Watching = Annotated[Admission, admitting(entrance, Permission.MACHINES)]  # noqa: N806 - a type
    router = APIRouter(prefix="/api/v1", responses=PROBLEMS)

    @router.get("/overview", tags=["figures"], summary="The whole scope on one day")
    def overview(admission: Reading, day: DayQuery = None) -> Overview:
        """National figures, or a provincial admin's province: waits, throughput, who waits now,
        ratings, and how far the figures can be trusted."""
        return admission.desk.overview(day or entrance.today())

    @router.get("/provinces", tags=["figures"], summary="Every province on one day")
    def provinces(admission: Reading, day: DayQuery = None) -> Provinces:
        """The provinces of the scope by code, also those without sites."""
        return admission.desk.provinces(day or entrance.today())

    @router.get("/provinces/{code}/sites", tags=["figures"], summary="A province's sites, ranked")
    def sites(
        admission: Reading,
        code: ProvincePath,
        rank: Annotated[Rank, Query(description="By what to rank.")] = Rank.P90,
        day: DayQuery = None,
    ) -> Sites:
        """Where citizens wait longest comes first; sites without the figure come last."""
        return found(admission.desk.sites(code, day or entrance.today(), rank))

    @router.get("/sites/{site}/days/{day}", tags=["figures"], summary="One site's day")
    def site_day(
        request: Request,
        admission: Reading,
        site: SitePath,
        day: DayPath,
    ) -> SiteDay:
        """A day by service, by counter and by quarter of an hour, with ratings by
        fives. Levels under five are hidden."""
        return found(admission.desk.site_day(site, day, language_of(request)))

    @router.get("/sites/{site}/freshness", tags=["quality"], summary="A site's data quality")
    def quality(admission: Watching, site: SitePath) -> Quality:
        """Whether the data are correct, complete, clean and live (đúng, đủ, sạch, sống)."""
        return found(admission.desk.quality(site, entrance.today()))

    return router


def health_router(is_healthy: Callable[[], bool], refused_files: Callable[[], int]) -> APIRouter:
    """Whether the centre works, for whoever watches over it; no token is needed."""
    router = APIRouter(prefix="/api/v1")

    @router.get(
        "/health",
        tags=["service"],
        summary="Whether the centre works",
        responses={
            405: PROBLEMS[405],
            503: {"model": Health, "description": "It does not work; the log says why."},
        },
    )
    async def health(response: Response) -> Health:
        """503 when messages cannot be committed, the broker cannot be reached, or alerts, messages
        of them, configurations, updates or appointments have stood still for a quarter of an
        hour; the log says why."""
        healthy = is_healthy()
        if not healthy:
            response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return Health(healthy=healthy, refused_files=refused_files())

    return router
