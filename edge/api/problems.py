"""Refusals and errors as `application/problem+json` (RFC 9457), in the caller's language."""

from http import HTTPStatus

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from contract.refusals import Reason, Refused
from runtime.wording import LANGUAGES, say

_STATUS = {
    Reason.NOT_ALLOWED: HTTPStatus.FORBIDDEN,
    Reason.NOT_YOUR_COUNTER: HTTPStatus.FORBIDDEN,
    Reason.KEY_REUSED: HTTPStatus.UNPROCESSABLE_ENTITY,
    Reason.NOT_STORED: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.ISSUING_TOO_FAST: HTTPStatus.TOO_MANY_REQUESTS,
}
_WORDS = {
    HTTPStatus.NOT_FOUND: "api.not-found",
    HTTPStatus.METHOD_NOT_ALLOWED: "api.wrong-method",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "api.too-large",
}


class Problem(Exception):  # noqa: N818 - an answer to the client, not an error of ours
    """Ends a request with `status` and the catalogue's words for `key`."""

    def __init__(
        self, status: HTTPStatus, key: str, headers: dict[str, str] | None = None, **detail: object
    ) -> None:
        super().__init__(key)
        self.status = status
        self.key = key
        self.headers = headers
        self.detail = detail


def language(request: Request) -> str:
    """The first of our languages that the caller accepts; Vietnamese if none."""
    wanted = request.headers.get("accept-language", "").split(",")
    primary = [tag.split(";")[0].strip().split("-")[0].lower() for tag in wanted]
    return next((tag for tag in primary if tag in LANGUAGES), LANGUAGES[0])


def refusal(request: Request, refused: Refused, headers: dict[str, str] | None = None) -> Response:
    """The answer to a command that was refused."""
    status = _STATUS.get(refused.reason, HTTPStatus.CONFLICT)
    words = say(f"refusal.{refused.reason}", language(request), **refused.detail)
    return _response(status, words, {"reason": refused.reason.value}, headers)


async def problem(request: Request, error: Exception) -> Response:
    """The answer to a request that ended with a Problem."""
    if not isinstance(error, Problem):
        raise error
    words = say(error.key, language(request), **error.detail)
    reason = error.key.partition(".")[2]
    return _response(error.status, words, {"reason": reason}, error.headers)


async def http_problem(request: Request, error: Exception) -> Response:
    """The answer to a request that the framework itself refused."""
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    key = _WORDS.get(status, "api.malformed")
    headers = dict(error.headers or {})
    return await problem(request, Problem(status, key, headers, what=error.detail))


async def not_stored(request: Request, _error: Exception) -> Response:
    """The answer to a request that met a disk that cannot be written or read."""
    return await problem(request, Problem(HTTPStatus.SERVICE_UNAVAILABLE, "refusal.not-stored"))


async def nobody_listens(_request: Request, _error: Exception) -> Response:
    """The answer to a request whose line broke before all of it was here."""
    return Response(status_code=HTTPStatus.BAD_REQUEST)


async def failure(request: Request, _error: Exception) -> Response:
    """The answer to a request that met an error of ours; the server logs the error itself."""
    return await problem(request, Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "api.failed"))


def _response(
    status: HTTPStatus, words: str, more: dict[str, str], headers: dict[str, str] | None = None
) -> Response:
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": words,
        **more,
    }
    return Response(
        msgspec.json.encode(body), int(status), headers, media_type="application/problem+json"
    )
