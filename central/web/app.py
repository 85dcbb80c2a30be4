"""The application of the admins' pages."""

import logging
from http import HTTPStatus
from pathlib import Path

import fontpkg_be_vietnam_pro
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from central.api.entrance import Entrance, NotLetInError
from central.api.problems import detail_of
from central.store.protocol import StoreError
from central.web.pages import Pages, figures_router
from central.web.signing_in import signing_in_router
from central.web.words import page_language

logger = logging.getLogger(__name__)

_STATIC = Path(__file__).parent / "static"
_FONTS = Path(fontpkg_be_vietnam_pro.ROOT) / "files"


def create_pages(entrance: Entrance, database: Path, *, secure_cookies: bool) -> FastAPI:
    """The pages, their styles and fonts; everything they need is served from here."""
    app = FastAPI(openapi_url=None)
    pages = Pages(entrance)
    app.include_router(figures_router(entrance, pages))
    app.include_router(signing_in_router(entrance, pages, database, secure_cookies=secure_cookies))
    app.mount("/static", StaticFiles(directory=_STATIC))
    app.mount("/fonts", StaticFiles(directory=_FONTS))

    def show(request: Request, status: HTTPStatus) -> Response:
        detail = detail_of(status, page_language(request))
        return pages.render(request, "error.html", status, detail=detail, code=status.value)

    async def not_let_in(_request: Request, _error: Exception) -> Response:
        return RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)

    async def http_error(request: Request, error: Exception) -> Response:
        code = error.status_code if isinstance(error, HTTPException) else 500
        return show(request, HTTPStatus(code))

    async def malformed(request: Request, _error: Exception) -> Response:
        return show(request, HTTPStatus.NOT_FOUND)

    async def store_failed(request: Request, error: Exception) -> Response:
        logger.error("a page could not be shown: %s", error)
        return show(request, HTTPStatus.SERVICE_UNAVAILABLE)

    async def failed(request: Request, _error: Exception) -> Response:
        return show(request, HTTPStatus.INTERNAL_SERVER_ERROR)

    app.add_exception_handler(NotLetInError, not_let_in)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(StoreError, store_failed)
    app.add_exception_handler(Exception, failed)
    return app
