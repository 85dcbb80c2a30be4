"""Every operation of the API, as its own description lists them, asked by every role of every
scope about every province: who may, who may not, and that nobody reads a word of another place."""

import itertools
import re
from typing import Any

import httpx
import pytest

from central.access.permissions import PERMISSIONS, Permission
from central.scope import Scope
from tests.central.journal import DAY
from tests.central.nation import (
    OTHER_SITE,
    QUIET_SITE,
    SITE,
    UNREGISTERED_SITE,
    WHO,
    Nation,
)

NEEDS: dict[str, Permission | None] = {
    "/overview": Permission.FIGURES,
    "/provinces": Permission.FIGURES,
    "/provinces/{code}/sites": Permission.FIGURES,
    "/units": Permission.FIGURES,
    "/ranking": Permission.FIGURES,
    "/trends/{step}": Permission.FIGURES,
    "/ratings": Permission.FIGURES,
    "/exports/sites.{kind}": Permission.FIGURES,
    "/exports/days.{kind}": Permission.FIGURES,
    "/reports/{month}.pdf": Permission.FIGURES,
    "/restatements": Permission.FIGURES,
    "/live": Permission.FIGURES,
    "/sites/{site}/days/{day}": Permission.FIGURES,
    "/sites/{site}/throughput": Permission.FIGURES,
    "/sites/{site}/freshness": Permission.MACHINES,
    "/sites/{site}/devices": Permission.MACHINES,
    "/devices": Permission.MACHINES,
    "/nodes": Permission.MACHINES,
    "/differences": Permission.MACHINES,
    "/procedures": Permission.MACHINES,
    "/registry/provinces": Permission.MACHINES,
    "/registry/units": Permission.MACHINES,
    "/rollouts": Permission.MACHINES,
    "/rollouts/{rollout}/hubs": Permission.MACHINES,
    "/alerts": Permission.MACHINES,
    "/alerts/live": Permission.MACHINES,
    "/alerts/{alert}": Permission.MACHINES,
    "/sites/{site}/events": Permission.EVENTS,
    "/audit": Permission.AUDIT,
    "/sites/{site}/services/{service}/slots": Permission.APPOINTMENTS,
    "/sites/{site}/appointments": Permission.APPOINTMENTS,
    "/sites/{site}/appointments/{appointment}": Permission.APPOINTMENTS,
    "/health": None,
}
"""What each question needs; None is open to all. An operation missing here fails a test."""

DEEDS = {
    "/alerts/{alert}/acknowledge": Permission.ALERTS,
    "/alerts/{alert}/close": Permission.ALERTS,
}
"""What each deed needs."""

OF_SEVERAL = "/alerts/acknowledge"
"""Who may do what to which alerts by it is in `tests/central/test_acknowledging.py`."""

EDITING = "/procedures"
"""Who may put another catalogue into force is in `tests/central/catalogue/test_api.py`."""

BOOKING = "/sites/{site}/appointments"
"""Who may book, move and cancel there is in `tests/central/appointments/test_api.py`."""

WORDS = {
    SITE: (SITE, SITE[:8], "Hồng Hà"),
    QUIET_SITE: (QUIET_SITE, QUIET_SITE[:8], "Ba Đình"),
    UNREGISTERED_SITE: (UNREGISTERED_SITE, UNREGISTERED_SITE[:8], "Thanh Xuân"),
    OTHER_SITE: (OTHER_SITE, OTHER_SITE[:8], "Hải Châu", "Đà Nẵng", "Hải Vân"),
}
"""By what each site would be recognised."""


@pytest.fixture(scope="module")
def described(served: Nation) -> Any:
    with served.client("national") as client:
        return client.get("/api/v1/openapi.json").json()["paths"]


def scope_of(who: str) -> Scope:
    return Scope(*WHO[who][1:])


def foreign_words(who: str) -> list[str]:
    scope = scope_of(who)
    return [
        word for site, words in WORDS.items() if not scope.covers_unit(site[:8]) for word in words
    ]


def addresses(path: str, site: str) -> list[str]:
    """The operation asked about a site, its unit and its province, by path and by query."""
    values = {
        "code": site[:2],
        "site": site,
        "day": DAY,
        "step": "day",
        "kind": "csv",
        "month": DAY[:7],
        "alert": 1,
        "appointment": "HEN-0001",
        "rollout": 1,
        "service": "1",
    }
    narrowed = (
        "",
        f"?province={site[:2]}",
        f"?unit={site[:8]}",
        f"?site={site}",
        f"?of=units&when=now&province={site[:2]}&day={DAY}&from={DAY}&to={DAY}&scope={site[:2]}",
    )
    slow = path.endswith(".pdf")
    return [path.format(**values) + query for query in narrowed[: 1 if slow else None]]


def ask(client: httpx.Client, address: str) -> tuple[int, str]:
    """The status and the whole body as text; of a stream its first message."""
    with client.stream("GET", f"/api/v1{address}") as answer:
        if answer.headers["content-type"].startswith("text/event-stream"):
            return answer.status_code, next(answer.iter_text())
        return answer.status_code, answer.read().decode(errors="replace")


def test_every_operation_says_here_what_it_needs(described: Any) -> None:
    by_method = {
        method: {path.removeprefix("/api/v1") for path in described if method in described[path]}
        for method in {method for methods in described.values() for method in methods}
    }
    assert by_method == {
        "get": NEEDS.keys(),
        "post": {*DEEDS, OF_SEVERAL, BOOKING},
        "put": {f"{BOOKING}/{{appointment}}", EDITING},
        "delete": {f"{BOOKING}/{{appointment}}"},
    }


