"""A centre's alerts against a real database, on a clock moved by hand."""

from collections.abc import Iterator
from contextlib import contextmanager

from central.access.audit import Deed
from central.alerts.dispatch import Dispatch
from central.alerts.message import Message, describe
from central.alerts.people import close
from central.alerts.rules import Rule
from central.alerts.sending import Send, SendError
from central.alerts.settings import AlertSettings, MailServer, Place, Receiver
from central.alerts.watch import AlertWatch
from central.api.app import create_api
from central.api.entrance import Entrance
from central.front import Front
from central.ingest.intake import Intake, Received
from central.rollup.folder import Folder
from central.scope import Scope
from central.store.alerts import Alerts
from central.store.database import Location, reading, transaction, writing
from central.store.ingest import SqlIngestStore
from central.store.rollup import SqlRollupStore
from central.store.visible import Where
from central.web.app import create_pages
from contract.stamp import Stamp
from contract.wire import SiteMachine
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from tests.central.journal import MORNING_MS, NODE, Journal

MIN = 60_000
RULES = tuple(Rule)
_NATION = Scope()
_SERVER = MailServer(host="127.0.0.1", sender="thutu@centre.example")


class Office:
    """A centre's alerts on a clock moved by hand; `refuse` makes every way out fail,
    `trip` the way of that name, as nobody thought of."""

    def __init__(
        self, database: Location, *receivers: Receiver, places: tuple[Place, ...] = ()
    ) -> None:
        self.now_ms = MORNING_MS
        self.database = database
        self.sent: list[tuple[str, Message]] = []
        self.machines: tuple[SiteMachine, ...] | None = None
        self.config = "c1"
        self.refuse = False
        self.trip: str | None = None
        self.tries = 0
        settings = AlertSettings(receivers=receivers, mail_server=_SERVER, places=places)
        self.watch = AlertWatch(
            database,
            self,
            settings,
            live_within_ms=180_000,
            wait_target_ms=20 * MIN,
        )
        ways = {receiver.name: self._way(receiver.name) for receiver in receivers}
        self.dispatch = Dispatch(database, self, settings, ways, random=lambda: 1.0)

    def stamp(self) -> Stamp:
        """The present reading."""
        return Stamp(self.now_ms, self.now_ms * 1_000_000, "b0", synced=True)

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.now_ms += int(seconds * 1000)

    def take(self, *journals: Journal) -> None:
        """Everything of these journals, and a heartbeat of each."""
        with writing(self.database) as db:
            intake = Intake(SqlIngestStore(db))
            for journal in journals:
                for topic, payload in (
                    (journal.events_topic, journal.all()),
                    (
                        journal.status_topic,
                        journal.status(
                            wall_ms=self.now_ms, config=self.config, machines=self.machines
                        ),
                    ),
                ):
                    intake.commit([Received(topic, payload, self.now_ms)])
            folder = Folder(SqlRollupStore(db))
            while folder.step():
                pass

    def hear_of_its_end(self, journal: Journal) -> None:
        """A hub is switched off."""
        with writing(self.database) as db:
            will = Received(journal.status_topic, journal.status(online=False), self.now_ms)
            Intake(SqlIngestStore(db)).commit([will])

    def live(self, minutes: int, *journals: Journal) -> None:
        """Look, send and hear heartbeats minute by minute."""
        for _ in range(minutes):
            self.sleep(60)
            self.take(*journals)
            self.watch.look()
            self.dispatch.turn()

    def close(self, alert: int) -> None:
        """Somebody closes an alert."""
        with writing(self.database) as db, transaction(db.conn):
            row = Alerts(db.conn, _NATION).alert(alert, RULES)
            assert row is not None
            deed = Deed("An", "alert-closed")
            close(db.conn, row, deed, note="", now_ms=self.now_ms, receivers=())

    def open(self, scope: Scope = _NATION) -> list[tuple[str, str, str]]:
        """Rule, site and subject of every open alert."""
        with reading(self.database) as conn:
            rows = Alerts(conn, scope).page(Where(), RULES, 0, 100, still_open=True)
        return sorted((row.rule, row.site, row.subject) for row in rows)

    def words(self) -> list[str]:
        """What is wrong, of every open alert."""
        with reading(self.database) as conn:
            rows = Alerts(conn, _NATION).page(Where(), RULES, 0, 100, still_open=True)
        return [describe(row, "vi") for row in rows]

    def history(self, alert: int) -> list[tuple[str, str]]:
        """What happened, and who did it."""
        with reading(self.database) as conn:
            return [(step.what, step.who) for step in Alerts(conn, Scope()).steps(alert)]

    def _way(self, name: str) -> Send:
        def send(message: Message) -> None:
            self.tries += 1
            name.encode("ascii" if name == self.trip else "utf-8")
            if self.refuse:
                raise SendError("away")
            self.sent.append((name, message))

        return send


@contextmanager
def serving(office: Office) -> Iterator[str]:
    """The address of pages and API on an office's database and clock."""
    entrance = Entrance(office.database, office, 180)
    front = Front(create_api(entrance, bool), create_pages(entrance))
    server = HttpServer(front, HttpAddress("127.0.0.1", 0))
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


def receiver(name: str, province: str | None = None, *, at_night: bool = False) -> Receiver:
    return Receiver(name=name, province=province, email=f"{name}@centre.example", at_night=at_night)


def quiet_day(node: str = NODE) -> Journal:
    journal = Journal(node)
    journal.open_day()
    return journal
