"""Errors in words, as problem details (RFC 9457)."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from central.alerts.people import AlertOverError
from central.api.again import unanswered
from central.api.appointment_models import BookingProblem
from central.api.entrance import ForbiddenError, NotLetInError, TooOftenError
from central.api.freshness import local_time
from central.api.methods import allow_header
from central.api.models import Problem
from central.appointments.book import BookingRefusedError
from central.catalogue.catalogue import CatalogueError
from central.store.protocol import StoreError
from runtime.wording import say

_WORDS = {
    HTTPStatus.UNAUTHORIZED: "admin.error_not_let_in",
    HTTPStatus.FORBIDDEN: "admin.error_forbidden",
    HTTPStatus.NOT_FOUND: "admin.error_not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "admin.error_method",
    HTTPStatus.CONFLICT: "alerts.error_over",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "admin.error_too_large",
    HTTPStatus.UNPROCESSABLE_ENTITY: "admin.error_malformed",
    HTTPStatus.TOO_MANY_REQUESTS: "admin.error_too_often",
    HTTPStatus.SERVICE_UNAVAILABLE: "admin.error_store",
}


class ProblemResponse(JSONResponse):
    """A problem with its own media type."""

    media_type = "application/problem+json"


def language_of(request: Request) -> str:
    """Vietnamese, unless whoever asks prefers English."""
    preferred = request.headers.get("accept-language", "").strip().lower()
    return "en" if preferred.startswith("en") else "vi"


def problem(
    request: Request,
    status: HTTPStatus,
    where: str = "",
    headers: dict[str, str] | None = None,
    *,
    words: str | None = None,
) -> ProblemResponse:
    """What happened, what was kept safe, and what to do, in the status's words or others; `where`
    names a malformed part."""
    language = language_of(request)
    detail = say(words, language) if words else detail_of(status, language, where)
    body = Problem(title=status.phrase, status=status.value, detail=detail)
    return ProblemResponse(body.model_dump(), status.value, headers)


def detail_of(status: HTTPStatus, language: str, where: str = "") -> str:
    """The words of an error."""
    return say(_WORDS.get(status, "admin.error_internal"), language, where=where)


def haste_of(error: Exception) -> TooOftenError:
    """The error as what its handler was registered for."""
    return error if isinstance(error, TooOftenError) else TooOftenError(1)


def say_problems(app: FastAPI) -> None:
    """Answer every error of `app` as a problem."""

    app.add_exception_handler(NotLetInError, _say_not_let_in)
    app.add_exception_handler(ForbiddenError, _say_forbidden)
    app.add_exception_handler(TooOftenError, _say_too_often)
    app.add_exception_handler(AlertOverError, _say_alert_over)
    app.add_exception_handler(BookingRefusedError, _say_booking_refused)
    app.add_exception_handler(CatalogueError, _say_catalogue_refused)
    app.add_exception_handler(StoreError, _say_store_failed)
    app.add_exception_handler(Exception, _say_failed)
    app.add_exception_handler(HTTPException, _say_http_error)
    app.add_exception_handler(RequestValidationError, _say_malformed)


async def _say_not_let_in(request: Request, _error: Exception) -> ProblemResponse:
    return problem(request, HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})


async def _say_forbidden(request: Request, _error: Exception) -> ProblemResponse:
    return problem(request, HTTPStatus.FORBIDDEN)


async def _say_alert_over(request: Request, _error: Exception) -> ProblemResponse:
    return problem(request, HTTPStatus.CONFLICT)


async def _say_booking_refused(request: Request, error: Exception) -> ProblemResponse:
    if not isinstance(error, BookingRefusedError):
        return problem(request, HTTPStatus.CONFLICT)
    conflict, language = HTTPStatus.CONFLICT, language_of(request)
    free = [local_time(ms) for ms in error.free_ms]
    shown = ", ".join(f"{slot:%H:%M %d/%m/%Y}" for slot in free) or say("booking.none", language)
    body = BookingProblem(
        type=f"urn:thutu:booking:{error.reason}",
        title=conflict.phrase,
        status=conflict.value,
        detail=say(f"booking.{error.reason}", language, free=shown, **error.detail),
        free_slots=free,
    )
    return ProblemResponse(body.model_dump(mode="json"), conflict.value)


async def _say_catalogue_refused(request: Request, error: Exception) -> ProblemResponse:
    conflict = HTTPStatus.CONFLICT
    words = error.words(language_of(request)) if isinstance(error, CatalogueError) else ""
    body = Problem(title=conflict.phrase, status=conflict.value, detail=words)
    return ProblemResponse(body.model_dump(), conflict.value)


async def _say_too_often(request: Request, error: Exception) -> ProblemResponse:
    haste = haste_of(error)
    headers = {"Retry-After": str(haste.wait_s)}
    return problem(request, HTTPStatus.TOO_MANY_REQUESTS, headers=headers, words=haste.words)


async def _say_store_failed(request: Request, error: Exception) -> Response:
    return unanswered(problem(request, HTTPStatus.SERVICE_UNAVAILABLE), error)


async def _say_failed(request: Request, _error: Exception) -> ProblemResponse:
    return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR)


async def _say_http_error(request: Request, error: Exception) -> ProblemResponse:
    code = error.status_code if isinstance(error, HTTPException) else 500
    if code == HTTPStatus.BAD_REQUEST:  # a body that cannot even be parsed
        return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, "body")
    return problem(request, HTTPStatus(code), headers=allow_header(request, code))


async def _say_malformed(request: Request, error: Exception) -> ProblemResponse:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    where = "; ".join(
        f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in faults[:5]
    )
    return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, where)
