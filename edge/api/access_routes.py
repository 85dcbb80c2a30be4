"""How staff sign in, and how a browser keeps its device's token."""

from http import HTTPStatus

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from edge.access import Access, LockedOut
from edge.api.guard import COOKIE, token
from edge.api.problems import Problem

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


def access_routes(access: Access) -> APIRouter:
    """The routes of signing in and out."""
    router = APIRouter(tags=["access"])

    @router.post("/api/sessions")
    def sign_in(credentials: Credentials) -> SignedIn:
        """Open a staff session; after a few wrong PINs the name is locked for a while."""
        try:
            session = access.sign_in(credentials.staff, credentials.pin)
        except LockedOut as locked:
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                "api.locked-out",
                {"Retry-After": str(locked.seconds)},
                seconds=locked.seconds,
            ) from locked
        if session is None:
            raise Problem(HTTPStatus.UNAUTHORIZED, "api.wrong-pin")
        return SignedIn(token=session.token, staff=session.actor.id, role=session.actor.role)

    @router.delete("/api/sessions", status_code=HTTPStatus.NO_CONTENT)
    def sign_out(request: Request) -> None:
        """End the session of the token that was sent."""
        access.sign_out(token(request))

    @router.post("/api/browser", status_code=HTTPStatus.NO_CONTENT)
    def remember_device(device: DeviceToken, response: Response) -> None:
        """Let a browser keep a device token as a cookie."""
        if access.actor(device.token) is None:
            raise Problem(HTTPStatus.UNAUTHORIZED, "api.unknown-token")
        response.set_cookie(
            COOKIE, device.token, max_age=_COOKIE_KEPT_S, httponly=True, samesite="strict"
        )

    return router
