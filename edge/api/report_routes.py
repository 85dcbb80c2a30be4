"""What a supervisor answers for: the day's log of exceptions and its report."""

from collections.abc import Callable
from concurrent.futures import Future
from http import HTTPStatus
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from contract.commands import ReportPrint
from edge.api.guard import Guard
from edge.api.problems import Problem
from edge.api.report_csv import report_csv
from edge.api.report_sheet import report_sheet
from edge.hub import Hub
from edge.ticket.sheet import Sheet

_Row = Annotated[int, Query(ge=1, description="Lines older than this journal row.")]
_Lines = Annotated[int, Query(ge=1, le=200)]
_PRINTED_WITHIN_S = 30.0
PrintSheet = Callable[[Sheet], "Future[ReportPrint]"]
_FRESH = {"Cache-Control": "no-store"}


class CsvResponse(Response):
    """A table for spreadsheet programs."""

    media_type = "text/csv"


def report_routes(hub: Hub, guard: Guard, print_sheet: PrintSheet | None) -> APIRouter:
    """The routes for supervisors; each reads the rows of the present business day.

    `print_sheet` prints a slip that is no ticket, if the hub has a printer of its own.
    """
    router = APIRouter(tags=["report"])

    @router.get("/api/log")
    def read_log(
        request: Request, *, before: _Row | None = None, limit: _Lines = 50, training: bool = False
    ) -> Response:
        """Skips, manual priority and whatever else deserves an explanation, newest first.

        `before` of one page asks for the next, older one. For supervisors.
        """
        guard.supervisor(request)
        return _json(hub.log(before=before, limit=limit, training=training))

    @router.get("/api/report")
    def read_report(request: Request, *, training: bool = False) -> Response:
        """The day's figures so far, exact, recounted from the journal. For supervisors."""
        guard.supervisor(request)
        return _json(hub.day_report(training=training))

    @router.get("/api/report.csv", response_class=CsvResponse)
    def save_report(
        request: Request, *, language: Literal["vi", "en"] = "vi", training: bool = False
    ) -> Response:
        """The same as a table in UTF-8 with a byte order mark. For supervisors."""
        guard.supervisor(request)
        report = hub.day_report(training=training)
        file = f"thutu-{hub.rules.site}-{report.day}{'-training' if training else ''}.csv"
        return CsvResponse(
            report_csv(report, hub.rules, language),
            headers={**_FRESH, "Content-Disposition": f'attachment; filename="{file}"'},
        )

    @router.post("/api/report/print", status_code=HTTPStatus.NO_CONTENT)
    def print_report(
        request: Request, *, language: Literal["vi", "en"] = "vi", training: bool = False
    ) -> None:
        """The totals on a slip of the hub's ticket printer; answers when it is out, or that it is
        not, or that nobody can tell. No ticket is counted for it. For supervisors.
        """
        guard.supervisor(request)
        if print_sheet is None:
            raise Problem(HTTPStatus.CONFLICT, "report.no-printer")
        report = hub.day_report(training=training)
        printing = print_sheet(report_sheet(report, hub.rules, language, training=training))
        try:
            outcome = printing.result(_PRINTED_WITHIN_S).outcome
        except TimeoutError:
            outcome = "unknown"
        if outcome in ("sent", "unknown"):
            raise Problem(HTTPStatus.CONFLICT, "report.not-known")
        if outcome != "printed":
            raise Problem(HTTPStatus.CONFLICT, "report.not-printed")

    return router


def _json(found: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(found), media_type="application/json", headers=_FRESH)
