"""The pages about alerts."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from central.access.permissions import Permission, may
from central.alerts.rules import Rule
from central.api.entrance import Admission, Entrance
from central.api.parameters import AlertPath, OffsetQuery, SiteQuery, UnitQuery, found
from central.api.ranking import Page
from central.store.visible import Where
from central.web.forms import read_form
from central.web.pages import Pages, page_admitting
from central.web.words import page_language

AnyProvince = Annotated[str, Query(pattern=r"^([0-9]{2})?$")]
"""A province's code; empty, as its form says it, for all of them."""

_AT_ONCE = 100
_LONGEST_NOTE = 300


def alert_pages(entrance: Entrance, pages: Pages) -> APIRouter:
    """The pages, each to whom `entrance` lets in to it."""
    Watching = Annotated[  # noqa: N806 - a type
        Admission, page_admitting(entrance, Permission.MACHINES)
    ]
    Acting = Annotated[  # noqa: N806 - as above
        Admission, page_admitting(entrance, Permission.ALERTS)
    ]
    router = APIRouter(include_in_schema=False)

    @router.get("/alerts")
    def alerts(
        request: Request,
        admission: Watching,
        *,
        still_open: Annotated[bool, Query(alias="open")] = True,
        rule: Rule | None = None,
        province: AnyProvince = "",
        unit: UnitQuery = None,
        site: SiteQuery = None,
        offset: OffsetQuery = 0,
    ) -> Response:
        asked = {"rule": rule, "province": province, "unit": unit, "site": site}
        tally = admission.alerts.tally(Where(unit=unit, site=site), still_open=still_open)
        by_rule, by_province = Counter[str](), Counter({province: 0} if province else {})
        for row in tally:
            by_rule[row.rule] += row.n if province in ("", row.province) else 0
            by_province[row.province] += row.n if rule in (None, row.rule) else 0
        return pages.render(
            request,
            "alerts.html",
            admin=admission.admin,
            still_open=still_open,
            asked=asked,
            rules=[(one, by_rule[one]) for one in Rule if by_rule[one] or one is rule],
            provinces=[(Where(code), n) for code, n in sorted(by_province.items())],
            address=partial(_address, still_open=still_open, asked=asked),
            found=admission.alerts.alerts(
                Where(province or None, unit, site),
                Page(offset, _AT_ONCE),
                page_language(request),
                still_open=still_open,
                rule=rule,
                unseen_first=still_open,
            ),
            sees_sites=may(admission.admin.role, Permission.FIGURES),
        )

    @router.get("/alerts/{alert}")
    def alert(request: Request, admission: Watching, alert: AlertPath) -> Response:
        shown = found(admission.alerts.alert(alert, page_language(request)))
        return pages.render(
            request,
            "alert.html",
            admin=admission.admin,
            found=shown,
            sees_sites=may(admission.admin.role, Permission.FIGURES),
            may_act=may(admission.admin.role, Permission.ALERTS) and shown.alert.closed is None,
        )

    @router.post("/alerts/{alert}/acknowledge")
    async def acknowledge(request: Request, admission: Acting, alert: AlertPath) -> Response:
        return await act(request, partial(entrance.acknowledge, admission, alert), alert)

    @router.post("/alerts/{alert}/close")
    async def close(request: Request, admission: Acting, alert: AlertPath) -> Response:
        return await act(request, partial(entrance.close_alert, admission, alert), alert)

    async def act(request: Request, do: Callable[[str], bool], alert: int) -> Response:
        note = (await read_form(request)).get("note", "")[:_LONGEST_NOTE]
        is_there = await run_in_threadpool(do, note)
        found(is_there or None)
        return RedirectResponse(f"/alerts/{alert}", HTTPStatus.SEE_OTHER)

    return router


def _address(*, still_open: bool, asked: dict[str, str | None], **other: str | int | None) -> str:
    """The page with what is asked for, unless `other` says otherwise."""
    named = {name: value for name, value in {**asked, **other}.items() if value}
    query = urlencode(named if still_open else {"open": "false", **named})
    return f"/alerts?{query}" if query else "/alerts"
