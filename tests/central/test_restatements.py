"""A long list of days that late events have changed."""

from pathlib import Path

import httpx

from central.access.accounts import create_token
from central.api.app import create_api
from central.api.entrance import Entrance
from central.front import Front
from central.store.database import open_for_writing, transaction
from central.web.app import create_pages
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from tests.central.journal import DAY
from tests.central.nation import NOW_MS, StandingClock, answer

MANY = 700


def test_every_restatement_is_on_a_page(database: Path) -> None:
    db = open_for_writing(database)
    with transaction(db.conn):
        for number in range(MANY):
            code = f"{'01' if number % 2 else '48'}-{number:05d}-01"
            db.execute("INSERT INTO sites (code, province) VALUES (?, ?)", (code, code[:2]))
            db.execute(
                "INSERT INTO restatements SELECT site, ?, ?, 1, 2, 3 FROM sites WHERE code = ?",
                (DAY, DAY, code),
            )
    token = create_token(db, "An", "national", None, NOW_MS, who="operator")
    db.close()
    entrance = Entrance(database, StandingClock(), 180)
    server = HttpServer(
        Front(create_api(entrance, lambda: True), create_pages(entrance)),
        HttpAddress("127.0.0.1", 0),
    )
    server.start()
    found: set[str] = set()
    with httpx.Client(
        base_url=server.url, headers={"Authorization": f"Bearer {token}"}, timeout=30
    ) as client:
        offset: int | None = 0
        while offset is not None:
            page = answer(client, f"/restatements?offset={offset}&limit=300")
            assert page["total"] == MANY
            found |= {one["site"] for one in page["restated"]}
            offset = page["next_offset"]
        assert len(found) == MANY
        assert answer(client, "/restatements?province=48")["total"] == MANY // 2
    server.stop()
