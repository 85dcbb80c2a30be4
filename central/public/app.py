"""The public's pages as an ASGI application: small, cacheable, without scripts or cookies."""

import hashlib
from collections import OrderedDict
from http import HTTPStatus
from typing import Annotated

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from central.access.limits import RateLimit, network_of
from central.api.again import unanswered
from central.public.board import KEPT_S, Board
from central.public.page import REFRESH_S, STYLE, refusal_page, ticket_page
from central.public.queue import SiteQueue
from central.store.database import Location
from central.store.protocol import StoreError
from contract.decoders import from_builtins
from contract.ids import Day, TicketNumber, whole
from runtime.clock import Clock
from runtime.wording import LANGUAGES

_MOST_PAGES = 20_000
_HTML = "text/html; charset=utf-8"


_Place = Annotated[str, msgspec.Meta(pattern=whole(r"[0-9]{2}-[0-9]{5}-[0-9]{2}(-h[1-9])?"))]


class _Asked(msgspec.Struct, frozen=True):
    """Which ticket: what the page's address says. `place` is the hub that gave it out, or its site,
    which says as much where there is one hub."""

    place: _Place
    day: Day
    number: TicketNumber


def create_public(
    database: Location, clock: Clock, *, live_within_s: int, requests_per_minute: int = 600
) -> Starlette:
    """`/t/{place}/{day}/{number}`, which a ticket's QR code opens: the place is a hub or a site.

    `requests_per_minute` is for one network address; carriers put many phones behind one.
    """
    pages = _Pages(Board(database, clock, live_within_s), RateLimit(requests_per_minute, clock))
    return Starlette(
        routes=[
            Route("/t/style.css", _style),
            Route("/t/{place}/{day}/{number}", pages.show),
        ]
    )


class _Pages:
    def __init__(self, board: Board, limit: RateLimit) -> None:
        self._board = board
        self._limit = limit
        self._made: OrderedDict[tuple[_Asked, str], tuple[SiteQueue, bytes, str]] = OrderedDict()

    async def show(self, request: Request) -> Response:
        language = request.query_params.get("lang", "vi")
        language = language if language in LANGUAGES else "vi"
        wait_s = self._limit.wait_s(network_of(request.client.host if request.client else ""))
        if wait_s:
            too_often = HTTPStatus.TOO_MANY_REQUESTS
            return _refusal("too_often", language, too_often, max(wait_s, REFRESH_S))
        try:
            asked = from_builtins(request.path_params, _Asked)
            queue = await self._board.queue(asked.place)
        except msgspec.ValidationError:
            queue = None
        except StoreError as error:
            unavailable = HTTPStatus.SERVICE_UNAVAILABLE
            refusal = _refusal("not_readable", language, unavailable, REFRESH_S)
            return unanswered(refusal, error)
        if queue is None:
            return _refusal("unknown_ticket", language, HTTPStatus.NOT_FOUND)
        body, etag = self._page(queue, asked, language)
        headers = {
            "etag": etag,
            "cache-control": f"public, max-age={KEPT_S}",
        }
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(body, media_type=_HTML, headers=headers)

    def _page(self, queue: SiteQueue, asked: _Asked, language: str) -> tuple[bytes, str]:
        made = self._made.get((asked, language))
        if made is None or made[0] is not queue:
            body = ticket_page(queue, asked.day, asked.number, language)
            made = queue, body, f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            self._made[asked, language] = made
            if len(self._made) > _MOST_PAGES:
                self._made.popitem(last=False)
        return made[1], made[2]


async def _style(_request: Request) -> Response:
    return Response(
        STYLE, media_type="text/css", headers={"cache-control": "public, max-age=86400"}
    )


def _refusal(key: str, language: str, status: HTTPStatus, again_s: int | None = None) -> Response:
    """What passes is asked for again by the browser itself: nobody sees their number meanwhile."""
    headers = {"cache-control": "no-store"}
    if again_s is not None:
        headers["retry-after"] = str(again_s)
    return Response(refusal_page(key, language, again_s), status, headers, _HTML)
