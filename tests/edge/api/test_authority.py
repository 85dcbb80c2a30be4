import httpx
import pytest

from contract.commands import Actor
from tests.edge.api.orders import order
from tests.edge.running_site import KIOSK, RunningSite

PROTECTED = [
    "/api/log",
    "/api/report",
    "/api/report.csv",
    "/api/slips",
    "/api/snapshot",
    "/api/stream",
    "/api/catalogue",
    "/api/me",
    "/api/ticket-preview.png",
]


@pytest.mark.parametrize("token", ["", "nonsense", "ü" * 20, "x" * 5000])
def test_nobody_unknown_comes_in(site: RunningSite, token: str) -> None:
    headers = [(b"Authorization", b"Bearer " + token.encode("latin-1"))] if token else []
    with httpx.Client(base_url=site.url, headers=headers, trust_env=False, timeout=30) as stranger:
        for path in PROTECTED:
            refused = stranger.get(path)
            assert (refused.status_code, refused.json()["reason"]) == (401, "unknown-token")
        assert order(stranger, "IssueTicket", services=["1"]).status_code == 401
    assert not site.hub.house.live.tickets


def test_other_schemes_do_not_count(site: RunningSite) -> None:
    token = site.access.add_device(KIOSK)
    refused = httpx.get(
        f"{site.url}/api/snapshot",
        headers={"Authorization": f"Basic {token}"},
        trust_env=False,
        timeout=30,
    )
    assert refused.status_code == 401


def test_a_role_may_only_do_its_own(kiosk: httpx.Client, pad: httpx.Client) -> None:
    for client, type_, fields in (
        (kiosk, "CallNext", {"counter": "1"}),
        (kiosk, "Rate", {"counter": "1", "level": 4}),
        (kiosk, "ReportDevice", {"device": "printer-1", "state": "ready"}),
        (pad, "IssueTicket", {"services": ["1"]}),
    ):
        refused = order(client, type_, **fields)
        assert (refused.status_code, refused.json()["reason"]) == (403, "not-allowed")


def test_a_pad_belongs_to_one_counter(pad: httpx.Client) -> None:
    refused = order(pad, "Rate", counter="2", level=4)
    assert (refused.status_code, refused.json()["reason"]) == (403, "not-your-counter")


def test_a_keypad_calls_recalls_and_marks_absent_at_its_own_counter_and_does_nothing_else(
    site: RunningSite, clerk: httpx.Client, kiosk: httpx.Client
) -> None:
    token = site.access.add_device(Actor("keypad-1", "keypad", counter="1"))
    assert order(clerk, "SignIn", counter="1").status_code == 200
    assert order(clerk, "OpenCounter", counter="1").status_code == 200
    assert order(kiosk, "IssueTicket", services=["1"]).status_code == 200
    with site.client(token) as keypad:
        assert order(keypad, "CallNext", counter="1").json()["called"] == "1001"
        assert order(keypad, "Recall", counter="1").status_code == 200
        elsewhere = order(keypad, "CallNext", counter="2")
        assert (elsewhere.status_code, elsewhere.json()["reason"]) == (403, "not-your-counter")
        for type_, fields in (
            ("VoidTicket", {"number": "1001", "reason": "x"}),
            ("OpenDay", {"day": "2026-11-24"}),
            ("IssueTicket", {"services": ["1"]}),
        ):
            refused = order(keypad, type_, **fields)
            assert (refused.status_code, refused.json()["reason"]) == (403, "not-allowed")
        assert order(keypad, "MarkNoShow", counter="1").status_code == 200


def test_only_a_printer_follows_slips(
    kiosk: httpx.Client, clerk: httpx.Client, pad: httpx.Client
) -> None:
    for client in (kiosk, clerk, pad):
        refused = client.get("/api/slips")
        assert (refused.status_code, refused.json()["reason"]) == (403, "not-allowed")


def test_a_display_may_look_but_not_touch(site: RunningSite) -> None:
    with site.client(site.access.add_device(Actor("hall-1", "display"))) as display:
        assert display.get("/api/snapshot").status_code == 200
        assert order(display, "IssueTicket", services=["1"]).status_code == 403


def test_a_removed_device_is_out_at_once(site: RunningSite, kiosk: httpx.Client) -> None:
    assert kiosk.get("/api/snapshot").status_code == 200
    site.access.remove_device("kiosk-1")
    assert kiosk.get("/api/snapshot").status_code == 401


def test_a_browser_keeps_its_token_as_a_cookie(site: RunningSite) -> None:
    token = site.access.add_device(KIOSK)
    with httpx.Client(base_url=site.url, trust_env=False, timeout=30) as browser:
        stored = browser.post("/api/browser", json={"token": token})
        assert stored.status_code == 204
        for rule in ("HttpOnly", "SameSite=strict", "Path=/"):
            assert rule in stored.headers["set-cookie"]
        assert browser.get("/api/snapshot").status_code == 200
        assert order(browser, "IssueTicket", services=["1"]).json()["number"] == "1001"


def test_an_unknown_token_makes_no_cookie(site: RunningSite) -> None:
    with httpx.Client(base_url=site.url, trust_env=False, timeout=30) as browser:
        refused = browser.post("/api/browser", json={"token": "guess"})
        assert refused.status_code == 401
        assert "set-cookie" not in refused.headers
        assert browser.post("/api/browser", json={"token": "x" * 101}).status_code == 422


def test_the_page_may_only_speak_to_its_hub(site: RunningSite) -> None:
    font = "/page/fonts/BeVietnamPro-Bold.ttf"
    for path in (
        "/",
        "/kiosk/kiosk.js",
        "/pad",
        "/pad/pad.js",
        "/page/hub.js",
        font,
        "/api/health",
    ):
        answer = httpx.get(f"{site.url}{path}", trust_env=False, timeout=30)
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_static_files_end_at_their_folder(site: RunningSite) -> None:
    for path in ("/kiosk/../app.py", "/kiosk/%2e%2e/app.py", "/page/fonts/../../settings.py"):
        assert httpx.get(f"{site.url}{path}", trust_env=False, timeout=30).status_code == 404
