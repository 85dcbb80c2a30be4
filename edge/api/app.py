"""The local API as a FastAPI application."""

from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from contract.procedures import Procedure
from edge.access import Access
from edge.api.access_routes import access_routes
from edge.api.body_limit import BodyLimit
from edge.api.browser_rules import BrowserRules
from edge.api.changes import Changes
from edge.api.guard import Guard
from edge.api.openapi import describe
from edge.api.pages import add_pages
from edge.api.problems import (
    Problem,
    failure,
    http_problem,
    nobody_listens,
    not_stored,
    problem,
)
from edge.api.queue_routes import queue_routes
from edge.api.release_routes import release_routes
from edge.api.report_routes import PrintSheet, report_routes
from edge.api.sign_in_queue import SignInQueue
from edge.api.site_routes import site_routes
from edge.api.slip_routes import slip_routes
from edge.api.slips import SlipsForPrinters
from edge.api.snapshots import Snapshots
from edge.api.ticket_routes import ticket_routes
from edge.hub import Hub
from edge.issue_rate import IssuePace, IssueRate
from edge.last_news import LastNews
from edge.site_machines import SiteMachines
from edge.site_release import SiteRelease
from edge.store.journal import StoreError
from edge.ticket.layout import Paper
from edge.ticket.template import TicketTemplate

_MAX_BODY_BYTES = 16_384
_PAPER = Paper()
_ISSUE_RATE = IssueRate()
_TEMPLATE = TicketTemplate()


def create_app(
    hub: Hub,
    access: Access,
    procedures: tuple[Procedure, ...] = (),
    printer: str | None = None,
    *,
    paper: Paper = _PAPER,
    template: TicketTemplate = _TEMPLATE,
    follow_url: str | None = None,
    issue_rate: IssueRate = _ISSUE_RATE,
    print_sheet: PrintSheet | None = None,
    news: LastNews | None = None,
    release: SiteRelease | None = None,
    machines: SiteMachines | None = None,
) -> FastAPI:
    """The API of `hub` for those whom `access` knows, and its pages.

    `printer` is the device that prints tickets, if the site has one, `paper` what they are
    printed on, `template` the site's own ticket, and `follow_url` what their QR code opens.
    `print_sheet` prints what is no ticket.
    `issue_rate` is how fast one device may give out numbers. `news` hears who speaks of devices.
    `release` is what other machines of the site may take from here, `machines` hears what they run.
    """
    app = FastAPI(
        title="Thứ Tự – hub",
        version=hub.identity.software,
        middleware=[Middleware(BrowserRules), Middleware(BodyLimit, limit=_MAX_BODY_BYTES)],
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    machines = machines or SiteMachines(access.clock)
    guard = Guard(access, machines)
    changes = Changes(hub)
    pace = IssuePace(issue_rate, access.clock)
    news = news or LastNews(access.clock)
    app.include_router(queue_routes(hub, guard, Snapshots(hub, changes), pace, news))
    slips = SlipsForPrinters(hub, changes, access.clock, follow_url)
    app.include_router(slip_routes(guard, slips))
    app.include_router(site_routes(hub, guard, procedures, printer))
    app.include_router(report_routes(hub, guard, print_sheet))
    app.include_router(ticket_routes(hub, guard, paper, template, follow_url))
    app.include_router(access_routes(access, SignInQueue(access.knows, access.clock)))
    if release is not None:
        app.include_router(release_routes(hub, guard, machines, release))
    app.add_exception_handler(Problem, problem)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, http_problem)
    app.add_exception_handler(StoreError, not_stored)
    app.add_exception_handler(ClientDisconnect, nobody_listens)
    app.add_exception_handler(Exception, failure)

    add_pages(app)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]  # FastAPI's documented way
    return app


async def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what it is registered for
    where = "; ".join(
        f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors()
    )
    return await problem(
        request, Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "api.malformed", what=where)
    )
