"""Signing in and out."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from central.api.entrance import Entrance
from central.api.parameters import address_of
from central.api.turns import Turns
from central.web.forms import read_form
from central.web.openid_signing_in import openid_router
from central.web.pages import Pages
from central.web.session_cookies import SessionCookies

_AT_ONCE, _IN_LINE = 1, 15  # each takes 64 MiB, and a tenth of a second of every core
_AGAIN_S = 5


def signing_in_router(entrance: Entrance, pages: Pages, cookies: SessionCookies) -> APIRouter:
    """The sign-in page, which exchanges a name and a password, or a token, for a session, and
    leads to the OpenID provider where there is one; sign-out."""
    router = APIRouter(include_in_schema=False)
    turns = Turns(_AT_ONCE, _IN_LINE, _AGAIN_S)
    openid = entrance.openid
    provider = openid.name if openid else None
    if openid is not None:
        router.include_router(openid_router(entrance, openid, pages, cookies))

    @router.get("/sign-in")
    def sign_in_page(request: Request) -> Response:
        return pages.render(request, "sign_in.html", fault=None, provider=provider, subject=None)

    @router.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        given = await read_form(request)
        address = address_of(request)
        entrance.allow_sign_in(address)
        session = await turns.take(_open, entrance, given, address)
        if session is None:
            return pages.render(
                request,
                "sign_in.html",
                HTTPStatus.FORBIDDEN,
                fault="sign_in_failed",
                provider=provider,
                subject=None,
            )
        response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        cookies.open(response, session)
        return response

    @router.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        session = request.cookies.get(entrance.session_cookie, "")
        await entrance.sign_out(session, address_of(request))
        id_token = cookies.id_token(request)
        there = await openid.sign_out_url(id_token) if openid and id_token else None
        response: Response = RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
        if there is not None:
            response = pages.render(request, "signed_out.html", provider=provider, there=there)
        cookies.close(response)
        return response

    return router


def _open(entrance: Entrance, given: dict[str, str], address: str) -> str | None:
    if token := given.get("token"):
        return entrance.sign_in_with_token(token, address)
    return entrance.sign_in(given.get("name", ""), given.get("password", ""), address)