@pytest.mark.parametrize("who", [None, "wrong"])
def test_without_a_valid_token_there_is_nothing(served: Nation, who: str | None) -> None:
    with served.client(None) as client:
        client.headers.update({"Authorization": f"Bearer {who}"} if who else {})
        for path, need in NEEDS.items():
            status, body = ask(client, addresses(path, SITE)[0])
            assert status == (401 if need else 200), path
            assert not any(word in body for words in WORDS.values() for word in words)


@pytest.mark.parametrize("who", WHO)
def test_a_role_does_what_it_may_and_sees_its_own_scope_only(served: Nation, who: str) -> None:
    foreign = foreign_words(who)
    granted = PERMISSIONS[WHO[who][0]]
    with served.client(who) as client:
        for path, site in itertools.product(NEEDS, WORDS):
            need = NEEDS[path]
            if path.endswith(".pdf") and site in {QUIET_SITE, UNREGISTERED_SITE}:
                continue  # a report takes half a second, and Hà Nội's is asked for already
            for address in addresses(path, site):
                status, body = ask(client, address)
                if need and need not in granted:
                    assert status == 403, address
                elif not {"{site}", "{code}"} & set(re.findall(r"\{\w+\}", path)):
                    assert status in {200, 404}, address
                elif not may_ask(who, path, site):
                    assert status == 404, address
                elif "?" not in address:
                    # What may be booked is not known of a site without a configuration.
                    assert status == 200 or (status == 409 and path.endswith("/slots")), address
                shown = [word for word in foreign if word in body]
                assert shown == [], address


def may_ask(who: str, path: str, site: str) -> bool:
    """Whether the place in the path is within the scope."""
    scope = scope_of(who)
    if "{code}" in path:
        return scope.covers(site[:2])
    return "{site}" not in path or scope.covers_unit(site[:8])


@pytest.mark.parametrize("who", WHO)
def test_a_deed_needs_its_permission_and_an_alert_within_the_scope(
    served: Nation, who: str
) -> None:
    granted, foreign = PERMISSIONS[WHO[who][0]], foreign_words(who)
    with served.client("national") as client:
        alerts = client.get("/api/v1/alerts").json()["alerts"]
    assert {alert["site"] for alert in alerts} >= {SITE, OTHER_SITE}
    with served.client(who) as client:
        for path, alert in itertools.product(DEEDS, alerts):
            if path.endswith("close") and scope_of(who).covers_unit(alert["site"][:8]):
                continue  # the next who asks shall find it open
            address = f"/api/v1{path.format(alert=alert['alert'])}"
            answer = client.post(address, json={"note": "seen"})
            if DEEDS[path] not in granted:
                assert answer.status_code == 403
            elif not may_see(who, alert):
                assert answer.status_code == 404
            else:
                assert answer.status_code == 204
            assert not any(word in answer.text for word in foreign)


def may_see(who: str, alert: Any) -> bool:
    """Whether an alert is within the scope, and tells no figures to whom they are not shown."""
    sees_figures = Permission.FIGURES in PERMISSIONS[WHO[who][0]]
    in_scope = scope_of(who).covers_unit(alert["site"][:8])
    return in_scope and (sees_figures or alert["rule"] not in {"wait", "rating"})


def test_the_audit_log_names_people_and_is_for_the_whole_nation_only(served: Nation) -> None:
    for who in ("auditor", "operator", "auditor of danang", "operator of hanoi"):
        with served.client(who) as client:
            expected = 200 if scope_of(who) == Scope() else 404
            assert client.get("/api/v1/audit").status_code == expected


def test_a_province_sees_the_same_of_itself_as_the_nation_does(served: Nation) -> None:
    with served.client("danang") as mine, served.client("national") as theirs:
        for path, need in NEEDS.items():
            if need is not Permission.FIGURES or "{site}" not in path:
                continue
            for address in addresses(path, OTHER_SITE):
                assert ask(mine, address) == ask(theirs, address)
        provinces = mine.get("/api/v1/provinces").json()["provinces"]
        assert [part["code"] for part in provinces] == ["48"]
        whole = mine.get("/api/v1/overview").json()
        assert (whole["province"], whole["sites"]) == ("48", 1)


def test_a_unit_counts_its_own_sites_only(served: Nation) -> None:
    with served.client("hongha") as client:
        overview = client.get("/api/v1/overview").json()
        assert overview["sites"] == 1
        assert overview["figures"]["issued"] == served.days[SITE].issued
        (province,) = client.get("/api/v1/provinces").json()["provinces"]
        assert province["figures"]["issued"] == served.days[SITE].issued
        trend = client.get("/api/v1/trends/day").json()["points"]
        assert sum(point["figures"]["issued"] for point in trend) == served.days[SITE].issued
        ranked = client.get("/api/v1/ranking?of=provinces").json()["places"]
        assert [(place["sites"], place["waits"]["n"]) for place in ranked] == [
            (1, len(served.days[SITE].waits))
        ]


def test_who_may_see_nothing_here_can_leave(served: Nation) -> None:
    with httpx.Client(base_url=served.url, follow_redirects=True, timeout=30) as client:
        stuck = client.post("/sign-in", data={"token": served.tokens["booking"]})
        assert stuck.status_code == 403
        assert '<form method="post" action="/sign-out">' in stuck.text
        assert "Đăng xuất để dùng tài khoản khác" in stuck.text
        assert client.post("/sign-out").url.path == "/sign-in"
        assert client.get("/machines").url.path == "/sign-in"
