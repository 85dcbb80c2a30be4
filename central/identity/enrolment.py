"""`POST /enrol/v1`: a node's first certificate, for a one-time token.

The body is a `CertificateRequest` and the answer a `Certificate`, both as on the wire; a refusal is
a problem (RFC 9457) with its reason.
"""

import logging
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from central.access.limits import RateLimit, network_of
from central.identity.desk import IdentityDesk
from central.identity.register import RegisterError
from central.identity.registrar import RequestRefused
from contract.codec import ContractError
from runtime.clock import Clock
from runtime.enrolment import ENROL_PATH
from runtime.wording import say

logger = logging.getLogger(__name__)

_MOST_BYTES = 16_384
_PER_MINUTE = 60


def create_enrolment(desk: IdentityDesk, clock: Clock) -> Starlette:
    """The application below `/enrol/`."""
    limit = RateLimit(_PER_MINUTE, clock)

    async def enrol(request: Request) -> Response:
        address = request.client.host if request.client else ""
        if wait_s := limit.wait_s(network_of(address)):
            return _problem(
                request, HTTPStatus.TOO_MANY_REQUESTS, "too-often", {"Retry-After": str(wait_s)}
            )
        body = await _bounded_body(request)
        if body is None:
            return _problem(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "bad-request")
        try:
            answer = await run_in_threadpool(desk.answer, body)
        except ContractError:
            return _problem(request, HTTPStatus.BAD_REQUEST, "bad-request")
        except RequestRefused as refused:
            logger.warning("no certificate for %s: %s", address, refused)
            return _problem(request, HTTPStatus.FORBIDDEN, refused.reason)
        except RegisterError as error:
            logger.warning("no certificate for %s: %s", address, error)
            return _problem(request, HTTPStatus.SERVICE_UNAVAILABLE, "not-stored")
        return Response(answer, media_type="application/msgpack")

    return Starlette(routes=[Route(ENROL_PATH, enrol, methods=["POST"])])


async def _bounded_body(request: Request) -> bytes | None:
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > _MOST_BYTES:
                return None
    except ClientDisconnect:
        return b""
    return body


def _problem(
    request: Request, status: HTTPStatus, reason: str, headers: dict[str, str] | None = None
) -> Response:
    language = "en" if request.headers.get("accept-language", "").startswith("en") else "vi"
    return JSONResponse(
        {
            "title": status.phrase,
            "status": status.value,
            "reason": reason,
            "detail": say(f"enrolment.{reason.replace('-', '_')}", language),
        },
        status.value,
        headers,
        media_type="application/problem+json",
    )
