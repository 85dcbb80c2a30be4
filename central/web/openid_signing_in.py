"""Signing in through an OpenID Connect provider: leaving for it, and coming back.

Browsers leave by a link and not by a form, whose redirects our policy keeps on this server.
"""

import logging
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from central.access.openid.provider import ProviderError
from central.access.openid.sign_in import RETURN_PATH, NotConfirmedError, OpenIdSignIn
from central.api.entrance import Entrance
from central.api.parameters import address_of
from central.web.pages import Pages
from central.web.session_cookies import SessionCookies

logger = logging.getLogger(__name__)


def openid_router(
    entrance: Entrance, openid: OpenIdSignIn, pages: Pages, cookies: SessionCookies
) -> APIRouter:
    """The way to the provider and back. Whoever comes back with anything but a proof finds the
    sign-in page with a reason, and accounts with passwords still work there."""
    router = APIRouter(include_in_schema=False)

    @router.get("/sign-in/openid")
    async def leave(request: Request) -> Response:
        entrance.allow_departure(address_of(request))
        try:
            departure = await openid.departure()
        except ProviderError as error:
            return silent(request, error)
        response = RedirectResponse(departure.url, HTTPStatus.SEE_OTHER)
        cookies.remember_departure(response, departure.secret)
        return response

    @router.get(RETURN_PATH)
    async def come_back(request: Request) -> Response:
        address = address_of(request)
        entrance.allow_arrival(address)
        response = await arrive(request, address)
        cookies.forget_departure(response)
        return response

    async def arrive(request: Request, address: str) -> Response:
        secret = cookies.departure(request)
        try:
            arrival = await openid.arrival(secret, request.query_params)
        except ProviderError as error:
            return silent(request, error)
        except NotConfirmedError as error:
            logger.warning("a sign-in from %s is refused: %s", address, error)
            await run_in_threadpool(entrance.note_unconfirmed, address)
            return refused(request, "openid_not_confirmed")
        session = await run_in_threadpool(entrance.sign_in_person, arrival.person, address)
        if session is None:
            return refused(request, "openid_not_linked", subject=arrival.person.subject)
        response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        cookies.open(response, session)
        cookies.remember_id_token(response, arrival.id_token)
        return response

    def silent(request: Request, error: ProviderError) -> Response:
        logger.error("nobody can sign in through %s: %s", openid.name, error)
        return refused(request, "openid_silent", HTTPStatus.SERVICE_UNAVAILABLE)

    def refused(
        request: Request,
        fault: str,
        status: HTTPStatus = HTTPStatus.FORBIDDEN,
        subject: str | None = None,
    ) -> Response:
        return pages.render(
            request, "sign_in.html", status, fault=fault, provider=openid.name, subject=subject
        )

    return router
