"""A real hub of a small site with its API on a free port, and a clock that a test moves."""

import uuid
from pathlib import Path

import httpx

from contract.commands import Actor, AnyCommand, Order
from contract.procedures import Procedure
from contract.site_rules import Counter, Priority, RatingReason, Rules, Service, Session
from contract.stamp import Stamp
from edge.access import Access
from edge.api.app import create_app
from edge.core.effects import Slip
from edge.core.state import State
from edge.hub import Hub, Reply
from edge.last_news import LastNews
from edge.node_identity import Identity
from edge.site_release import SiteRelease
from runtime.http_address import HttpAddress
from runtime.http_connections import Limits
from runtime.http_server import HttpServer

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
MONDAY_8_MS = 1_795_395_600_000  # 2026-11-23 08:00 in Vietnam
HOUR_MS = 3_600_000

RULES = Rules(
    site="01-00097-01",
    unit="Phường Hồng Hà",
    site_name="Trung tâm Hồng Hà",
    services=(
        Service("1", "1", {"vi": "Hộ tịch – Chứng thực", "en": "Civil status – Certification"}),
        Service("2", "2", {"vi": "Đất đai – Môi trường", "en": "Land – Environment"}),
        Service("5", "5", {"vi": "Cư trú – Căn cước", "en": "Residence – Identity card"}),
    ),
    counters=(Counter("1", ("1", "2")), Counter("2", ("1", "5"))),
    sessions=(
        Session(EVERY_DAY, "07:30", "11:15", "11:30"),
        Session(EVERY_DAY, "13:30", "16:30", "17:00"),
    ),
    priorities=(
        Priority("elderly", {"vi": "Người cao tuổi (từ đủ 60 tuổi)", "en": "Aged 60 or over"}),
    ),
    rating_reasons=(
        RatingReason("attitude", {"vi": "Thái độ phục vụ", "en": "Attitude of the staff"}),
        RatingReason("waiting", {"vi": "Thời gian chờ đợi", "en": "Waiting time"}),
        RatingReason("papers", {"vi": "Yêu cầu giấy tờ ngoài quy định", "en": "Extra papers"}),
    ),
)
PROCEDURES = (
    Procedure("1.001193", {"vi": "Đăng ký khai sinh", "en": "Birth registration"}, "1"),
    Procedure("1.004772", {"vi": "Khai sinh cho người đã có giấy tờ", "en": "Late birth"}, "1"),
    Procedure("1.004194", {"vi": "Đăng ký tạm trú", "en": "Temporary residence"}, "5"),
)
PRINTER = "printer-1"
FOLLOW_URL = "https://example.vn/{site}/{day}/{number}"
LIMITS = Limits(connections=144, kept=16, per_address=64)
KIOSK = Actor("kiosk-1", "kiosk")
CLERK = Actor("nv01", "clerk")
HUB = Actor("hub", "hub")
IDENTITY = Identity("01-00097-01-h1", "0.1.0", "test")


class TestClock:
    """Clocks that stand still until a test moves them."""

    __test__ = False

    def __init__(self, wall_ms: int = MONDAY_8_MS, boot: str = "boot-1") -> None:
        self.wall_ms = wall_ms
        self.mono_ns = 1_000_000_000
        self.boot = boot
        self.synced = True

    def stamp(self) -> Stamp:
        return Stamp(self.wall_ms, self.mono_ns, self.boot, self.synced)

    def sleep(self, seconds: float) -> None:
        self.later(seconds)

    def later(self, seconds: float) -> None:
        self.wall_ms += round(seconds * 1000)
        self.mono_ns += round(seconds * 1e9)


class RunningHub:
    """A hub on a folder; `prints` is what it handed to the printer."""

    def __init__(self, folder: Path, clock: TestClock, rules: Rules = RULES) -> None:
        self.folder = folder
        self.clock = clock
        self.rules = rules
        self.prints: list[Slip] = []
        self.hub = self._started()

    def give(self, actor: Actor, command: AnyCommand, key: uuid.UUID | None = None) -> Reply:
        """Submit an order and wait for its reply."""
        order = Order((key or uuid.uuid4()).bytes, actor, command)
        return self.hub.submit(order).result(10)

    def practise(self, actor: Actor, command: AnyCommand) -> Reply:
        """Submit an order to the training queue."""
        return self.hub.submit(Order(uuid.uuid4().bytes, actor, command, training=True)).result(10)

    def restart(self) -> None:
        self.hub.close()
        self.hub = self._started()

    def close(self) -> None:
        self.hub.close()

    def _started(self) -> Hub:
        hub = Hub(IDENTITY, self.rules, self.folder, self.clock, self._print)
        hub.start()
        return hub

    def _print(self, slip: Slip, _queue: State, _training: bool) -> None:
        self.prints.append(slip)


class RunningSite(RunningHub):
    """A hub with its HTTP API, over TLS with a `certificate`; the port stays the same when it is
    started again."""

    def __init__(
        self,
        folder: Path,
        clock: TestClock,
        rules: Rules = RULES,
        certificate: Path | None = None,
    ) -> None:
        super().__init__(folder, clock, rules)
        self.certificate = certificate
        self.access = Access(folder / "access.db", clock)
        self.news = LastNews(clock)
        self.release = SiteRelease(folder / "opt", folder / "house")
        self._server = self._served(0)

    @property
    def url(self) -> str:
        return self._server.url

    def client(self, token: str, language: str = "vi") -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": language}
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=10)

    def stop_serving(self) -> None:
        self._server.stop()

    def serve_again(self) -> None:
        self._server = self._served(self._server.port)

    def restart_with(self, rules: Rules) -> None:
        self.rules = rules
        self.stop_serving()
        self.restart()
        self.serve_again()

    def close(self) -> None:
        self._server.stop()
        super().close()
        self.access.close()

    def _served(self, port: int) -> HttpServer:
        app = create_app(
            self.hub,
            self.access,
            PROCEDURES,
            PRINTER,
            follow_url=FOLLOW_URL,
            news=self.news,
            release=self.release,
        )
        limits = LIMITS._replace(is_known=self.access.knows)
        server = HttpServer(app, HttpAddress("127.0.0.1", port, self.certificate), limits)
        server.start()
        return server
