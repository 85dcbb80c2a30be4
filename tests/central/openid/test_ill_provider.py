"""What people read when their provider is broken, slow, dead or not itself."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from tests.central.openid.centre import PASSWORD, open_centre
from tests.central.openid.journeys import SILENT, answer_of, come_back, expect_refused
from tests.central.openid.providers import Answer, OwnProvider


async def garbage(_request: Request) -> Response:
    return PlainTextResponse("<html>nobody home", 502)


async def half(_request: Request) -> Response:
    return PlainTextResponse('{"issuer": 5}')


async def elsewhere(_request: Request) -> Response:
    return Response(status_code=307, headers={"Location": "https://evil.example/"})


async def huge(_request: Request) -> Response:
    return PlainTextResponse(" " * 1_000_000 + "{}")


async def slow(_request: Request) -> Response:
    async def drops() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b" "
            await asyncio.sleep(0.05)

    return StreamingResponse(drops())


@pytest.mark.parametrize(
    ("path", "how"),
    [
        *itertools.product(
            ["/.well-known/openid-configuration", "/token", "/jwks"],
            [garbage, half, elsewhere, huge],
        ),
        ("/token", slow),
    ],
)
def test_an_ill_provider_is_said_to_be_and_the_centres_accounts_still_work(
    provider: OwnProvider,
    client: httpx.Client,
    path: str,
    how: Answer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    provider.instead[path] = how
    is_asked_first = path.startswith("/.well-known")
    found = client.get("/sign-in/openid") if is_asked_first else come_back(client)
    expect_refused(found, SILENT, 503)
    assert f"{provider.issuer}{path}" in caplog.text
    assert client.post("/sign-in", data={"name": "An", "password": PASSWORD}).status_code == 303


def test_a_dead_provider_is_said_to_be_and_sign_out_needs_none(
    database: Path, tmp_path: Path
) -> None:
    mortal = OwnProvider()
    mortal.start()
    with open_centre(mortal.issuer, database, tmp_path) as centre, centre.browser() as client:
        come_back(client)
        answer = answer_of(client)
        mortal.stop()
        expect_refused(client.get(answer), SILENT, 503)
        centre.forget_provider()
        expect_refused(client.get("/sign-in/openid"), SILENT, 503)
        assert client.post("/sign-out").status_code == 303
        assert client.get("/").headers["location"] == "/sign-in"


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "file:///etc/passwd"},
        {"jwks_uri": None},
        {"end_session_endpoint": "javascript:alert(1)"},
    ],
)
def test_a_discovery_document_that_leads_astray_is_not_followed(
    provider: OwnProvider, client: httpx.Client, metadata: dict[str, object]
) -> None:
    provider.metadata.update(metadata)
    expect_refused(client.get("/sign-in/openid"), SILENT, 503)
