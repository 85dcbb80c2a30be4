"""What questions have in common: their parameters, who asks, and how they may fail."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import Depends, HTTPException, Path, Query, Request, params
from fastapi.exceptions import RequestValidationError
from fastapi.security import APIKeyCookie, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials
from pydantic import AfterValidator

from central.access.permissions import Permission
from central.api.entrance import Admission, Entrance, Shown
from central.api.known import Period
from central.api.models import Problem
from central.api.ranking import Page
from central.scope import unit_of
from central.store.visible import Where
from runtime.wording import catalogue

LONGEST_PERIOD_DAYS = 366
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)

_T = TypeVar("_T")

_bearer = HTTPBearer(auto_error=False, description="A token made by `thutu-central token`.")


def _within_reason(day: date | None) -> date | None:
    if day is not None and not _FIRST_DAY <= day <= _LAST_DAY:
        raise ValueError(f"a day from {_FIRST_DAY} to {_LAST_DAY}")
    return day


_Reasonable = AfterValidator(_within_reason)

DayQuery = Annotated[
    date | None,
    _Reasonable,
    Query(
        alias="day", description="The business day; today when left out.", examples=["2026-11-20"]
    ),
]
OnQuery = Annotated[
    date | None,
    _Reasonable,
    Query(description="Only what is in force on this day.", examples=["2026-11-20"]),
]
DayPath = Annotated[
    date, _Reasonable, Path(description="The business day.", examples=["2026-11-20"])
]
FromQuery = Annotated[
    date | None,
    _Reasonable,
    Query(
        alias="from",
        description="The first day of the period; its last day when left out.",
        examples=["2026-11-01"],
    ),
]
ToQuery = Annotated[
    date | None,
    _Reasonable,
    Query(
        alias="to",
        description="The last day of the period; today when left out.",
        examples=["2026-11-30"],
    ),
]
SitePath = Annotated[
    str,
    Path(pattern=r"^[0-9]{2}-[0-9]{5}-[0-9]{2}$", description="A site.", examples=["01-00097-01"]),
]
AlertPath = Annotated[int, Path(ge=1, le=2**53, description="An alert.", examples=[87])]
ProvincePath = Annotated[
    str, Path(pattern=r"^[0-9]{2}$", description="A province's code.", examples=["01"])
]
ProvinceQuery = Annotated[
    str | None,
    Query(pattern=r"^[0-9]{2}$", description="Only this province.", examples=["01"]),
]
UnitQuery = Annotated[
    str | None,
    Query(pattern=r"^[0-9]{2}-[0-9]{5}$", description="Only this unit.", examples=["01-00097"]),
]
SiteQuery = Annotated[
    str | None,
    Query(
        pattern=r"^[0-9]{2}-[0-9]{5}-[0-9]{2}$",
        description="Only this site.",
        examples=["01-00097-01"],
    ),
]
OffsetQuery = Annotated[
    int, Query(ge=0, le=1_000_000, description="How many to leave out.", examples=[0])
]
LimitQuery = Annotated[
    int, Query(ge=1, le=500, description="How many to give at most.", examples=[100])
]

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": words,
        "content": {
            "application/problem+json": {
                "schema": Problem.model_json_schema(),
                "example": Problem(
                    title=HTTPStatus(status).phrase,
                    status=status,
                    detail=catalogue("en")[key],
                ).model_dump(),
            }
        },
    }
    for status, key, words in (
        (401, "admin.error_not_let_in", "No valid token or session was shown."),
        (403, "admin.error_forbidden", "The role of who asks does not include this."),
        (404, "admin.error_not_found", "There is no such thing within the scope of who asks."),
        (405, "admin.error_method", "The address takes no such method; `Allow` says which."),
        (413, "admin.error_too_large", "The body is larger than any that this API takes."),
        (422, "admin.error_malformed", "The question is malformed; `detail` says where."),
        (429, "admin.error_too_often", "Asked too often; `Retry-After` says when to ask again."),
        (503, "admin.error_store", "The database cannot be read now; ask again."),
    )
}


def admitting(entrance: Entrance, permission: Permission) -> params.Depends:
    """What a parameter is annotated with that lets in whoever may do this."""

    async def admission(
        shown: Annotated[Shown, Depends(shown_at(entrance))],
    ) -> AsyncIterator[Admission]:
        async with entrance.admit(shown, permission) as admission:
            yield admission

    return until_answered(admission)


def until_answered(admission: Callable[..., AsyncIterator[Admission]]) -> params.Depends:
    """An admission that ends when its answer is made: one that lasted until the answer is sent
    would hold its turn for as long as somebody likes who does not read."""
    return params.Depends(admission, scope="function")


def shown_at(entrance: Entrance) -> Callable[..., Awaitable[Shown]]:
    """A dependency: what a request shows at the entrance, its token or its session."""
    of_browsers = APIKeyCookie(
        name=entrance.session_cookie,
        auto_error=False,
        description="A browser's session, from the sign-in page.",
    )

    async def shown(
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
        cookie: Annotated[str | None, Depends(of_browsers)],
    ) -> Shown:
        return Shown(bearer.credentials if bearer else None, cookie, address_of(request))

    return shown


def address_of(request: Request) -> str:
    """The network address of who asks."""
    return request.client.host if request.client else ""


def period_of(first: date | None, last: date | None, today: date) -> Period:
    """The period that two parameters mean. Raises RequestValidationError for one that ends before
    it begins or is longer than a year."""
    last = last or max(today, first or today)
    first = first or last
    if not timedelta(0) <= last - first < timedelta(days=LONGEST_PERIOD_DAYS):
        said = f"a period ends after it begins and has at most {LONGEST_PERIOD_DAYS} days"
        raise RequestValidationError([{"loc": ("query", "from"), "msg": said, "type": "period"}])
    return Period(first, last)


def page_of(offset: OffsetQuery = 0, limit: LimitQuery = 100) -> Page:
    """The page that two parameters mean."""
    return Page(offset, limit)


def where_of(
    province: ProvinceQuery = None, unit: UnitQuery = None, site: SiteQuery = None
) -> Where:
    """What three parameters narrow a question to."""
    return Where(province, unit, site)


def within(admission: Admission, where: Where) -> Where:
    """The place, or the error for one out of scope: of what somebody cannot see, an empty list
    would say that all is well there."""
    scope, unit = admission.admin.scope, where.unit or unit_of(where.site or "")
    if not scope.covers(where.province or scope.province or "") or (
        unit and not scope.covers_unit(unit)
    ):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return where


def found(answer: _T | None) -> _T:
    """The answer, or the error for what does not exist within the scope."""
    if answer is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return answer
