"""The local API as a FastAPI application."""

from http import HTTPStatus
from pathlib import Path

import fontpkg_be_vietnam_pro
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

from edge.access import Access
from edge.api.access_routes import access_routes
from edge.api.body_limit import BodyLimit
from edge.api.browser_rules import BrowserRules
from edge.api.guard import Guard
from edge.api.openapi import describe
from edge.api.problems import Problem, failure, http_problem, problem
from edge.api.queue_routes import queue_routes
from edge.api.site_routes import site_routes
from edge.api.snapshots import Snapshots
from edge.hub import Hub
from edge.settings import Procedure

_MAX_BODY_BYTES = 16_384
_KIOSK = Path(__file__).with_name("kiosk")
_FONTS = fontpkg_be_vietnam_pro.ROOT / "files"


def create_app(
    hub: Hub, access: Access, procedures: tuple[Procedure, ...] = (), printer: str | None = None
) -> FastAPI:
    """The API of `hub` for those whom `access` knows, and the kiosk page.

    `printer` is the device that prints tickets, if the site has one.
    """
    app = FastAPI(
        title="Thứ Tự – hub",
        version=hub.identity.software,
        middleware=[Middleware(BrowserRules), Middleware(BodyLimit, limit=_MAX_BODY_BYTES)],
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    guard = Guard(access)
    app.include_router(queue_routes(hub, guard, Snapshots(hub)))
    app.include_router(site_routes(hub, guard, procedures, printer))
    app.include_router(access_routes(access))
    app.add_exception_handler(Problem, problem)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, http_problem)
    app.add_exception_handler(Exception, failure)

    @app.get("/", include_in_schema=False)
    async def kiosk() -> FileResponse:
        return FileResponse(_KIOSK / "index.html", headers={"Cache-Control": "no-cache"})

    app.mount("/kiosk/fonts", StaticFiles(directory=_FONTS))
    app.mount("/kiosk", StaticFiles(directory=_KIOSK))
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
