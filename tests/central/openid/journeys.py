"""The way to a provider and back, step by step."""

from html import unescape

import httpx

SILENT, UNCONFIRMED, UNLINKED = "không trả lời", "chưa xác nhận", "chưa có tài khoản nào"


def answer_of(client: httpx.Client) -> str:
    """Leave for the provider; where its answer sends the browser."""
    left = client.get("/sign-in/openid")
    assert left.status_code == 303, left.text
    return httpx.get(left.headers["location"], timeout=30).headers["location"]


def come_back(client: httpx.Client) -> httpx.Response:
    """Leave for the provider and return with its answer."""
    return client.get(answer_of(client))


def expect_refused(found: httpx.Response, words: str, status: int = 403) -> None:
    """Nobody is in, the page says why, and a password would still do."""
    assert (found.status_code, words in unescape(found.text)) == (status, True), found.text
    assert "thutu_session" not in found.cookies
    assert 'name="password"' in found.text, "accounts of the centre still work"
