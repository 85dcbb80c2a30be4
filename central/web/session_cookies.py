"""The cookies of sessions. Scripts cannot read them, and browsers do not send them with forms of
other sites."""

from fastapi import Request
from fastapi.responses import Response

from central.access.accounts import SESSION_S
from central.api.entrance import Entrance

_ID_TOKEN = "thutu_id_token"  # noqa: S105 - a cookie's name
_SIGN_OUT = "/sign-out"
_DEPARTURE = "thutu_departure"
_AWAY_S = 600
_LONGEST = 3_800


class SessionCookies:
    """Sets and reads them, as is right for who comes to this entrance."""

    def __init__(self, entrance: Entrance) -> None:
        self._session = entrance.session_cookie
        self._secure = entrance.behind_https
        # With this prefix browsers take a cookie from this very server only (RFC 6265bis, 4.1.3).
        self._departure = f"__Host-{_DEPARTURE}" if self._secure else _DEPARTURE

    def open(self, response: Response, session: str) -> None:
        """Hand out a session; the ID token of one before goes."""
        self._set(response, self._session, session, SESSION_S)
        response.delete_cookie(_ID_TOKEN, path=_SIGN_OUT)

    def close(self, response: Response) -> None:
        """Take back a session."""
        response.delete_cookie(self._session, secure=self._secure, httponly=True)
        response.delete_cookie(_ID_TOKEN, path=_SIGN_OUT)

    def remember_id_token(self, response: Response, id_token: str) -> None:
        """Keep an ID token in the browser alone, for signing out at the provider; one that is too
        long for a cookie is not kept."""
        if len(id_token) <= _LONGEST:
            self._set(response, _ID_TOKEN, id_token, SESSION_S, _SIGN_OUT)

    def id_token(self, request: Request) -> str | None:
        """The ID token of a session from a provider."""
        return request.cookies.get(_ID_TOKEN)

    def remember_departure(self, response: Response, secret: str) -> None:
        """Keep the secret of a sign-in until the browser is back."""
        self._set(response, self._departure, secret, _AWAY_S)

    def departure(self, request: Request) -> str:
        """The secret of a sign-in, or nothing."""
        return request.cookies.get(self._departure, "")

    def forget_departure(self, response: Response) -> None:
        """A secret serves once."""
        response.delete_cookie(self._departure, secure=self._secure, httponly=True)

    def _set(
        self, response: Response, name: str, value: str, max_age_s: int, path: str = "/"
    ) -> None:
        response.set_cookie(
            name,
            value,
            max_age=max_age_s,
            path=path,
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )
