"""The application of the admins' pages."""

from http import HTTPStatus
from pathlib import Path

import fontpkg_be_vietnam_pro
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from central.alerts.people import AlertOverError
from central.api.again import unanswered
from central.api.entrance import Entrance, ForbiddenError, NotLetInError, TooOftenError
from central.api.methods import allow_header
from central.api.problems import detail_of, haste_of
from central.settings import FigureSettings
from central.store.protocol import StoreError
from central.web.alert_pages import alert_pages
from central.web.catalogue_pages import catalogue_pages
from central.web.language import language_router
from central.web.pages import Pages, figures_router
from central.web.period_pages import period_pages
from central.web.session_cookies import SessionCookies
from central.web.signing_in import signing_in_router
from central.web.update_pages import update_pages
from central.web.words import page_language
from runtime.wording import say

_STATIC = Path(__file__).parent / "static"
_SHOWN_AS: dict[type[Exception], HTTPStatus] = {
    AlertOverError: HTTPStatus.CONFLICT,
    RequestValidationError: HTTPStatus.NOT_FOUND,
    Exception: HTTPStatus.INTERNAL_SERVER_ERROR,
}
_FONTS = Path(fontpkg_be_vietnam_pro.ROOT) / "files"


def create_pages(entrance: Entrance, figures: FigureSettings | None = None) -> FastAPI:
    """The pages, their styles and fonts; everything they need is served from here. Waits above the
    target of `figures` are marked."""
    wait_target_s = (figures or FigureSettings()).wait_target_s
    app = FastAPI(openapi_url=None)
    pages = Pages(entrance)
    app.include_router(figures_router(entrance, pages, wait_target_s))
    app.include_router(period_pages(entrance, pages))
    app.include_router(alert_pages(entrance, pages))
    app.include_router(update_pages(entrance, pages))
    app.include_router(catalogue_pages(entrance, pages))
    app.include_router(signing_in_router(entrance, pages, SessionCookies(entrance)))
    app.include_router(language_router(secure_cookies=entrance.behind_https))
    app.mount("/static", StaticFiles(directory=_STATIC))
    app.mount("/fonts", StaticFiles(directory=_FONTS))
    _show_errors(app, pages)
    return app


def _show_errors(app: FastAPI, pages: Pages) -> None:
    """Answer every error of `app` as a page."""

    def show(request: Request, status: HTTPStatus) -> Response:
        detail = detail_of(status, page_language(request))
        return pages.render(request, "error.html", status, detail=detail, code=status.value)

    async def not_let_in(_request: Request, _error: Exception) -> Response:
        return RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)

    async def forbidden(request: Request, _error: Exception) -> Response:
        if request.url.path == "/":  # an operator's first page
            return RedirectResponse("/machines", HTTPStatus.SEE_OTHER)
        return show(request, HTTPStatus.FORBIDDEN)

    async def http_error(request: Request, error: Exception) -> Response:
        code = error.status_code if isinstance(error, HTTPException) else 500
        response = show(request, HTTPStatus(code))
        response.headers.update(allow_header(request, code))
        return response

    async def too_often(request: Request, error: Exception) -> Response:
        status = HTTPStatus.TOO_MANY_REQUESTS
        haste = haste_of(error)
        detail = say(haste.words, page_language(request))
        response = pages.render(request, "error.html", status, detail=detail, code=status.value)
        response.headers["Retry-After"] = str(haste.wait_s)
        return response

    async def store_failed(request: Request, error: Exception) -> Response:
        return unanswered(show(request, HTTPStatus.SERVICE_UNAVAILABLE), error)

    async def shown(request: Request, error: Exception) -> Response:
        status = next(status for kind, status in _SHOWN_AS.items() if isinstance(error, kind))
        return show(request, status)

    app.add_exception_handler(NotLetInError, not_let_in)
    app.add_exception_handler(TooOftenError, too_often)
    app.add_exception_handler(ForbiddenError, forbidden)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(StoreError, store_failed)
    for kind in _SHOWN_AS:
        app.add_exception_handler(kind, shown)
