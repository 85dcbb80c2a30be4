"""The operations of `/api/v1` about alerts."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse

from central.access.permissions import Permission
from central.alerts.rules import Rule
from central.api.alert_models import (
    Acknowledged,
    AlertCount,
    Alerts,
    AlertWithHistory,
    Remark,
    Seen,
)
from central.api.entrance import Admission, Entrance, Shown
from central.api.models import Problem
from central.api.parameters import (
    PROBLEMS,
    AlertPath,
    admitting,
    found,
    page_of,
    shown_at,
    where_of,
    within,
)
from central.api.problems import language_of
from central.api.ranking import Page
from central.api.streams import Streams
from central.store.visible import Where
from runtime.wording import catalogue

RuleQuery = Annotated[Rule | None, Query(description="Only by this rule.", examples=["paper_out"])]

_STREAM = {
    "description": "An endless stream of `alerts` events; each carries an AlertCount.",
    "content": {
        "text/event-stream": {
            "example": 'event: alerts\ndata: {"total": 1, "unacknowledged": 1, "youngest": 87}\n\n'
        }
    },
}
_OVER: dict[int | str, dict[str, Any]] = {
    409: {
        "description": "The alert is over, or was closed.",
        "content": {
            "application/problem+json": {
                "schema": Problem.model_json_schema(),
                "example": Problem(
                    title="Conflict", status=409, detail=catalogue("en")["alerts.error_over"]
                ).model_dump(),
            }
        },
    }
}


def alert_router(entrance: Entrance) -> APIRouter:
    """The operations, each for whom `entrance` lets in to it."""
    Watching = Annotated[Admission, admitting(entrance, Permission.MACHINES)]  # noqa: N806 - a type
    Acting = Annotated[Admission, admitting(entrance, Permission.ALERTS)]  # noqa: N806 - as above
    OnPage = Annotated[Page, Depends(page_of)]  # noqa: N806 - as above
    Somewhere = Annotated[Where, Depends(where_of)]  # noqa: N806 - as above
    router = APIRouter(prefix="/api/v1", responses=PROBLEMS, tags=["alerts"])
    streams = Streams(entrance, Permission.MACHINES)

    @router.get("/alerts", summary="Alerts, open or closed")
    def alerts(
        request: Request,
        admission: Watching,
        page: OnPage,
        where: Somewhere,
        *,
        still_open: Annotated[
            bool,
            Query(alias="open", description="Open ones, or those that are over.", examples=[True]),
        ] = True,
        rule: RuleQuery = None,
    ) -> Alerts:
        """The youngest first. Alerts about waits and ratings are left out for roles that see no
        figures."""
        place, language = within(admission, where), language_of(request)
        return admission.alerts.alerts(place, page, language, still_open=still_open, rule=rule)

    @router.get(
        "/alerts/live",
        summary="How many alerts are open, live",
        responses={200: _STREAM},
        response_class=StreamingResponse,
    )
    async def live(
        request: Request, shown: Annotated[Shown, Depends(shown_at(entrance))]
    ) -> StreamingResponse:
        """Server-sent events: how many are open at first, then whenever that changes, at most
        once a second."""

        return await streams.follow(request, shown, "alerts", entrance.alert_count, _if_other)

    @router.get("/alerts/{alert}", summary="One alert with its history")
    def alert(request: Request, admission: Watching, alert: AlertPath) -> AlertWithHistory:
        """What is wrong where, since when, and who was told and did what."""
        return found(admission.alerts.alert(alert, language_of(request)))

    @router.post("/alerts/acknowledge", summary="Say of several that they are seen")
    def acknowledge_unseen(
        admission: Acting, where: Somewhere, seen: Seen, rule: RuleQuery = None
    ) -> Acknowledged:
        """Of the open alerts that `GET /alerts` with the same parameters lists, on whatever page:
        those that nobody has acknowledged. Each is written to the audit log."""
        n = entrance.acknowledge_unseen(admission, within(admission, where), rule, seen)
        return Acknowledged(acknowledged=n)

    @router.post(
        "/alerts/{alert}/acknowledge",
        summary="Say that it is seen",
        status_code=HTTPStatus.NO_CONTENT,
        responses=_OVER,
    )
    def acknowledge(admission: Acting, alert: AlertPath, remark: Remark) -> None:
        """Whoever else looks then sees that somebody takes care. Written to the audit log."""
        found(entrance.acknowledge(admission, alert, remark.note) or None)

    @router.post(
        "/alerts/{alert}/close",
        summary="Close it",
        status_code=HTTPStatus.NO_CONTENT,
        responses=_OVER,
    )
    def close(admission: Acting, alert: AlertPath, remark: Remark) -> None:
        """While the trouble lasts, a closed alert stays silent; trouble that comes again is a new
        alert. Written to the audit log."""
        found(entrance.close_alert(admission, alert, remark.note) or None)

    return router


def _if_other(was: AlertCount | None, now: AlertCount) -> AlertCount | None:
    return None if was == now else now
