"""Signing in to the pages through a provider, and everything that can go wrong on the way."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from central.access.links import link_to_email, link_to_subject
from central.store.access import AccessStore
from central.store.database import Location, reading
from tests.central.openid.centre import PASSWORD, RETURN, OpenCentre, open_centre
from tests.central.openid.journeys import (
    UNCONFIRMED,
    UNLINKED,
    answer_of,
    come_back,
    expect_refused,
)
from tests.central.openid.providers import OwnProvider
from tests.central.openid.signatures import Claims, RsaSigner, sign_with_secret, unsigned

OTHER_KEY = RsaSigner("k2")


def last_deeds(database: Location, number: int) -> list[tuple[str, str, str, str]]:
    with reading(database) as conn:
        rows = [row for row, _ in AccessStore(conn).audit(0, 1000)]
    return [(row.who, row.action, row.subject, row.address) for row in rows[-number:]]


# --- in and out -------------------------------------------------------------------------------


def test_a_linked_person_signs_in_and_out_over_either_engine(
    provider: OwnProvider, location: Location, tmp_path: Path
) -> None:
    provider.metadata["end_session_endpoint"] = f"{provider.issuer}/bye"
    with open_centre(provider.issuer, location, tmp_path) as centre, centre.browser() as client:
        found = come_back(client)
        assert (found.status_code, found.headers["location"]) == (303, "/")
        assert "Thành phố Hà Nội" in client.get("/").text, "the account's scope"
        assert client.get("/provinces/48").status_code == 404
        out = client.post("/sign-out")
        link = re.search(r'href="([^"]+/bye[^"]+)"', out.text)
        assert link
        asked = parse_qs(urlsplit(unescape(link[1])).query)
        assert asked["post_logout_redirect_uri"] == [f"{centre.url}/sign-in"]
        assert asked["id_token_hint"][0].count(".") == 2
        assert client.get("/").headers["location"] == "/sign-in"
    assert last_deeds(location, 2) == [
        ("An", "signed-in", "openid", "127.0.0.1"),
        ("An", "signed-out", "", "127.0.0.1"),
    ]
    with reading(location) as conn:
        columns = [str(row) for row in conn.execute("SELECT * FROM sessions")]
    assert columns == []


def test_a_browser_leaves_with_a_question_that_serves_nobody_else(client: httpx.Client) -> None:
    first, second = (client.get("/sign-in/openid") for _ in range(2))
    asked, again = (parse_qs(urlsplit(one.headers["location"]).query) for one in (first, second))
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[name][0]) == 43
        assert asked[name] != again[name]
        assert asked[name][0] not in first.headers["set-cookie"]
    assert asked["scope"] == ["openid"]
    assert "code_verifier" not in asked
    for wanted in ("HttpOnly", "SameSite=lax", "Max-Age=600"):
        assert wanted in first.headers["set-cookie"]


def test_behind_https_the_cookies_are_this_servers_alone(
    provider: OwnProvider, database: Path, tmp_path: Path
) -> None:
    with open_centre(provider.issuer, database, tmp_path, behind_https=True) as centre:
        left = httpx.get(f"{centre.url}/sign-in/openid", timeout=30)
        cookie = left.headers["set-cookie"]
        assert cookie.startswith("__Host-thutu_departure=")
        assert "Secure" in cookie
        answer = httpx.get(left.headers["location"], timeout=30).headers["location"]
        plain = {"Cookie": cookie.partition(";")[0].removeprefix("__Host-")}
        expect_refused(httpx.get(answer, headers=plain, timeout=30), UNCONFIRMED)
        found = httpx.get(answer, headers={"Cookie": cookie.partition(";")[0]}, timeout=30)
        assert found.status_code == 303
        cookies = found.headers.get_list("set-cookie")
        assert any(one.startswith("__Host-thutu_session=") for one in cookies)
        assert all("Secure" in one for one in cookies if "Max-Age=0" not in one)


def test_a_new_session_is_made_at_every_sign_in(client: httpx.Client) -> None:
    client.cookies.set("thutu_session", "planted", "127.0.0.1")
    come_back(client)
    first = client.cookies["thutu_session"]
    come_back(client)
    assert "planted" not in {first, client.cookies["thutu_session"]} != {first}


def test_without_a_place_to_sign_out_at_the_provider_it_is_as_ever(client: httpx.Client) -> None:
    come_back(client)
    assert client.post("/sign-out").headers["location"] == "/sign-in"


def test_a_provider_that_takes_the_secret_in_the_form_gets_it_there(
    provider: OwnProvider, client: httpx.Client
) -> None:
    provider.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    assert come_back(client).status_code == 303


# --- whose account ----------------------------------------------------------------------------


def test_a_stranger_learns_the_code_by_which_to_be_linked(
    provider: OwnProvider, client: httpx.Client, centre: OpenCentre
) -> None:
    provider.subject = "<b>'s2"
    found = come_back(client)
    expect_refused(found, UNLINKED)
    assert "&lt;b&gt;&#39;s2" in found.text
    assert client.get("/").status_code == 303
    refused = ("", "sign-in-refused", "openid, not linked", "127.0.0.1")
    assert last_deeds(centre.database, 1) == [refused]


def test_a_removed_account_is_nobodys(
    provider: OwnProvider, client: httpx.Client, centre: OpenCentre
) -> None:
    provider.subject = "chi-1"
    centre.link("Chi", link_to_subject(provider.issuer, "chi-1"))
    come_back(client)
    assert client.get("/").status_code == 200
    centre.remove("Chi")
    assert client.get("/").headers["location"] == "/sign-in"
    expect_refused(come_back(client), UNLINKED)


def test_an_address_opens_an_account_only_when_it_is_verified(
    provider: OwnProvider, client: httpx.Client, centre: OpenCentre
) -> None:
    provider.subject = "b-1"
    centre.link("Bình", link_to_email(provider.issuer, "binh@example.vn"))
    for verified in (None, False, "true"):
        provider.claims.update(email="binh@example.vn", email_verified=verified)
        expect_refused(come_back(client), UNLINKED)
    provider.claims.update(email="Binh@example.vn", email_verified=True)
    assert come_back(client).status_code == 303
    provider.claims.clear()
    assert come_back(client).status_code == 303, "from now on by the subject"


def test_wrong_passwords_do_not_lock_who_comes_through_the_provider(client: httpx.Client) -> None:
    for _ in range(6):
        assert client.post("/sign-in", data={"name": "An", "password": "sai"}).status_code == 403
    assert client.post("/sign-in", data={"name": "An", "password": PASSWORD}).status_code == 403
    assert come_back(client).status_code == 303


# --- attacks ----------------------------------------------------------------------------------


def test_another_browsers_answer_signs_nobody_in(centre: OpenCentre, client: httpx.Client) -> None:
    with centre.browser() as attacker:
        attackers_answer = answer_of(attacker)
    expect_refused(client.get(attackers_answer), UNCONFIRMED)  # no cookie at all
    client.get("/sign-in/openid")
    expect_refused(client.get(attackers_answer), UNCONFIRMED)  # a sign-in of its own under way


def test_an_answer_serves_once(client: httpx.Client, provider: OwnProvider) -> None:
    answer = answer_of(client)
    kept = dict(client.cookies)
    assert client.get(answer).status_code == 303
    client.cookies.delete("thutu_session")
    expect_refused(client.get(answer), UNCONFIRMED)
    asked = provider.asked.count("/token")
    client.cookies.update(kept)
    expect_refused(client.get(answer), UNCONFIRMED)  # the provider knows the code no more
    assert provider.asked.count("/token") == asked + 1


def test_a_stolen_code_is_worth_nothing_in_another_sign_in(
    centre: OpenCentre, client: httpx.Client
) -> None:
    with centre.browser() as victim:
        code = parse_qs(urlsplit(answer_of(victim)).query)["code"][0]
    own = httpx.URL(answer_of(client)).copy_merge_params({"code": code})
    expect_refused(client.get(own), UNCONFIRMED)  # PKCE: the verifier is another's


@pytest.mark.parametrize(
    "change",
    [
        {"state": "x"},
        {"state": ""},
        {"state": "á"},
        {"code": ""},
        {"code": "guess"},
        {"iss": "https://evil.example"},
        {"code": "", "error": "access_denied", "error_description": "<script>"},
    ],
)
def test_an_answer_that_was_changed_is_refused(
    client: httpx.Client, change: dict[str, str], centre: OpenCentre
) -> None:
    changed = httpx.URL(answer_of(client)).copy_merge_params(change)
    found = client.get(changed)
    expect_refused(found, UNCONFIRMED)
    assert "<script>" not in found.text
    refused = ("", "sign-in-refused", "openid, not confirmed", "127.0.0.1")
    assert last_deeds(centre.database, 1) == [refused]


def test_a_provider_that_always_names_itself_must(
    provider: OwnProvider, client: httpx.Client
) -> None:
    provider.metadata["authorization_response_iss_parameter_supported"] = True
    expect_refused(come_back(client), UNCONFIRMED)
    named = httpx.URL(answer_of(client)).copy_merge_params({"iss": provider.issuer})
    assert client.get(named).status_code == 303


FORGERIES: dict[str, Callable[[OwnProvider, Claims], str]] = {
    "signed by a stranger": lambda _own, said: OTHER_KEY.sign(said, kid="k1"),
    "not signed": lambda _own, said: unsigned({"alg": "none"}, said) + ".",
    "signed with the public key": lambda own, said: sign_with_secret(
        own.keys[0]["n"].encode(), said, kid="k1"
    ),
    "no token": lambda _own, _said: "x",
}


@pytest.mark.parametrize("how", FORGERIES)
def test_a_forged_token_is_refused(provider: OwnProvider, client: httpx.Client, how: str) -> None:
    provider.signer = lambda said: FORGERIES[how](provider, said)
    expect_refused(come_back(client), UNCONFIRMED)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "other"},
        {"iss": "https://evil.example"},
        {"nonce": "another"},
        {"azp": "other"},
        {"exp": 1},
        {"iat": 1},
    ],
)
def test_a_token_for_something_else_is_refused(
    provider: OwnProvider, client: httpx.Client, claims: Claims
) -> None:
    provider.claims.update(claims)
    expect_refused(come_back(client), UNCONFIRMED)


def test_new_keys_count_at_once_and_withdrawn_ones_no_more(
    provider: OwnProvider, client: httpx.Client
) -> None:
    assert come_back(client).status_code == 303
    old = provider.signer
    provider.use(OTHER_KEY)
    assert come_back(client).status_code == 303
    provider.signer = old
    expect_refused(come_back(client), UNCONFIRMED)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:1"])
def test_where_the_browser_comes_back_to_is_ours_whatever_it_says(
    centre: OpenCentre, client: httpx.Client, host: str
) -> None:
    left = client.get(
        "/sign-in/openid?next=//evil.example",
        headers={"Host": host, "X-Forwarded-Host": host, "Referer": "https://evil.example"},
    )
    asked = parse_qs(urlsplit(left.headers["location"]).query)
    assert asked["redirect_uri"] == [centre.url + RETURN]
    found = client.get(httpx.URL(answer_of(client)).copy_merge_params({"next": "//evil.example"}))
    assert found.headers["location"] == "/"


def test_one_address_may_leave_and_come_back_so_often(
    provider: OwnProvider, database: Path, tmp_path: Path
) -> None:
    with (
        open_centre(provider.issuer, database, tmp_path, sign_ins_per_minute=3) as centre,
        centre.browser() as client,
    ):
        statuses = [client.get(RETURN).status_code for _ in range(4)]
        assert statuses == [403] * 3 + [429]
        wrong = client.post("/sign-in", data={"token": "x"})
        assert wrong.status_code != 429, "a foreign page's images shut nobody's password out"
        assert [client.get("/sign-in/openid").status_code for _ in range(4)] == [303] * 3 + [429]
