"""No number and no day, however far out, makes a page or the API fail: every parameter of either is
asked with the ends of what can be written, and beyond."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from central.api.entrance import Entrance
from central.store import sqlite
from central.store.database import database_of
from central.web.alert_pages import alert_pages
from central.web.catalogue_pages import catalogue_pages
from central.web.pages import Pages, figures_router
from central.web.period_pages import period_pages
from central.web.update_pages import update_pages
from tests.central.journal import DAY
from tests.central.nation import SITE, Nation, StandingClock

NUMBERS = ("-1", "0", f"{2**31}", f"{2**53 + 1}", f"{2**63}", f"{10**20}", f"-{10**20}", "9" * 400)
DAYS = (
    *("0001-01-01", "1999-12-31", "2000-01-01", "2999-12-31", "3000-01-01", "9999-12-31"),
    *("10000-01-01", "2026-02-30", "0000-00-00", f"{10**20}", f"-{10**20}"),
)
USUAL = {
    "site": SITE,
    "day": DAY,
    "province": "01",
    "unit": "01-00097",
    "code": "01",
    "kind": "csv",
    "node": f"{SITE}-h1",
    "language": "vi",
    "appointment": "HEN-0001",
    "alert": "1",
    "rollout": "1",
    "service": "1",
    "step": "day",
}
ENDLESS_OR_SLOW = ("/live", ".pdf")
EXPECTED = {200, 201, 204, 303, 304, 307, 400, 403, 404, 405, 409, 422}


@pytest.fixture(scope="module")
def described(served: Nation, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What API and pages take, by path."""
    api = httpx.get(f"{served.url}/api/v1/openapi.json", timeout=30).json()["paths"]
    database = database_of(tmp_path_factory.mktemp("pages"))
    sqlite.open_for_writing(database).close()
    entrance = Entrance(database, StandingClock(), 180)
    pages = Pages(entrance)
    routers = [
        figures_router(entrance, pages, 1200),
        *(made(entrance, pages) for made in (period_pages, alert_pages, update_pages)),
        catalogue_pages(entrance, pages),
    ]
    routes = [route for router in routers for route in router.routes]
    for route in routes:
        assert isinstance(route, APIRoute)
        route.include_in_schema = True
    return {**api, **get_openapi(title="pages", version="1", routes=routes)["paths"]}


def questions(described: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Method and address, for each parameter that is a number or a day, and what is asked."""
    for path, operations in described.items():
        if path.endswith(ENDLESS_OR_SLOW):
            continue
        for method, operation in operations.items():
            for parameter in operation.get("parameters", ()):
                for extreme in extremes(parameter["schema"]):
                    name = parameter["name"]
                    in_path = {**USUAL, name: extreme} if parameter["in"] == "path" else USUAL
                    address = path.format_map({key: quote(one) for key, one in in_path.items()})
                    query = f"?{name}={quote(extreme)}" if parameter["in"] == "query" else ""
                    yield method.upper(), address + query, f"{method} {path} {name}"


def extremes(schema: dict[str, Any]) -> tuple[str, ...]:
    for one in schema.get("anyOf", [schema]):
        if one.get("type") == "integer":
            return NUMBERS
        if one.get("format") == "date":
            return DAYS
    return ()


@pytest.mark.parametrize("who", ["national", "auditor", "operator", "booking"])
def test_the_ends_of_what_can_be_written_break_nothing(
    served: Nation, described: dict[str, Any], who: str
) -> None:
    asked = set()
    with served.client(who) as client:
        client.post("/sign-in", data={"token": served.tokens[who]})
        for method, address, what in questions(described):
            found = client.request(method, address, json={} if method != "GET" else None)
            assert found.status_code in EXPECTED, f"{method} {address}: {found.status_code}"
            asked.add(what)
    for what in (
        "get /alerts/{alert} alert",
        "post /alerts/{alert}/close alert",
        "get /sites/{site}/days/{day} day",
        "get / day",
        "get /api/v1/sites/{site}/days/{day} day",
        "get /api/v1/audit after",
        "get /api/v1/alerts offset",
    ):
        assert what in asked


def test_days_beyond_reason_are_not_found_and_not_guessed(served: Nation) -> None:
    with served.client("national") as client:
        client.post("/sign-in", data={"token": served.tokens["national"]})
        for day in ("0001-01-01", "9999-12-31"):
            assert client.get(f"/sites/{SITE}/days/{day}").status_code == 404
        assert client.get(f"/alerts/{10**20}").status_code == 404


@pytest.mark.parametrize(
    "path", ["/", "/sign-in", f"/sites/{SITE}/days/{DAY}", "/static/style.css", "/api/v1/overview"]
)
def test_head_is_answered_as_get_without_its_body(served: Nation, path: str) -> None:
    with served.client("national") as client:
        client.post("/sign-in", data={"token": served.tokens["national"]})
        whole, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (whole.status_code, b"")
        for name in ("content-type", "content-length", "etag", "x-content-type-options"):
            assert head.headers.get(name) == whole.headers.get(name)


def test_head_of_an_endless_answer_ends(served: Nation) -> None:
    with served.client("national") as client:
        for _ in range(20):
            head = client.head("/api/v1/live", timeout=10)
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["content-type"].startswith("text/event-stream")
        assert client.head("/api/v1/nothing").status_code == 404


def test_head_is_no_way_in(served: Nation) -> None:
    assert httpx.head(f"{served.url}/api/v1/overview", timeout=30).status_code == 401
    assert httpx.head(f"{served.url}/", timeout=30).status_code == 303
    with served.client("hanoi") as client:
        assert client.head("/api/v1/sites/48-20194-01/freshness").status_code == 404
