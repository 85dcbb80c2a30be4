"""The authorization code flow (OpenID Connect Core 1.0, 3.1) with PKCE (RFC 7636).

What has to be remembered between leaving for the provider and coming back is one secret in a
cookie of the browser: state, nonce and PKCE's verifier all follow from it. So the server keeps
nothing that strangers could fill, and an answer is good in the browser that asked and nowhere else.
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import urlencode

from central.access.openid.id_token import Expected, IdTokenError, Person, person_of
from central.access.openid.provider import CodeRefusedError, Provider, ProviderError
from central.access.openid.settings import OpenIdSettings
from runtime.clock import Clock

RETURN_PATH = "/sign-in/openid/return"
_AFTER_PATH = "/sign-in"


class NotConfirmedError(Exception):
    """The provider has not confirmed who this is; the message says why, for the log."""


class Departure(NamedTuple):
    """Where to send a browser, and the secret that it brings back."""

    url: str
    secret: str


class Arrival(NamedTuple):
    """Who came back, and the ID token by which they can sign out there."""

    person: Person
    id_token: str


class OpenIdSignIn:
    """Sends browsers to the provider, and judges what they bring back. Raises OSError for a secret
    or certificates that cannot be read."""

    def __init__(self, settings: OpenIdSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._provider = Provider(settings, clock)

    @property
    def name(self) -> str:
        """What people call the provider."""
        return self._settings.name

    async def departure(self) -> Departure:
        """Begin a sign-in. Raises ProviderError."""
        metadata = await self._provider.metadata()
        secret = secrets.token_urlsafe(32)
        challenge = sha256(_derived(secret, "verifier").encode()).digest()
        question = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._settings.centre_url + RETURN_PATH,
            "scope": "openid email" if self._settings.ask_email else "openid",
            "state": _derived(secret, "state"),
            "nonce": _derived(secret, "nonce"),
            "code_challenge": _base64(challenge),
            "code_challenge_method": "S256",
        }
        return Departure(_with_query(metadata.authorization_endpoint, question), secret)

    async def arrival(self, secret: str, answer: Mapping[str, str]) -> Arrival:
        """Who a browser with this secret is, by the provider's answer, the query of its return.

        Raises NotConfirmedError for anything but a proof, and ProviderError.
        """
        if not secret or not _equal(answer.get("state", ""), _derived(secret, "state")):
            raise NotConfirmedError("this browser has not asked for it")
        metadata = await self._provider.metadata()
        issuer = self._settings.issuer
        needs_issuer = metadata.authorization_response_iss_parameter_supported
        if answer.get("iss", None if needs_issuer else issuer) != issuer:
            raise NotConfirmedError("answered by another issuer (RFC 9207)")
        code = answer.get("code")
        if not code:
            raise NotConfirmedError(f"the provider says {answer.get('error', '')[:80]!r}")
        expected = Expected(issuer, self._settings.client_id, _derived(secret, "nonce"))
        try:
            id_token = await self._provider.id_token(
                code, _derived(secret, "verifier"), self._settings.centre_url + RETURN_PATH
            )
            keys = await self._provider.key_set()
            now_s = self._clock.stamp().wall_ms / 1000
            return Arrival(person_of(id_token, keys, expected, now_s), id_token)
        except (IdTokenError, CodeRefusedError) as error:
            raise NotConfirmedError(str(error)) from error

    async def sign_out_url(self, id_token: str) -> str | None:
        """Where a browser ends its session at the provider as well (RP-Initiated Logout 1.0), or
        None where there is no such place or nobody answers."""
        try:
            metadata = await self._provider.metadata()
        except ProviderError:
            return None
        question = {
            "id_token_hint": id_token,
            "client_id": self._settings.client_id,
            "post_logout_redirect_uri": self._settings.centre_url + _AFTER_PATH,
        }
        place = metadata.end_session_endpoint
        return _with_query(place, question) if place else None


def _derived(secret: str, purpose: str) -> str:
    return _base64(hmac.digest(secret.encode(), purpose.encode(), sha256))


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="surrogatepass"), expected.encode())


def _with_query(address: str, question: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(question)}"
