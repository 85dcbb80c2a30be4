"""The pages about alerts."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Annotated, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from central.access.permissions import Permission, may
from central.alerts.rules import Rule
from central.api.alert_models import Seen
from central.api.entrance import Admission, Entrance
from central.api.parameters import AlertPath, OffsetQuery, SiteQuery, UnitQuery, found, within
from central.api.ranking import Page
from central.store.visible import Where
from central.vietnamese_order import by_name
from central.web.forms import read_choices, read_form
from central.web.pages import Pages, page_admitting
from central.web.words import page_language

AnyProvince = Annotated[str, Query(pattern=r"^([0-9]{2})?$")]
"""A province's code; empty, as its form says it, for all of them."""

_AT_ONCE = 100
_LONGEST_NOTE = 300
_MOST = 1_000_000


class Asked(NamedTuple):
    """What a list of alerts is narrowed to."""

    rule: Rule | None
    province: str
    unit: str | None
    site: str | None

    @property
    def where(self) -> Where:
        """The place."""
        return Where(self.province or None, self.unit, self.site)


def asked_of(
    rule: Rule | None = None,
    province: AnyProvince = "",
    unit: UnitQuery = None,
    site: SiteQuery = None,
) -> Asked:
    """What four parameters narrow a list to."""
    return Asked(rule, province, unit, site)


def alert_pages(entrance: Entrance, pages: Pages) -> APIRouter:
    """The pages, each to whom `entrance` lets in to it."""
    Watching = Annotated[  # noqa: N806 - a type
        Admission, page_admitting(entrance, Permission.MACHINES)
    ]
    Acting = Annotated[  # noqa: N806 - as above
        Admission, page_admitting(entrance, Permission.ALERTS)
    ]
    Narrowed = Annotated[Asked, Depends(asked_of)]  # noqa: N806 - as above
    router = APIRouter(include_in_schema=False)

    @router.get("/alerts")
    def alerts(
        request: Request,
        admission: Watching,
        asked: Narrowed,
        *,
        still_open: Annotated[bool, Query(alias="open")] = True,
        offset: OffsetQuery = 0,
        acknowledged: Annotated[int | None, Query(ge=0, le=_MOST)] = None,
    ) -> Response:
        within(admission, asked.where)
        words = pages.words(request)
        tally = admission.alerts.tally(
            Where(unit=asked.unit, site=asked.site), still_open=still_open
        )
        by_rule = Counter[str]()
        by_province = Counter({asked.province: 0} if asked.province else {})
        for row in tally:
            by_rule[row.rule] += row.n if asked.province in ("", row.province) else 0
            by_province[row.province] += row.n if asked.rule in (None, row.rule) else 0
        return pages.render(
            request,
            "alerts.html",
            admin=admission.admin,
            still_open=still_open,
            asked=asked,
            rules=[(one, by_rule[one]) for one in Rule if by_rule[one] or one is asked.rule],
            provinces=sorted(
                ((Where(code), n) for code, n in by_province.items()),
                key=lambda one: by_name(words.place(one[0])),
            ),
            address=partial(_address, still_open=still_open, asked=asked),
            acknowledging=_query("/alerts/acknowledge", asked._asdict()),
            found=admission.alerts.alerts(
                asked.where,
                Page(offset, _AT_ONCE),
                words.language,
                still_open=still_open,
                rule=asked.rule,
                unseen_first=still_open,
            ),
            sees_sites=may(admission.admin.role, Permission.FIGURES),
            may_act=may(admission.admin.role, Permission.ALERTS),
            acknowledged=acknowledged,
        )

    @router.post("/alerts/acknowledge")
    async def acknowledge_unseen(request: Request, admission: Acting, asked: Narrowed) -> Response:
        given = await read_choices(request)
        try:
            seen = Seen.model_validate(
                {
                    "opened_until": given.get("opened_until", [""])[0],
                    "alerts": None if "all" in given else given.get("alert", []),
                    "note": given.get("note", [""])[0][:_LONGEST_NOTE],
                }
            )
        except ValidationError as error:
            raise HTTPException(HTTPStatus.NOT_FOUND) from error
        n = await run_in_threadpool(
            entrance.acknowledge_unseen, admission, asked.where, asked.rule, seen
        )
        address = _address(still_open=True, asked=asked, acknowledged=f"{n}")
        return RedirectResponse(address, HTTPStatus.SEE_OTHER)

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


def _address(*, still_open: bool, asked: Asked, **other: str | int | None) -> str:
    """The page with what is asked for, unless `other` says otherwise."""
    closed = {} if still_open else {"open": "false"}
    return _query("/alerts", {**closed, **asked._asdict(), **other})


def _query(path: str, named: Mapping[str, str | int | None]) -> str:
    query = urlencode({name: value for name, value in named.items() if value})
    return f"{path}?{query}" if query else path
