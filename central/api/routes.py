"""The operations of `/api/v1`."""

from collections.abc import Callable, Iterator
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response
from fastapi.security import APIKeyCookie, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from central.api.desk import Desk
from central.api.entrance import Entrance
from central.api.models import Health, Overview, Problem, Provinces, Quality, Rank, SiteDay, Sites
from central.api.problems import language_of
from runtime.wording import catalogue

SESSION_COOKIE = "thutu_session"

_T = TypeVar("_T")

_bearer = HTTPBearer(auto_error=False, description="A token made by `thutu-central token`.")
_cookie = APIKeyCookie(
    name=SESSION_COOKIE, auto_error=False, description="A browser's session, from the sign-in page."
)

DayQuery = Annotated[
    date | None,
    Query(
        alias="day", description="The business day; today when left out.", examples=["2026-11-20"]
    ),
]
SitePath = Annotated[
    str,
    Path(pattern=r"^[0-9]{2}-[0-9]{5}-[0-9]{2}$", description="A site.", examples=["01-00097-01"]),
]
ProvincePath = Annotated[
    str, Path(pattern=r"^[0-9]{2}$", description="A province's code.", examples=["01"])
]
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": words,
        "content": {"application/problem+json": {"schema": Problem.model_json_schema()}},
    }
    for status, words in (
        (401, "No valid token or session was shown."),
        (404, "There is no such thing within the scope of who asks."),
        (422, "The question is malformed; `detail` says where."),
        (503, "The database cannot be read now; ask again."),
    )
}


def api_router(entrance: Entrance) -> APIRouter:
    """The operations, for whom `entrance` lets in."""

    def desk(
        bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
        cookie: Annotated[str | None, Depends(_cookie)],
    ) -> Iterator[Desk]:
        with entrance.visit(bearer.credentials if bearer else None, cookie) as visit:
            yield visit.desk

    AtDesk = Annotated[Desk, Depends(desk)]  # noqa: N806 - a type
    router = APIRouter(prefix="/api/v1", responses=_PROBLEMS)

    @router.get("/overview", tags=["figures"], summary="The whole scope on one day")
    def overview(desk: AtDesk, day: DayQuery = None) -> Overview:
        """National figures, or a provincial admin's province: waits, throughput, who waits now,
        ratings, and how far the figures can be trusted."""
        return desk.overview(day or entrance.today())

    @router.get("/provinces", tags=["figures"], summary="Every province on one day")
    def provinces(desk: AtDesk, day: DayQuery = None) -> Provinces:
        """The provinces of the scope by code, also those without sites."""
        return desk.provinces(day or entrance.today())

    @router.get("/provinces/{code}/sites", tags=["figures"], summary="A province's sites, ranked")
    def sites(
        desk: AtDesk,
        code: ProvincePath,
        rank: Annotated[Rank, Query(description="By what to rank.")] = Rank.P90,
        day: DayQuery = None,
    ) -> Sites:
        """Where citizens wait longest comes first; sites without the figure come last."""
        return _found(desk.sites(code, day or entrance.today(), rank))

    @router.get("/sites/{site}/days/{day}", tags=["figures"], summary="One site's day")
    def site_day(
        request: Request,
        desk: AtDesk,
        site: SitePath,
        day: Annotated[date, Path(description="The business day.", examples=["2026-11-20"])],
    ) -> SiteDay:
        """A day by service, by counter and by quarter of an hour, with ratings. Counts of
        answers under five are hidden."""
        return _found(desk.site_day(site, day, service_names(language_of(request))))

    @router.get("/sites/{site}/freshness", tags=["quality"], summary="A site's data quality")
    def quality(desk: AtDesk, site: SitePath) -> Quality:
        """Whether the data are correct, complete, clean and live (đúng, đủ, sạch, sống)."""
        return _found(desk.quality(site, entrance.today()))

    return router


def health_router(is_healthy: Callable[[], bool]) -> APIRouter:
    """Whether the centre works, for whoever watches over it; no token is needed."""
    router = APIRouter(prefix="/api/v1")

    @router.get("/health", tags=["service"], summary="Whether the centre works")
    def health(response: Response) -> Health:
        """503 when messages cannot be committed or the broker cannot be reached."""
        healthy = is_healthy()
        if not healthy:
            response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return Health(healthy=healthy)

    return router


def service_names(language: str) -> dict[str, str]:
    """The names of services by id."""
    return {
        key.removeprefix("service."): words
        for key, words in catalogue(language).items()
        if key.startswith("service.")
    }


def _found(answer: _T | None) -> _T:
    if answer is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return answer
