import httpx
import pytest

from tests.edge.api.orders import order
from tests.edge.running_site import RunningSite

RIGHT, WRONG = "482915", "482916"


@pytest.fixture(autouse=True)
def _staff(site: RunningSite) -> None:
    site.access.set_pin("nv01", "clerk", RIGHT)


def sign_in(site: RunningSite, pin: str, staff: str = "nv01") -> httpx.Response:
    body = {"staff": staff, "pin": pin}
    return httpx.post(f"{site.url}/api/sessions", json=body, trust_env=False, timeout=30)


def test_a_session_opens_works_and_ends(site: RunningSite) -> None:
    opened = sign_in(site, RIGHT).json()
    assert (opened["staff"], opened["role"]) == ("nv01", "clerk")
    with site.client(opened["token"]) as clerk:
        assert order(clerk, "SignIn", counter="1").status_code == 200
        assert clerk.delete("/api/sessions").status_code == 204
        assert clerk.get("/api/snapshot").status_code == 401


def test_a_wrong_name_and_a_wrong_pin_look_alike(site: RunningSite) -> None:
    pin, name = sign_in(site, WRONG), sign_in(site, RIGHT, staff="nobody")
    assert pin.status_code == name.status_code == 401
    assert pin.json() == name.json()


def test_many_wrong_pins_lock_the_name_for_a_while(site: RunningSite) -> None:
    assert [sign_in(site, WRONG).status_code for _ in range(5)] == [401] * 5
    locked = sign_in(site, RIGHT)
    assert (locked.status_code, locked.json()["reason"]) == (429, "locked-out")
    assert locked.headers["retry-after"] == "31"
    assert "31" in locked.json()["detail"]

    site.clock.later(31)
    assert sign_in(site, RIGHT).status_code == 200
    assert sign_in(site, WRONG).status_code == 401


@pytest.mark.parametrize(
    "body", [{}, {"staff": "nv01"}, {"staff": "nv01", "pin": 482915}, {"staff": ["nv01"]}, "x"]
)
def test_what_is_no_sign_in_is_refused(site: RunningSite, body: object) -> None:
    refused = httpx.post(f"{site.url}/api/sessions", json=body, trust_env=False, timeout=30)
    assert (refused.status_code, refused.json()["reason"]) == (422, "malformed")
    assert RIGHT not in refused.text


def test_a_session_of_yesterday_is_told_to_sign_in_again(site: RunningSite) -> None:
    token = sign_in(site, RIGHT).json()["token"]
    site.clock.later(20 * 3600)
    with site.client(token, "en") as clerk:
        for refused in (clerk.get("/api/snapshot"), order(clerk, "SignIn", counter="1")):
            assert (refused.status_code, refused.json()["reason"]) == (401, "session-ended")
            assert "sign in again" in refused.json()["detail"]
    assert sign_in(site, RIGHT).status_code == 200


def test_a_staff_session_is_never_kept_by_a_browser(site: RunningSite) -> None:
    token = sign_in(site, RIGHT).json()["token"]
    refused = httpx.post(
        f"{site.url}/api/browser", json={"token": token}, trust_env=False, timeout=30
    )
    assert (refused.status_code, refused.json()["reason"]) == (401, "unknown-token")
    assert "set-cookie" not in refused.headers


def test_a_full_disk_is_told_as_such(site: RunningSite) -> None:
    token = sign_in(site, RIGHT).json()["token"]
    site.access._db.execute("PRAGMA query_only = 1")  # fails every write as a full disk does
    with site.client(token) as clerk:
        for refused in (sign_in(site, RIGHT), clerk.delete("/api/sessions")):
            assert (refused.status_code, refused.json()["reason"]) == (503, "not-stored")
            assert refused.headers["content-type"] == "application/problem+json"
        assert clerk.get("/api/snapshot").status_code == 200


def test_a_disk_that_cannot_be_read_is_told_as_such(site: RunningSite) -> None:
    token = sign_in(site, RIGHT).json()["token"]
    site.access._db.execute("DROP TABLE devices")
    with site.client(token) as clerk:
        for path in ("/api/snapshot", "/api/stream", "/api/catalogue"):
            refused = clerk.get(path)
            assert (refused.status_code, refused.json()["reason"]) == (503, "not-stored")
        assert order(clerk, "SignIn", counter="1").status_code == 503
