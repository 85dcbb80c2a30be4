"""Signing in and out, and choosing the language."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from central.access.accounts import SESSION_S
from central.api.entrance import Entrance
from central.api.parameters import SESSION_COOKIE, address_of
from central.web.forms import read_form
from central.web.pages import Pages
from central.web.words import LANGUAGE_COOKIE
from runtime.wording import LANGUAGES

_YEAR_S = 365 * 86_400


def signing_in_router(entrance: Entrance, pages: Pages, *, secure_cookies: bool) -> APIRouter:
    """The sign-in page, which exchanges a name and a password, or a token, for a session;
    sign-out; the language switch.

    `secure_cookies` is for a centre behind HTTPS. Scripts cannot read the session's cookie, and
    browsers do not send it with forms of other sites.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/sign-in")
    def sign_in_page(request: Request) -> Response:
        return pages.render(request, "sign_in.html", failed=False)

    @router.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        given = await read_form(request)
        session = await run_in_threadpool(_open, given, address_of(request))
        if session is None:
            return pages.render(request, "sign_in.html", HTTPStatus.FORBIDDEN, failed=True)
        response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        response.set_cookie(
            SESSION_COOKIE,
            session,
            max_age=SESSION_S,
            secure=secure_cookies,
            httponly=True,
            samesite="lax",
        )
        return response

    @router.post("/sign-out")
    def sign_out(request: Request) -> Response:
        entrance.sign_out(request.cookies.get(SESSION_COOKIE, ""), address_of(request))
        response = RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
        response.delete_cookie(SESSION_COOKIE)
        return response

    @router.get("/language/{language}")
    def choose_language(language: str, back: str = "/") -> Response:
        if language not in LANGUAGES:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        here = back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"
        response = RedirectResponse(here, HTTPStatus.SEE_OTHER)
        response.set_cookie(
            LANGUAGE_COOKIE, language, max_age=_YEAR_S, secure=secure_cookies, samesite="lax"
        )
        return response

    def _open(given: dict[str, str], address: str) -> str | None:
        if token := given.get("token"):
            return entrance.sign_in_with_token(token, address)
        return entrance.sign_in(given.get("name", ""), given.get("password", ""), address)

    return router
