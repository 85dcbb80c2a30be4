"""What an open page costs a reader's line."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.browser import chromium
from tests.central.nation import Nation
from tests.central.signed_in_page import signed_in_page


@contextmanager
def reader(served: Nation) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, timeout=30) as client:
        client.post("/sign-in", data={"token": served.tokens["national"]})
        yield client


def test_pages_about_machines_and_months_do_not_follow_the_queues(served: Nation) -> None:
    with reader(served) as client:
        for page in ("/machines", "/differences", "/procedures", "/updates", "/trends", "/compare"):
            assert 'data-live="/api/v1/alerts/live"' in client.get(page).text, page


def test_a_large_page_travels_compressed(served: Nation) -> None:
    with reader(served) as client:
        plain = client.get("/", headers={"Accept-Encoding": "identity"})
        packed = client.get("/", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert packed.text == plain.text
    assert int(packed.headers["content-length"]) * 3 < len(plain.content)


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("br, GZIP ; q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, identity", False),
        ("x-gzip-2", False),
    ],
)
def test_who_does_not_read_gzip_gets_none(served: Nation, accepted: str, packed: bool) -> None:
    with reader(served) as client:
        found = client.get("/", headers={"Accept-Encoding": accepted})
    assert ("content-encoding" in found.headers) == packed


@pytest.mark.parametrize("file", ["admin.css", "admin.js", "icon.svg"])
def test_after_an_upgrade_no_browser_goes_on_with_an_older_script(
    served: Nation, file: str
) -> None:
    with httpx.Client(base_url=served.url, timeout=30) as client:
        first = client.get(f"/static/{file}")
        assert first.headers["cache-control"] == "private, no-cache"
        known = {"If-None-Match": first.headers["etag"]}
        again = client.get(f"/static/{file}", headers=known)
        assert (again.status_code, again.content) == (304, b"")
        font = client.get("/fonts/BeVietnamPro-Regular.ttf")
        assert font.headers["cache-control"] == "max-age=86400"


def test_changes_refresh_the_page_by_itself_but_not_again_and_again(served: Nation) -> None:
    with chromium() as browser, signed_in_page(served, browser, (1280, 800)) as page:
        page.route(
            "**/api/v1/live",
            lambda route: route.fulfill(
                content_type="text/event-stream",
                body='event: change\ndata: {"whole": false, "day": "2026-11-20", "sites": []}\n\n',
            ),
        )
        page.clock.install()
        with page.expect_response("**/api/v1/live"):
            page.goto(served.url + "/")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.clock.run_for(9_000)
        assert served.url + "/" not in asked
        with page.expect_request(served.url + "/") as waited:
            page.clock.run_for(4_000)
        assert waited.value.resource_type == "fetch"
