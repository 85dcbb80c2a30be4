"""The pages about alerts."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from central.access.permissions import Permission, may
from central.api.entrance import Entrance, Visit
from central.api.parameters import AlertPath, OffsetQuery, where_of
from central.api.ranking import Page
from central.store.history import Where
from central.web.forms import read_form
from central.web.pages import Pages, page_visiting
from central.web.words import page_language

_AT_ONCE = 100
_LONGEST_NOTE = 300


def alert_pages(entrance: Entrance, pages: Pages) -> APIRouter:
    """The pages, each to whom `entrance` lets in to it."""
    Watching = Annotated[  # noqa: N806 - a type
        Visit, Depends(page_visiting(entrance, Permission.MACHINES))
    ]
    Acting = Annotated[  # noqa: N806 - as above
        Visit, Depends(page_visiting(entrance, Permission.ALERTS))
    ]
    Somewhere = Annotated[Where, Depends(where_of)]  # noqa: N806 - as above
    router = APIRouter(include_in_schema=False)

    @router.get("/alerts")
    def alerts(
        request: Request,
        visit: Watching,
        where: Somewhere,
        *,
        still_open: Annotated[bool, Query(alias="open")] = True,
        offset: OffsetQuery = 0,
    ) -> Response:
        page = Page(offset, _AT_ONCE)
        return pages.render(
            request,
            "alerts.html",
            admin=visit.admin,
            still_open=still_open,
            found=visit.alerts.alerts(where, page, page_language(request), still_open=still_open),
        )

    @router.get("/alerts/{alert}")
    def alert(request: Request, visit: Watching, alert: AlertPath) -> Response:
        found = visit.alerts.alert(alert, page_language(request))
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return pages.render(
            request,
            "alert.html",
            admin=visit.admin,
            found=found,
            may_act=may(visit.admin.role, Permission.ALERTS) and found.alert.closed is None,
        )

    @router.post("/alerts/{alert}/acknowledge")
    async def acknowledge(request: Request, visit: Acting, alert: AlertPath) -> Response:
        return await act(request, partial(entrance.acknowledge, visit, alert), alert)

    @router.post("/alerts/{alert}/close")
    async def close(request: Request, visit: Acting, alert: AlertPath) -> Response:
        return await act(request, partial(entrance.close_alert, visit, alert), alert)

    async def act(request: Request, do: Callable[[str], bool], alert: int) -> Response:
        note = (await read_form(request)).get("note", "")[:_LONGEST_NOTE]
        if not await run_in_threadpool(do, note):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return RedirectResponse(f"/alerts/{alert}", HTTPStatus.SEE_OTHER)

    return router
