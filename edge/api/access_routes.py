"""How staff sign in, and how a browser keeps its device's token."""

from http import HTTPStatus

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from edge.access import Access, LockedOut
from edge.api.guard import COOKIE, token
from edge.api.problems import Problem
from edge.api.sign_in_queue import Busy, SignInQueue

_COOKIE_KEPT_S = 400 * 86_400


class Credentials(BaseModel):
    """A staff pseudonym and its PIN."""

    model_config = ConfigDict(extra="forbid")
    staff: str = Field(max_length=64, examples=["nv01"])
    pin: str = Field(max_length=12, examples=["482915"])


class SignedIn(BaseModel):
    """A staff session; the token is shown only here."""

    token: str
    staff: str
    role: str


class DeviceToken(BaseModel):
    """A device's token, to be kept by its browser as a cookie that scripts cannot read."""

    model_config = ConfigDict(extra="forbid")
    token: str = Field(max_length=100)


def access_routes(access: Access, queue: SignInQueue) -> APIRouter:
    """The routes of signing in and out; who signs in waits in `queue`."""
    router = APIRouter(tags=["access"])

    @router.post("/api/sessions")
    def sign_in(credentials: Credentials, request: Request) -> SignedIn:
        """Open a staff session, which ends with the day.

        After a few wrong PINs the name is locked for a while. A crowd of sign-ins is answered 429
        at once, with `Retry-After`; so are many from one address where nobody known has been.
        """
        address = "" if request.client is None else request.client.host
        try:
            with queue.place(address):
                session = access.sign_in(credentials.staff, credentials.pin, address)
        except LockedOut as locked:
            raise _wait("api.locked-out", locked.seconds) from locked
        except Busy as busy:
            raise _wait("api.sign-in-busy", busy.seconds) from busy
        if session is None:
            raise Problem(HTTPStatus.UNAUTHORIZED, "api.wrong-pin")
        return SignedIn(token=session.token, staff=session.actor.id, role=session.actor.role)

    @router.delete("/api/sessions", status_code=HTTPStatus.NO_CONTENT)
    def sign_out(request: Request) -> None:
        """End the session of the token that was sent."""
        access.sign_out(token(request))

    @router.post("/api/browser", status_code=HTTPStatus.NO_CONTENT)
    def remember_device(device: DeviceToken, request: Request, response: Response) -> None:
        """Let a browser keep a device token as a cookie; a staff session is never kept."""
        if access.device(device.token) is None:
            raise Problem(HTTPStatus.UNAUTHORIZED, "api.unknown-token")
        response.set_cookie(
            COOKIE,
            device.token,
            max_age=_COOKIE_KEPT_S,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )

    return router


def _wait(key: str, seconds: int) -> Problem:
    headers = {"Retry-After": str(seconds)}
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, key, headers, seconds=seconds)
