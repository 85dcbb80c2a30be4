"""A centre whose pages can be entered through a provider."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from central.access.accounts import Admin, create_account, new_password, remove_account
from central.access.links import link_account, link_to_subject
from central.access.openid.settings import OpenIdSettings
from central.access.passwords import Passwords
from central.api.app import create_api
from central.api.entrance import Entrance
from central.front import Front
from central.scope import Scope
from central.settings import AccessSettings
from central.store.access_links import Link
from central.store.database import Location, writing
from central.web.app import create_pages
from contract.stamp import Stamp
from runtime.clock import SystemClock
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from tests.central.openid.providers import CLIENT_ID, SECRET

PASSWORD = "hàng chờ buổi sáng"
RETURN = "/sign-in/openid/return"


class PushedClock(SystemClock):
    """The machine's, with a monotonic clock that a test pushes on."""

    def __init__(self) -> None:
        super().__init__()
        self._pushed_ns = 0

    def stamp(self) -> Stamp:
        """The present reading."""
        now = super().stamp()
        return msgspec.structs.replace(now, mono_ns=now.mono_ns + self._pushed_ns)

    def push(self, seconds: int) -> None:
        """Let time pass."""
        self._pushed_ns += seconds * 1_000_000_000


class OpenCentre:
    """Where it is, and what its operator does."""

    def __init__(self, url: str, database: Location, clock: PushedClock) -> None:
        self.url = url
        self.database = database
        self._clock = clock

    @contextmanager
    def browser(self) -> Iterator[httpx.Client]:
        """A browser that follows no redirect by itself."""
        with httpx.Client(base_url=self.url, timeout=30) as client:
            yield client

    def remove(self, name: str) -> None:
        """End an account."""
        with writing(self.database) as db:
            remove_account(db, name, self._clock.stamp().wall_ms, who="operator")

    def link(self, name: str, link: Link) -> None:
        """Make a national account that a claim opens."""
        with writing(self.database) as db:
            create_account(db, Admin(name, "national", Scope()), 1, who="operator")
            link_account(db, name, link, 1, who="operator")

    def forget_provider(self) -> None:
        """Let so much time pass that the provider is asked anew where everything is."""
        self._clock.push(301)


@contextmanager
def open_centre(
    issuer: str,
    database: Location,
    folder: Path,
    *,
    behind_https: bool = False,
    sign_ins_per_minute: int = 100,
) -> Iterator[OpenCentre]:
    """Serve a centre with the account An of Hà Nội, which the subject `an-1` opens."""
    clock = PushedClock()
    with writing(database) as db:
        hashed = new_password(Passwords(64, 1), PASSWORD, "An")
        create_account(db, Admin("An", "province", Scope("01")), 1, hashed, who="operator")
        link_account(db, "An", link_to_subject(issuer, "an-1"), 1, who="operator")
    (folder / "secret").write_text(f"{SECRET}\n")
    apps: list[Front] = []

    async def served(scope: AsgiScope, receive: Receive, send: Send) -> None:
        await apps[0](scope, receive, send)

    server = HttpServer(served, HttpAddress("127.0.0.1", 0))
    openid = OpenIdSettings(issuer, CLIENT_ID, server.url, "Cổng định danh", folder / "secret")
    access = AccessSettings(
        requests_per_minute=10_000, sign_ins_per_minute=sign_ins_per_minute, openid=openid
    )
    entrance = Entrance(
        database, clock, live_within_s=180, access=access, behind_https=behind_https
    )
    pages = create_pages(entrance)
    apps.append(Front(create_api(entrance, bool), pages))
    server.start()
    try:
        yield OpenCentre(server.url, database, clock)
    finally:
        server.stop()
