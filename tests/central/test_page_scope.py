"""The admins' pages show nobody anything out of their scope."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.central.journal import DAY, NODE
from tests.central.nation import (
    OTHER_SITE,
    PAGES,
    QUIET_SITE,
    SECRETS,
    SITE,
    UNREGISTERED_SITE,
    WHO,
    Nation,
    nation,
)
from tests.central.signed_in_page import signed_in

LISTS = ("/", "/trends", "/compare", "/machines", "/differences", "/updates", "/alerts")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nation]:
    with nation(tmp_path_factory.mktemp("nation")) as running:
        yield running


DANANG = SECRETS
HONGHA = (SITE, NODE, "Hồng Hà")
HANOI = (QUIET_SITE, UNREGISTERED_SITE, "Ba Đình")
OUT_OF_SCOPE = {
    "hanoi": DANANG,
    "danang": (*HANOI, *HONGHA),
    "hongha": (*DANANG, *HANOI),
    "auditor of danang": (*HANOI, *HONGHA),
    "auditor of hongha": (*DANANG, *HANOI),
    "operator of hanoi": DANANG,
}


def test_everybody_with_a_part_of_the_nation_is_asked_about_here() -> None:
    """But for who books, who cannot sign in."""
    people = {who: province for who, (role, province, _) in WHO.items() if role != "booking"}
    assert OUT_OF_SCOPE.keys() == {who for who, province in people.items() if province}


@pytest.mark.parametrize(("who", "secrets"), OUT_OF_SCOPE.items(), ids=OUT_OF_SCOPE)
def test_no_page_shows_anybody_anything_of_elsewhere(
    served: Nation, who: str, secrets: tuple[str, ...]
) -> None:
    places = [f"province={secrets[0][:2]}", f"unit={secrets[0][:8]}", f"site={secrets[0]}"]
    narrowed = [f"{page}?{place}" for page in LISTS for place in places]
    own_page = f"/sites/{secrets[0]}/days/{DAY}"
    with signed_in(served, who) as client:
        for page in (*PAGES, *narrowed, f"/provinces/{secrets[0][:2]}", own_page):
            found = client.get(page)
            assert found.status_code in (200, 403, 404), page
            text = found.text
            for asked in (page, quote(page), quote(page, safe="")):
                text = text.replace(asked, "").replace(asked.replace("&", "&amp;"), "")
            assert [secret for secret in secrets if secret in text] == [], page
        assert client.get(own_page).status_code in (403, 404)


def test_a_province_page_elsewhere_or_of_no_day_is_not_found(served: Nation) -> None:
    with signed_in(served, "hanoi") as client:
        assert client.get("/provinces/48").status_code == 404
        assert client.get("/provinces/01?day=x").status_code == 404


@pytest.mark.parametrize("page", ["machines", "differences", "alerts", "updates"])
@pytest.mark.parametrize("place", ["province=48", "unit=48-20194", f"site={OTHER_SITE}"])
def test_nobody_is_told_that_all_is_well_at_a_place_that_they_do_not_see(
    served: Nation, page: str, place: str
) -> None:
    with signed_in(served, "hanoi") as client:
        assert client.get(f"/{page}?{place}").status_code == 404
        assert client.get(f"/{page}?province=01").status_code == 200
    with served.client("hanoi") as client:
        path = {"machines": "nodes", "updates": "rollouts"}.get(page, page)
        assert client.get(f"/api/v1/{path}?{place}").status_code == 404
        assert client.get(f"/api/v1/{path}?province=01").status_code == 200
