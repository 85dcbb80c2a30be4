"""A small nation in a real database, served over HTTP at 10:42 of a morning."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from central.access.accounts import create_token
from central.alerts.settings import AlertSettings
from central.alerts.watch import AlertWatch
from central.api.app import create_api
from central.api.entrance import Entrance
from central.front import Front
from central.ingest.intake import Intake, Received
from central.registry.register import register
from central.registry.sites import parse_sites
from central.rollup.folder import Folder
from central.scope import Role, Scope
from central.settings import AccessSettings, FigureSettings
from central.store.appointments import Appointments, Slot
from central.store.connection import Database
from central.store.database import Location, database_of, open_for_writing, transaction
from central.store.ingest import SqlIngestStore
from central.store.rollup import SqlRollupStore
from central.store.updates import UpdateBook
from central.updates.rollout import Rollout, RolloutState
from central.web.app import create_pages
from contract import events as e
from contract.stamp import Stamp
from contract.wire import Health, SiteMachine, UpdateState
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from tests.central.busy_day import Morning, morning
from tests.central.decisions import decide
from tests.central.journal import DAY, MORNING_MS, NODE, OTHER_NODE

NOW_MS = MORNING_MS + 192 * 60_000
SITE, OTHER_SITE, QUIET_SITE = "01-00097-01", "48-20194-01", "01-00004-01"
UNREGISTERED_SITE = "01-00367-01"
BESIDE = (SiteMachine("10.0.0.7", "0.0.8", "hall"), SiteMachine("10.0.0.8", "0.0.9"))
HEALTH = Health(temperature_c=54, undervoltage=False, wear_percent=12, free_mb=21_400)
SECRETS = (OTHER_SITE, OTHER_NODE, "Hải Châu", "Đà Nẵng")
"""What nobody from Hà Nội should read anywhere."""

PAGES = (
    "/",
    "/provinces/01",
    f"/sites/{SITE}/days/{DAY}",
    f"/sites/{UNREGISTERED_SITE}/days/{DAY}",
    "/trends",
    f"/trends?site={SITE}",
    "/compare",
    "/machines",
    "/differences",
    "/updates",
    "/procedures",
    f"/differences?site={UNREGISTERED_SITE}",
    "/alerts",
    "/alerts?open=false",
    "/alerts/1",
)
"""The admins' pages, with each of their kinds of content."""

WHO: dict[str, tuple[Role, str | None, str | None]] = {
    "national": ("national", None, None),
    "hanoi": ("province", "01", None),
    "danang": ("province", "48", None),
    "hongha": ("unit", "01", "01-00097"),
    "auditor": ("auditor", None, None),
    "auditor of danang": ("auditor", "48", None),
    "auditor of hongha": ("auditor", "01", "01-00097"),
    "operator": ("operator", None, None),
    "operator of hanoi": ("operator", "01", None),
    "booking": ("booking", None, None),
    "booking of danang": ("booking", "48", None),
}
"""Accounts by name: role, province, unit."""
_ALWAYS = (
    "sessions = [{ weekdays = [1, 2, 3, 4, 5, 6, 7], "
    'issue_from = "00:00", last_ticket = "23:45", closes = "23:59" }]'
)


class StandingClock:
    """A clock that stands at 10:42."""

    def stamp(self) -> Stamp:
        """The one reading."""
        return Stamp(NOW_MS, NOW_MS * 1_000_000, "b0", synced=True)

    def sleep(self, seconds: float) -> None:
        """Let real time pass."""
        time.sleep(seconds)


