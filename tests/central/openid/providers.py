"""Providers to sign in through: an independent one, and one that can lie and fall ill."""

import itertools
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote_plus, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from tests.central.openid.signatures import Claims, RsaSigner, base64

CLIENT_ID, SECRET = "thutu", "mật khẩu: 100% + &"
CODE_S = 300
_INDEPENDENT = """
from oidc_provider_mock import run_server_in_thread
with run_server_in_thread(require_nonce=True) as server:
    print(server.server_port, flush=True)
    input()
"""


@contextmanager
def independent_provider() -> Iterator[str]:
    """Run the provider of the package `oidc-provider-mock`, which is Authlib's, in a process of
    its own; yields its issuer. Whoever gives a name in its form is that."""
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", _INDEPENDENT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, "the provider did not start"
        try:
            yield f"http://localhost:{port}"
        finally:
            process.communicate("\n", timeout=10)


class _Code(NamedTuple):
    redirect_uri: str
    challenge: str
    nonce: str


Answer = Callable[[Request], Awaitable[Response]]


class OwnProvider:
    """Says to every browser that it is `subject`, unless a test changes what it says or does.

    `claims` replace those of its ID tokens (None leaves one out), `signer` signs them, `keys` are
    what it publishes, `metadata` replaces what its discovery document says, `instead` answers a
    path in its place.
    """

    def __init__(self) -> None:
        self.subject = ""
        self.claims: Claims = {}
        self.signer: Callable[[Claims], str]
        self.metadata: dict[str, Any] = {}
        self.instead: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.recover()
        self._codes: dict[str, _Code] = {}
        self._numbers = itertools.count()
        ways: dict[str, Answer] = {
            "/.well-known/openid-configuration": self._discovery,
            "/authorize": self._authorize,
            "/token": self._token,
            "/jwks": self._jwks,
        }
        routes = [
            Route(path, self._answering(path, way), methods=["GET", "POST"])
            for path, way in ways.items()
        ]
        self._server = HttpServer(Starlette(routes=routes), HttpAddress("127.0.0.1", 0))

    def recover(self) -> None:
        """Be honest and well."""
        self.subject = "an-1"
        for changed in (self.claims, self.metadata, self.instead, self.asked):
            changed.clear()
        self.use(RSA)

    def use(self, signer: RsaSigner) -> None:
        """Sign with another key, and publish that alone."""
        self.signer = signer.sign
        self.keys = [signer.jwk()]

    @property
    def issuer(self) -> str:
        """Its name and address."""
        return self._server.url

    def start(self) -> None:
        """Begin to answer."""
        self._server.start()

    def stop(self) -> None:
        """Fall silent: connections are refused."""
        self._server.stop()

    def _answering(self, path: str, way: Answer) -> Answer:
        async def answer(request: Request) -> Response:
            self.asked.append(path)
            return await self.instead.get(path, way)(request)

        return answer

    async def _discovery(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize?realm=tinh",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
            }
            | self.metadata
        )

    async def _authorize(self, request: Request) -> Response:
        asked = request.query_params
        assert asked["realm"] == "tinh"
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = f"code-{next(self._numbers)}"
        self._codes[code] = _Code(asked["redirect_uri"], asked["code_challenge"], asked["nonce"])
        answer = urlencode({"code": code, "state": asked["state"]})
        return RedirectResponse(f"{asked['redirect_uri']}?{answer}", 302)

    async def _token(self, request: Request) -> Response:
        given = {
            name: values[0] for name, values in parse_qs((await request.body()).decode()).items()
        }
        basic = b64decode(request.headers.get("authorization", "Basic Og==")[6:]).decode()
        name, secret = (unquote_plus(part) for part in basic.split(":"))
        if "client_secret_post" in self.metadata.get("token_endpoint_auth_methods_supported", []):
            name, secret = given.get("client_id", ""), given.get("client_secret", "")
        if (name, secret) != (CLIENT_ID, SECRET):
            return JSONResponse({"error": "invalid_client"}, 401)
        code = self._codes.pop(given["code"], None)
        challenge = base64(sha256(given["code_verifier"].encode()).digest())
        if code is None or (code.redirect_uri, code.challenge) != (
            given["redirect_uri"],
            challenge,
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now_s = time.time()
        said = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": CLIENT_ID,
            "exp": now_s + CODE_S,
            "iat": now_s,
            "nonce": code.nonce,
        } | self.claims
        said = {name: value for name, value in said.items() if value is not None}
        return JSONResponse({"token_type": "Bearer", "id_token": self.signer(said)})

    async def _jwks(self, _request: Request) -> Response:
        return JSONResponse({"keys": self.keys})


RSA = RsaSigner()
"""The key with which a provider begins."""
