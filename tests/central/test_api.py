"""The API over HTTP: the figures, who may see them, and errors in words."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.central.journal import DAY, OTHER_NODE
from tests.central.nation import (
    NOW_MS,
    OTHER_SITE,
    QUIET_SITE,
    SITE,
    UNREGISTERED_SITE,
    Nation,
    answer,
    exact,
)

NOW_UNKNOWN = {
    "waiting": None,
    "longest_wait_ms": None,
    "counters_open": None,
    "counters_paused": None,
    "unattended": None,
}


def is_simple(schema: Any) -> bool:
    """Whether it is text or a number whose look its type does not tell."""
    kinds = {part.get("type") for part in schema.get("anyOf", [schema])}
    return bool(kinds & {"string", "integer", "number"})


# --- figures ----------------------------------------------------------------------------------


def test_a_sites_day_agrees_with_its_journal(served: Nation, national: httpx.Client) -> None:
    made = served.days[SITE]
    day = answer(national, f"/sites/{SITE}/days/{DAY}")
    figures = day["site"]["figures"]
    assert (figures["issued"], figures["finished"]) == (made.issued, made.finished)
    assert figures["wait"]["n"] == len(made.waits)
    assert figures["wait"]["mean_ms"] == sum(made.waits) // len(made.waits)
    for name, values in (("wait", made.waits), ("service", made.services)):
        for q in (50, 90):
            expected = exact(values, q / 100)
            assert abs(figures[name][f"p{q}_ms"] - expected) <= 0.015 * expected
    assert day["ratings"]["answers"] == made.ratings
    assert sum(service["figures"]["issued"] for service in day["services"]) == made.issued
    assert sum(counter["finished"] for counter in day["counters"]) == made.finished
    assert sum(counter["service_ms"] for counter in day["counters"]) == sum(made.services)
    assert sum(quarter["issued"] for quarter in day["quarters"]) == made.issued
    assert day["services"][0]["name"] == "Hộ tịch"


def test_the_overview_adds_up(served: Nation, national: httpx.Client) -> None:
    whole = answer(national, "/overview")
    assert whole["day"] == DAY
    assert (whole["sites"], whole["reporting"], whole["unregistered"]) == (4, 3, 1)
    assert whole["figures"]["issued"] < sum(made.issued for made in served.days.values())
    parts = answer(national, "/provinces")["provinces"]
    assert len(parts) == 34
    for name in ("issued", "finished", "no_shows", "visits"):
        assert sum(part["figures"][name] for part in parts) == whole["figures"][name]
    assert sum(part["sites"] for part in parts) == 4


def test_sites_are_ranked_and_those_without_a_figure_come_last(national: httpx.Client) -> None:
    for rank, figure in (("p50", "p50_ms"), ("p90", "p90_ms")):
        ranked = answer(national, f"/provinces/01/sites?rank={rank}")["sites"]
        waits = [site["figures"]["wait"][figure] for site in ranked]
        assert waits[-1] is None
        assert waits[:-1] == sorted(waits[:-1], reverse=True)
    now = answer(national, "/provinces/01/sites?rank=waiting")["sites"]
    assert [site["site"] for site in now] == [SITE, QUIET_SITE, UNREGISTERED_SITE]


def test_another_day_has_figures_of_its_own_and_nobody_waiting_now(national: httpx.Client) -> None:
    before = answer(national, "/overview?day=2026-11-19")
    assert before["figures"]["issued"] == 0
    assert before["now"] == NOW_UNKNOWN


def test_nobody_is_said_to_wait_where_nothing_is_heard(national: httpx.Client) -> None:
    sites = {
        site["site"]: site
        for code in ("01", "48")
        for site in answer(national, f"/provinces/{code}/sites")["sites"]
    }
    states = {site: found["freshness"]["state"] for site, found in sites.items()}
    assert states == {
        SITE: "live",
        OTHER_SITE: "delayed",
        UNREGISTERED_SITE: "offline",
        QUIET_SITE: "never",
    }
    assert sites[SITE]["now"]["waiting"] == 4
    for site in (OTHER_SITE, UNREGISTERED_SITE, QUIET_SITE):
        assert sites[site]["now"] == NOW_UNKNOWN
    assert answer(national, "/overview")["now"]["waiting"] == 4


def test_freshness_says_what_is_missing_and_up_to_when(
    served: Nation, national: httpx.Client
) -> None:
    live = answer(national, f"/sites/{SITE}/freshness")
    assert live["freshness"] == {
        "state": "live",
        "complete_up_to": "2026-11-20T10:41:55+07:00",
        "missing": 0,
    }
    assert live["shares"] == {"right": 1.0, "complete": 1.0, "clean": 1.0, "alive": 1.0}
    assert live["received"] == len(served.days[SITE].journal.rows)
    behind = answer(national, f"/sites/{OTHER_SITE}/freshness")
    epoch = served.days[OTHER_SITE].journal.epoch
    assert behind["missing"] == [
        {"node": OTHER_NODE, "epoch": epoch, "first": 101, "last": 105, "written_off": None}
    ]
    assert behind["freshness"]["missing"] == 5
    folded = served.days[OTHER_SITE].journal.entries[99].stamp.wall_ms
    assert behind["freshness"]["complete_up_to"] < "2026-11-20T10:41"
    assert folded < NOW_MS


def test_few_answers_are_hidden(served: Nation, national: httpx.Client) -> None:
    assert served.days[UNREGISTERED_SITE].ratings < 5
    day = answer(national, f"/sites/{UNREGISTERED_SITE}/days/{DAY}")
    assert day["ratings"] == {"answers": None, "response_rate": None}
    assert {level["answers"] for level in day["levels"]} <= {None}
    shown = answer(national, f"/sites/{SITE}/days/{DAY}")["levels"]
    assert [level["level"] for level in shown] == [4, 3, 2, 1]
    assert all(level["answers"] is None or level["answers"] >= 5 for level in shown)


# --- errors and form --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/provinces/00/sites", 404),
        ("/provinces/1/sites", 422),
        ("/sites/01-00001-01/freshness", 404),
        ("/sites/x/freshness", 422),
        (f"/sites/{SITE}/days/2026-13-01", 422),
        ("/provinces/01/sites?rank=best", 422),
        ("/overview?day=yesterday", 422),
        ("/nothing", 404),
    ],
)
def test_errors_are_problems_in_the_readers_language(
    national: httpx.Client, path: str, status: int
) -> None:
    for language, word in (("vi", "Hãy"), ("en", "lease")):
        found = national.get(f"/api/v1{path}", headers={"Accept-Language": language})
        assert found.status_code == status
        assert found.headers["content-type"] == "application/problem+json"
        problem = found.json()
        assert (problem["status"], problem["type"]) == (status, "about:blank")
        assert word in problem["detail"]


def test_only_reading_is_possible(national: httpx.Client) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        found = national.request(method, "/api/v1/overview")
        assert found.status_code == 405
        assert found.headers["allow"] == "GET, HEAD"
        assert found.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/v1/procedures", "GET, HEAD, PUT"),
        ("PATCH", f"/api/v1/sites/{SITE}/appointments/HEN-0001", "GET, HEAD, PUT, DELETE"),
        ("GET", "/api/v1/alerts/1/close", "POST"),
        ("PUT", "/sign-in", "GET, HEAD, POST"),
        ("POST", "/static/admin.css", "GET, HEAD"),
    ],
)
def test_who_uses_a_wrong_method_is_told_the_right_ones(
    national: httpx.Client, method: str, path: str, allowed: str
) -> None:
    refused = national.request(method, path)
    assert (refused.status_code, refused.headers["allow"]) == (405, allowed)


def test_the_description_knows_how_every_operation_fails(national: httpx.Client) -> None:
    paths = answer(national, "/openapi.json")["paths"]
    for path, methods in paths.items():
        for operation in methods.values():
            assert {"405", "503"} <= operation["responses"].keys(), path
    health = paths["/api/v1/health"]["get"]["responses"]
    assert health["503"]["content"] == health["200"]["content"]


def test_the_description_is_whole(national: httpx.Client) -> None:
    described = answer(national, "/openapi.json")
    for path, methods in described["paths"].items():
        for operation in methods.values():
            for parameter in operation.get("parameters", []):
                named = "$ref" in parameter["schema"] or "enum" in parameter["schema"]
                assert named or "examples" in parameter["schema"], (path, parameter["name"])
            assert operation["summary"], path
            assert operation["description"], path
            assert operation["tags"], path
    for name, schema in described["components"]["schemas"].items():
        if name in {"HTTPValidationError", "ValidationError"}:
            continue
        assert schema["description"], name
        for field, kind in schema.get("properties", {}).items():
            if field not in {"status", "title", "detail", "type"}:
                assert "examples" in kind or not is_simple(kind), f"{name}.{field} has no example"


def test_browsers_are_told_to_be_careful(national: httpx.Client) -> None:
    for path in ("/api/v1/overview", "/sign-in"):
        headers = national.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert headers["x-content-type-options"] == "nosniff"
        kept = "private, no-cache" if "etag" in headers else "no-store"
        assert headers["cache-control"] == kept


def test_many_may_ask_at_once(served: Nation) -> None:
    paths = ["/overview", "/provinces", "/provinces/01/sites", f"/sites/{SITE}/days/{DAY}"] * 8

    def ask(path: str) -> int:
        with served.client("national") as client:
            return client.get(f"/api/v1{path}").status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, paths)) == {200}


def test_health_needs_no_token(served: Nation) -> None:
    with served.client(None) as client:
        assert client.get("/api/v1/health").json() == {"healthy": True, "refused_files": 0}
