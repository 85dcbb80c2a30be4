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
    return httpx.post(f"{site.url}/api/sessions", json=body, trust_env=False)


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
    refused = httpx.post(f"{site.url}/api/sessions", json=body, trust_env=False)
    assert (refused.status_code, refused.json()["reason"]) == (422, "malformed")
    assert RIGHT not in refused.text
