"""Asking an OpenID Connect provider: its discovery document, its keys, and for ID tokens."""

import asyncio
import ssl
from typing import TypeVar
from urllib.parse import quote_plus

import httpx
import msgspec
from msgspec import Struct

from central.access.openid.id_token import KeySet
from central.access.openid.settings import OpenIdSettings
from contract.decoders import from_json
from runtime.clock import Clock

_DISCOVERY = "/.well-known/openid-configuration"
_PATIENCE_S = 5.0
_MOST_BYTES = 256 * 1024
_KNOWN_FOR_NS = 300 * 1_000_000_000
_ASIS = {"Accept": "application/json", "Accept-Encoding": "identity"}

_T = TypeVar("_T")


class ProviderError(Exception):
    """The provider cannot be asked, or answers what nobody can use; the message is for the log."""


class CodeRefusedError(Exception):
    """The provider gives no ID token for this code; the message says why, for the log."""


class Metadata(Struct, frozen=True):
    """What the centre uses of a discovery document (OpenID Connect Discovery 1.0, 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class _Tokens(Struct):
    id_token: str


class _Refusal(Struct):
    error: str


class Provider:
    """Each answer is awaited for five seconds in all, and bounded; the discovery document is asked
    for again after five minutes, keys at every sign-in, so that new and withdrawn ones count at
    once. Raises OSError for a secret or certificates that cannot be read."""

    def __init__(self, settings: OpenIdSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._tls = ssl.create_default_context(cafile=settings.ca_file)
        secret = settings.secret_file
        self._secret = secret.read_text("utf-8").strip() if secret else None
        self._known: tuple[Metadata, int] | None = None

    async def metadata(self) -> Metadata:
        """Where everything is. Raises ProviderError."""
        now_ns = self._clock.stamp().mono_ns
        if self._known is not None and now_ns - self._known[1] < _KNOWN_FOR_NS:
            return self._known[0]
        url = self._settings.issuer.rstrip("/") + _DISCOVERY
        found = _decoded(await self._get(url), Metadata, url)
        if found.issuer != self._settings.issuer:
            raise ProviderError(f"{url} is of {found.issuer[:200]!r}")
        for address in (
            found.authorization_endpoint,
            found.token_endpoint,
            found.jwks_uri,
            found.end_session_endpoint,
        ):
            self._check(address)
        self._known = (found, now_ns)
        return found

    async def key_set(self) -> KeySet:
        """The JSON Web Key Set by which the provider signs now. Raises ProviderError."""
        url = (await self.metadata()).jwks_uri
        return _decoded(await self._get(url), KeySet, url)

    async def id_token(self, code: str, verifier: str, redirect_uri: str) -> str:
        """Exchange a code for an ID token. Raises CodeRefusedError and ProviderError."""
        metadata = await self.metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        auth = self._authenticate(form, metadata.token_endpoint_auth_methods_supported)
        status, body = await self._ask("POST", metadata.token_endpoint, form, auth)
        if status in (400, 401, 403):
            refusal = _decoded(body, _Refusal, metadata.token_endpoint)
            if refusal.error == "invalid_grant":
                raise CodeRefusedError("the provider knows no such code")
            raise ProviderError(f"{metadata.token_endpoint}: {refusal.error[:80]!r}")
        _expect_ok(status, metadata.token_endpoint)
        return _decoded(body, _Tokens, metadata.token_endpoint).id_token

    def _authenticate(
        self, form: dict[str, str], methods: tuple[str, ...]
    ) -> httpx.BasicAuth | None:
        """RFC 6749, 2.3.1: a name and a secret in the header where the provider takes that."""
        if self._secret is not None and "client_secret_basic" in methods:
            name = quote_plus(self._settings.client_id)
            return httpx.BasicAuth(name, quote_plus(self._secret))
        form["client_id"] = self._settings.client_id
        if self._secret is not None:
            form["client_secret"] = self._secret
        return None

    async def _get(self, url: str) -> bytes:
        status, body = await self._ask("GET", url)
        _expect_ok(status, url)
        return body

    async def _ask(
        self,
        method: str,
        url: str,
        form: dict[str, str] | None = None,
        auth: httpx.BasicAuth | None = None,
    ) -> tuple[int, bytes]:
        body = bytearray()
        try:
            async with (
                asyncio.timeout(_PATIENCE_S),
                httpx.AsyncClient(verify=self._tls, timeout=_PATIENCE_S) as client,
                client.stream(method, url, data=form, auth=auth, headers=_ASIS) as answer,
            ):
                async for part in answer.aiter_raw():
                    body += part
                    if len(body) > _MOST_BYTES:
                        raise ProviderError(f"{url} answers more than {_MOST_BYTES} bytes")
                return answer.status_code, bytes(body)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            raise ProviderError(f"{url}: {type(error).__name__} {error}") from error

    def _check(self, address: str | None) -> None:
        """A provider on this machine, for tests, may do without TLS; no other."""
        allowed = ("https://", "http://") if self._on_loopback() else ("https://",)
        if address is not None and (not address.startswith(allowed) or "#" in address):
            raise ProviderError(f"{address[:200]!r} in the discovery document is no safe address")

    def _on_loopback(self) -> bool:
        return self._settings.issuer.startswith("http://")


def _decoded(body: bytes, kind: type[_T], url: str) -> _T:
    try:
        return from_json(body, kind)
    except (msgspec.DecodeError, ValueError) as error:
        raise ProviderError(f"{url} answers what cannot be used: {error}") from error


def _expect_ok(status: int, url: str) -> None:
    if status != httpx.codes.OK:
        raise ProviderError(f"{url} answers {status}")
