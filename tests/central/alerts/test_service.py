"""The threads of alerts, from a line of news to the servers of those who should hear of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from central.alerts.service import AlertService
from central.alerts.settings import AlertSettings, Receiver, Webhook
from central.store.alerts import AlertBook
from central.store.database import reading, transaction, writing
from runtime.clock import Clock, SystemClock
from tests.central.alerts.office import Office, quiet_day
from tests.central.alerts.sinks import Web, web_server
from tests.central.openid.centre import PushedClock
from tests.waiting import until

NAMES = ("trực vận hành", "so-noi-vu")


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setattr("central.alerts.service._SEND_EVERY_S", 0.05)
    with web_server() as running:
        yield running


@contextmanager
def at_work(database: Path, web: Web, clock: Clock) -> Iterator[AlertService]:
    """The alerts of a centre, of which one is news for everybody of NAMES."""
    secret = database.with_name("secret")
    secret.write_text("x" * 30)
    receivers = tuple(
        Receiver(name=name, at_night=True, webhook=Webhook(f"{web.url}/{place}", secret))
        for place, name in enumerate(NAMES)
    )
    Office(database).live(1, quiet_day())
    settings = AlertSettings(receivers=receivers, gather_s=0, check_every_s=3600)
    alerts = AlertService(
        database, database.parent, clock, settings, live_within_s=180, wait_target_s=1200
    )
    now_ms = clock.stamp().wall_ms
    with writing(database) as db, transaction(db.conn):
        book = AlertBook(db.conn)
        alert = book.begin("gap", "01-00097-01", "", "{}", now_ms)
        book.move(alert, "pending", "open", now_ms)
        for name in NAMES:
            book.tell(name, alert, "opened", now_ms - 1000)
    alerts.start()
    yield alerts
    alerts.stop()


def unsent(database: Path) -> int:
    with reading(database) as conn:
        return int(conn.execute("SELECT count(*) FROM alert_news").fetchone()[0])


def test_everybody_hears_of_it_whatever_letters_a_name_is_written_in(
    database: Path, web: Web
) -> None:
    with at_work(database, web, SystemClock()) as alerts:
        until(lambda: unsent(database) == 0)
        assert sorted(posted.path for posted in web.posts) == ["/0", "/1"]
        assert alerts.is_healthy


def test_what_has_not_come_round_for_long_is_ill(database: Path, web: Web) -> None:
    clock = PushedClock()
    with at_work(database, web, clock) as alerts:
        clock.push(3600 + 800)
        until(lambda: alerts.is_healthy)  # it sends again, and looks once an hour
        clock.push(110)
        until(lambda: unsent(database) == 0)
        assert not alerts.is_healthy, "it should have looked"