class Nation:
    """What was sent, and clients of the server by whose token they bear."""

    def __init__(self, url: str, tokens: dict[str, str], days: dict[str, Morning]) -> None:
        self.url = url
        self.tokens = tokens
        self.days = days

    @contextmanager
    def client(self, who: str | None) -> Iterator[httpx.Client]:
        """A client with the token of one of WHO, or with none."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        with httpx.Client(base_url=self.url, headers=headers, timeout=30) as client:
            yield client


@contextmanager
def nation(
    folder: Path, database: Location | None = None, *, wait_target_s: int = 1200
) -> Iterator[Nation]:
    """Hồng Hà is live, tells of its machine, runs another configuration than was decided, and
    refused new software; Hải Châu has a gap and old software, beside it a machine with yet another,
    and fetches the new; one site is silent, one unregistered."""
    database = database or database_of(folder)
    db = open_for_writing(database)
    tokens = {
        who: create_token(db, who, role, province, NOW_MS, unit=unit, who="operator")
        for who, (role, province, unit) in WHO.items()
    }
    lines = [
        "site,name,type,national_code",
        f"{SITE},Trung tâm phường Hồng Hà,centre,H26.100",
        f"{OTHER_SITE},Trung tâm phường Hải Châu,centre,",
        f"{QUIET_SITE},Trung tâm phường Ba Đình,centre,",
    ]
    register(db, parse_sites(lines), who="x", now_ms=MORNING_MS)
    days = {
        SITE: morning(NODE, tickets=60, seed=1),
        OTHER_SITE: morning(OTHER_NODE, tickets=50, seed=2),
        UNREGISTERED_SITE: morning(f"{UNREGISTERED_SITE}-h1", tickets=12, seed=3),
    }
    trouble = days[SITE].journal
    trouble.add(e.DeviceLost("printer", "paper-out"), 150 * 60_000)
    trouble.add(e.DeviceReturned("printer"), 155 * 60_000)
    trouble.add(e.PaperLow("printer"), 160 * 60_000)
    trouble.add(e.DeviceLost("display-2", "no-answer"), 161 * 60_000)
    trouble.add(e.CounterOpened("4", ("1",)), 170 * 60_000)
    trouble.add(e.CounterPaused("4", "lunch", None), 171 * 60_000)
    intake = Intake(SqlIngestStore(db))
    for site, made in days.items():
        journal, last = made.journal, len(made.journal.rows)
        runs = [(1, 100), (106, last)] if site == OTHER_SITE else [(1, last)]
        for run in runs:
            _send(intake, journal.events_topic, journal.batch(*run))
        software = "0.0.9" if site == OTHER_SITE else "0.1.0"
        beside = BESIDE if site == OTHER_SITE else None
        health = HEALTH if site == SITE else None
        status = journal.status(
            wall_ms=NOW_MS - 5_000, software=software, machines=beside, health=health
        )
        _send(intake, journal.status_topic, status)
    silent = days[UNREGISTERED_SITE].journal
    _send(intake, silent.status_topic, silent.status(online=False))
    Folder(SqlRollupStore(db)).rebuild()
    _roll_out(db)
    _book(db)
    db.close()
    clock = StandingClock()
    at_once = AlertSettings(device_after_s=0, gap_after_s=0, wait_for_s=0)
    watch = AlertWatch(
        database,
        clock,
        at_once,
        live_within_ms=180_000,
        wait_target_ms=1_200_000,
    )
    watch.look()
    for node in (NODE, f"{QUIET_SITE}-h1"):
        decide(
            database,
            node,
            f'follow_url = "https://centre.example/{node}"\n'
            f'site = {{ site = "{node[:11]}", unit = "Phường", site_name = "Trung tâm", '
            'services = [{ id = "1", series = "1", name = { vi = "Hộ tịch" } }], '
            f'counters = [{{ id = "1", services = ["1"] }}], {_ALWAYS} }}',
        )
    access = AccessSettings(requests_per_minute=1_000_000, sign_ins_per_minute=1000)
    entrance = Entrance(database, clock, live_within_s=180, access=access)
    front = Front(
        create_api(entrance, lambda: True),
        create_pages(entrance, FigureSettings(wait_target_s=wait_target_s)),
    )
    server = HttpServer(front, HttpAddress("127.0.0.1", 0))
    server.start()
    try:
        yield Nation(server.url, tokens, days)
    finally:
        server.stop()


def answer(client: httpx.Client, path: str) -> Any:
    """What the API answers below `/api/v1`; it must be an answer."""
    found = client.get(f"/api/v1{path}")
    assert found.status_code == 200, found.text
    return found.json()


def exact(values: list[int], q: float) -> int:
    """The nearest-rank quantile."""
    return sorted(values)[max(1, math.ceil(q * len(values))) - 1]


def _roll_out(db: Database) -> None:
    rollout = Rollout(
        rollout=1,
        release=2,
        software="0.2.0",
        manifest=bytes(32),
        places=(),
        percent=100,
        urgent=False,
        most_refused=2,
        most_refused_percent=5,
        state=RolloutState.RUNNING,
        reason="",
        started_ms=NOW_MS - 3_600_000,
        changed_ms=NOW_MS - 3_600_000,
    )
    book = UpdateBook(db.conn)
    with transaction(db.conn):
        book.add(rollout)
        for node in (NODE, OTHER_NODE):
            book.note_told(node, rollout.order, rollout.release, NOW_MS - 3_000_000)
        refused = UpdateState(rollout.order, rollout.release, "refused", f"{NODE} is not healthy")
        book.note_said(NODE, refused, NOW_MS - 600_000)


def _send(intake: Intake, topic: str, payload: bytes) -> None:
    intake.commit([Received(topic, payload, NOW_MS - 5_000)])


def _book(db: Database) -> None:
    """An appointment at every site."""
    with transaction(db.conn):
        book = Appointments(db.conn, Scope())
        for code in (SITE, OTHER_SITE, QUIET_SITE, UNREGISTERED_SITE):
            site = book.site(code)
            assert site is not None
            book.add(
                site,
                "HEN-0001",
                Slot("1", NOW_MS + 3_600_000, DAY),
                booked_by="booking",
                key=f"key-of-{code}",
                asked="",
                now_ms=NOW_MS,
            )
