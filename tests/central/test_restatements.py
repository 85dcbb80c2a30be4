"""The list of days that late events have changed: long, and within the scope of who asks."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from central.access.accounts import create_token
from central.api.app import create_api
from central.api.entrance import Entrance
from central.front import Front
from central.scope import Role
from central.store.database import transaction, writing
from central.web.app import create_pages
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from tests.central.journal import DAY
from tests.central.nation import NOW_MS, StandingClock, answer

MANY = 700
"""Sites, each restated; those with odd numbers are in Hà Nội, the others in Đà Nẵng."""
IN_UNIT, IN_HANOI, IN_DANANG = "01-00097-01", "01-00099-01", "48-00098-01"
ACCOUNTS: dict[str, tuple[Role, str | None, str | None]] = {
    "nation": ("national", None, None),
    "hanoi": ("province", "01", None),
    "hongha": ("unit", "01", "01-00097"),
}


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], httpx.Client]]:
    """Clients of the API, by account."""
    database = tmp_path_factory.mktemp("restated") / "centre.db"
    with writing(database) as db:
        with transaction(db.conn):
            for number in range(MANY):
                code = f"{'01' if number % 2 else '48'}-{number:05d}-01"
                db.execute("INSERT INTO sites (code, province) VALUES (?, ?)", (code, code[:2]))
                db.execute(
                    "INSERT INTO restatements SELECT site, ?, ?, 1, 2, 3 FROM sites WHERE code = ?",
                    (DAY, DAY, code),
                )
        tokens = {
            who: create_token(db, who, role, province, NOW_MS, unit=unit, who="operator")
            for who, (role, province, unit) in ACCOUNTS.items()
        }
    entrance = Entrance(database, StandingClock(), 180)
    server = HttpServer(
        Front(create_api(entrance, lambda: True), create_pages(entrance)),
        HttpAddress("127.0.0.1", 0),
    )
    with ExitStack() as stack:
        server.start()
        stack.callback(server.stop)
        yield lambda who: stack.enter_context(
            httpx.Client(
                base_url=server.url,
                headers={"Authorization": f"Bearer {tokens[who]}"},
                timeout=30,
            )
        )


def test_every_restatement_is_on_a_page(asking: Callable[[str], httpx.Client]) -> None:
    client = asking("nation")
    found: set[str] = set()
    offset: int | None = 0
    while offset is not None:
        page = answer(client, f"/restatements?offset={offset}&limit=300")
        assert page["total"] == MANY
        found |= {one["site"] for one in page["restated"]}
        offset = page["next_offset"]
    assert len(found) == MANY


@pytest.mark.parametrize(
    ("who", "query", "total"),
    [
        ("nation", "", MANY),
        ("nation", "?province=48", MANY // 2),
        ("nation", "?unit=01-00097", 1),
        ("nation", f"?site={IN_DANANG}", 1),
        ("nation", f"?unit=01-00097&site={IN_HANOI}", 0),
        ("hanoi", "", MANY // 2),
        ("hanoi", "?unit=01-00099", 1),
        ("hongha", "", 1),
        ("hongha", "?province=01", 1),
        ("hongha", "?unit=01-00097", 1),
        ("hongha", f"?site={IN_UNIT}", 1),
    ],
)
def test_a_place_narrows_the_list_within_the_scope(
    asking: Callable[[str], httpx.Client], who: str, query: str, total: int
) -> None:
    found = answer(asking(who), f"/restatements{query}")
    assert (found["total"], len(found["restated"])) == (total, min(total, 100))


@pytest.mark.parametrize(
    ("who", "query"),
    [
        ("hanoi", "?province=48"),
        ("hanoi", "?unit=48-00098"),
        ("hanoi", f"?site={IN_DANANG}"),
        ("hongha", "?province=48"),
        ("hongha", "?unit=01-00099"),
        ("hongha", f"?site={IN_HANOI}"),
    ],
)
def test_a_place_out_of_scope_is_not_said_to_have_none(
    asking: Callable[[str], httpx.Client], who: str, query: str
) -> None:
    assert asking(who).get(f"/api/v1/restatements{query}").status_code == 404
