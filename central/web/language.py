"""Choosing the language of the pages."""

from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from central.web.words import LANGUAGE_COOKIE
from runtime.wording import LANGUAGES

_YEAR_S = 365 * 86_400


def language_router(*, secure_cookies: bool) -> APIRouter:
    """The language switch, which leads back to where it was used."""
    router = APIRouter(include_in_schema=False)

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

    return router
