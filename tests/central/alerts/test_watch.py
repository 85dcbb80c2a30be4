"""Alerts of a real database: from a hub's events to the message, over hours."""

import logging

import pytest

from central.access.audit import Deed
from central.alerts.people import AlertOverError, acknowledge, close
from central.alerts.settings import Receiver
from central.ingest.intake import Intake, Received
from central.scope import Scope
from central.store.alerts import Alerts
from central.store.database import Location, reading, transaction, writing
from central.store.given_up import write_off
from central.store.ingest import SqlIngestStore
from central.store.visible import Where
from contract import events as e
from tests.central.alerts.office import MIN, RULES, Office, quiet_day, receiver
from tests.central.decisions import decide, open_on
from tests.central.journal import NODE, OTHER_NODE, Journal


@pytest.fixture
def database(location: Location) -> Location:
    """Where an empty database is, of each engine in turn."""
    return location


# --- watching ---------------------------------------------------------------------------------


def test_a_printer_without_paper_becomes_an_alert_and_ends_when_it_prints_again(
    database: Location,
) -> None:
    journal = quiet_day()
    office = Office(database, receiver("hanoi", "01"), receiver("danang", "48"))
    office.take(journal)
    journal.add(e.DeviceLost("printer", "paper-out"), 10_000)
    office.live(2, journal)
    assert office.open() == []
    office.live(2, journal)
    assert office.open() == [("paper_out", NODE[:11], "h1/printer")]
    office.live(2, journal)
    ((name, message),) = office.sent
    assert name == "hanoi"
    assert "1 cảnh báo mới" in message.subject
    assert f"{NODE[:11]}: Hết giấy in: Máy in phiếu" in message.text
    journal.add(e.DeviceReturned("printer"), 8 * MIN)
    office.live(12, journal)
    assert office.open() == []
    assert [name for name, _ in office.sent] == ["hanoi", "hanoi"]
    assert "1 cảnh báo đã hết" in office.sent[1][1].subject
    assert office.history(1) == [
        ("opened", ""),
        ("sent", "hanoi"),
        ("cleared", ""),
        ("sent", "hanoi"),
    ]


def test_what_a_former_card_owes_hides_no_new_gap_and_ends_when_it_is_written_off(
    database: Location,
) -> None:
    office = Office(database, receiver("hanoi", "01"))
    office.take(quiet_day())
    present = quiet_day()
    present.epoch = "00000000000000bb"
    office.live(70, present)
    assert office.open() == [("gap", NODE[:11], "h1")]
    assert "thẻ nhớ cũ của máy chủ tại chỗ h1" in office.sent[-1][1].text
    rows = len(present.rows)
    for number in range(9):
        present.add(e.DeviceReturned("printer"), number * 1000)
    for _ in range(70):
        office.sleep(60)
        with writing(database) as db:
            intake = Intake(SqlIngestStore(db))
            for topic, payload in (
                (present.events_topic, present.batch(rows + 3, rows + 9)),
                (present.status_topic, present.status(wall_ms=office.now_ms)),
            ):
                intake.commit([Received(topic, payload, office.now_ms)])
        office.watch.look()
    assert office.open() == [("gap", NODE[:11], ""), ("gap", NODE[:11], "h1")]
    with writing(database) as db, transaction(db.conn):
        write_off(db.conn, NODE, office.now_ms)
    office.live(20, present)
    assert office.open() == []


def test_a_site_that_is_closed_by_its_own_configuration_may_be_silent(database: Location) -> None:
    office = Office(database)
    times = 'issue_from = "07:30", last_ticket = "11:00", closes = "11:30"'
    decide(database, NODE, open_on(6, times))
    office.take(quiet_day(), quiet_day(OTHER_NODE))
    office.live(30)
    assert office.open() == [("silent", OTHER_NODE[:11], "h1")]
    decide(database, NODE, open_on(5, times))
    office.live(12)
    assert ("silent", NODE[:11], "h1") in office.open()


def test_a_restart_goes_on_counting(database: Location) -> None:
    journal = quiet_day()
    journal.add(e.DeviceLost("display-2", "no-answer"), 0)
    first = Office(database)
    first.take(journal)
    first.live(6, journal)
    second = Office(database)
    second.now_ms = first.now_ms
    second.live(6, journal)
    assert second.open() == [("device_lost", NODE[:11], "h1/display-2")]


def test_each_sees_alerts_of_its_own_scope(database: Location) -> None:
    mine, theirs = quiet_day(), quiet_day(OTHER_NODE)
    for journal in (mine, theirs):
        journal.add(e.DeviceLost("printer", "paper-out"), 0)
    office = Office(database)
    office.live(5, mine, theirs)
    assert len(office.open()) == 2
    assert office.open(Scope("48")) == [("paper_out", OTHER_NODE[:11], "h1/printer")]
    assert office.open(Scope("48", "48-20195")) == []


# --- people -----------------------------------------------------------------------------------


def broken(database: Location, *receivers: Receiver) -> tuple[Office, Journal]:
    """An office with one alert that was sent."""
    journal = quiet_day()
    journal.add(e.DeviceLost("printer", "paper-out"), 0)
    office = Office(database, *receivers)
    office.live(6, journal)
    assert len(office.open()) == 1
    return office, journal


def test_somebody_acknowledges_and_closes_and_both_are_in_the_audit_log(database: Location) -> None:
    office, journal = broken(database, receiver("hanoi"))
    deed = Deed("Sở Nội vụ", "alert-acknowledged", "1", "10.0.0.1")
    with reading(database) as conn:
        row = Alerts(conn, Scope()).alert(1, RULES)
    assert row is not None
    with writing(database) as db, transaction(db.conn):
        acknowledge(db.conn, row, deed, "đã gọi", office.now_ms)
        close(
            db.conn,
            row,
            deed,
            note="thay giấy",
            now_ms=office.now_ms,
            receivers=[receiver("hanoi")],
        )
    office.live(10, journal)
    assert office.open() == [], "closed while it is still wrong, it stays silent"
    assert "đã được đóng" in office.sent[-1][1].text
    journal.add(e.DeviceReturned("printer"), 20 * MIN)
    office.live(2, journal)
    journal.add(e.DeviceLost("printer", "paper-out"), 23 * MIN)
    office.live(4, journal)
    assert len(office.open()) == 1, "trouble that comes again is a new alert"
    steps = [what for what, _ in office.history(1)]
    assert steps == ["opened", "sent", "acknowledged", "closed", "sent"]
    with reading(database) as conn:
        found = conn.execute("SELECT who, subject FROM audit").fetchall()
    assert found == [("Sở Nội vụ", "1")] * 2


def close_first(office: Office) -> None:
    """Somebody closes the first alert."""
    with writing(office.database) as db, transaction(db.conn):
        row = Alerts(db.conn, Scope()).alert(1, RULES)
        assert row is not None
        close(db.conn, row, Deed("An", "b"), note="x\0y", now_ms=office.now_ms, receivers=())


def test_what_was_closed_stays_closed_while_its_figures_change(database: Location) -> None:
    office, journal = Office(database), quiet_day()
    for number in range(6):
        journal.add(e.TicketIssued(f"1{number:03}", ("1",)), (number + 1) * 1000)
    office.live(45, journal)
    assert office.open() == [("wait", NODE[:11], "")]
    close_first(office)
    office.live(10, journal)
    assert office.open() == []
    with reading(database) as conn:
        assert [step.note for step in Alerts(conn, Scope()).steps(1)] == ["", "x\ufffdy"]


def test_a_gap_that_was_closed_hides_no_later_one(database: Location) -> None:
    office, journal = Office(database), quiet_day()
    with writing(database) as db:
        intake = Intake(SqlIngestStore(db))

        def live(minutes: int, *runs: tuple[int, int]) -> None:
            """The hub writes as many rows as these runs need, of which only they come."""
            while runs and len(journal.rows) < runs[-1][1]:
                number = len(journal.rows)
                journal.add(e.TicketIssued(f"1{number:03}", ("1",)), number * 1000)
            messages = [(journal.events_topic, journal.batch(*run)) for run in runs]
            for _ in range(minutes):
                office.sleep(60)
                status = journal.status_topic, journal.status(wall_ms=office.now_ms)
                intake.commit([Received(*said, office.now_ms) for said in (*messages, status)])
                office.watch.look()

        gap = [("gap", NODE[:11], "")]
        live(70, (1, 10), (16, 20))
        assert office.open() == gap
        close_first(office)
        live(150)
        assert office.open() == [], "it is the one that was closed"
        live(30, (26, 30))
        live(30, (21, 25))
        live(60)
        assert office.open() == [], "a gap must last to be one"
        live(70, (41, 60))
        assert office.open() == gap
        assert [what for what, _ in office.history(1)] == ["opened", "closed", "opened"]
        live(40, (11, 15), (31, 40))
        assert office.open() == []


def test_what_is_over_can_be_neither_acknowledged_nor_closed(database: Location) -> None:
    office, journal = broken(database)
    with reading(database) as conn:
        row = Alerts(conn, Scope()).alert(1, RULES)
    assert row is not None
    journal.add(e.DeviceReturned("printer"), 8 * MIN)
    office.live(8, journal)
    deed = Deed("a", "b")
    with pytest.raises(AlertOverError), writing(database) as db, transaction(db.conn):
        acknowledge(db.conn, row, deed, "", 0)
    with pytest.raises(AlertOverError), writing(database) as db, transaction(db.conn):
        close(db.conn, row, deed, note="", now_ms=0, receivers=())


# --- sending ----------------------------------------------------------------------------------


def test_a_hundred_printers_are_one_message(database: Location) -> None:
    journals = [quiet_day(f"01-{unit:05}-01-h1") for unit in range(4, 104)]
    for journal in journals:
        journal.add(e.DeviceLost("printer", "paper-out"), 0)
    office = Office(database, receiver("hanoi", "01"))
    office.take(*journals)
    for _ in range(3):
        office.sleep(60)
        office.watch.look()
    assert office.dispatch.turn() == 0, "news is gathered first"
    office.sleep(60)
    assert office.dispatch.turn() == 1
    ((_, message),) = office.sent
    assert len(message.items) == 100
    assert len(message.text.splitlines()) < 30
    assert "và 80 tin khác" in message.text


def test_news_of_a_clock_that_was_put_back_is_not_kept_until_that_time(database: Location) -> None:
    office = Office(database, receiver("hanoi"))
    journal = quiet_day()
    journal.add(e.DeviceLost("printer", "paper-out"), 0)
    office.take(journal)
    for _ in range(3):
        office.sleep(60)
        office.watch.look()
    office.now_ms -= 24 * 3_600_000
    assert office.dispatch.turn() == 1


def test_a_way_that_fails_is_tried_ever_more_rarely_and_loses_nothing(
    database: Location, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    office = Office(database, receiver("hanoi", at_night=True), receiver("danang", "48"))
    office.refuse = True
    journal = quiet_day()
    journal.add(e.DeviceLost("printer", "paper-out"), 0)
    office.live(4, journal)
    for _ in range(90):
        office.sleep(60)
        office.dispatch.turn()
    assert office.tries == 7
    assert len(caplog.records) == 1
    office.refuse = False
    for _ in range(60):
        office.sleep(60)
        office.dispatch.turn()
    assert [name for name, _ in office.sent] == ["hanoi"]
    assert "takes news of alerts again" in caplog.records[-1].message


def test_what_one_receiver_meets_keeps_nobody_else_waiting(
    database: Location, caplog: pytest.LogCaptureFixture
) -> None:
    office = Office(database, receiver("trực vận hành"), receiver("hanoi"))
    office.trip = "trực vận hành"
    journal = quiet_day()
    journal.add(e.DeviceLost("printer", "paper-out"), 0)
    office.live(8, journal)
    assert [name for name, _ in office.sent] == ["hanoi"]
    (said,) = caplog.records
    assert "news waits for trực vận hành" in said.message
    assert said.exc_info is not None
    office.trip = None
    office.live(8, journal)
    assert [name for name, _ in office.sent] == ["hanoi", "trực vận hành"]


def test_news_is_tried_for_three_days_and_then_forgotten(database: Location) -> None:
    office = Office(database, receiver("hanoi", at_night=True))
    office.refuse = True
    journal = quiet_day()
    journal.add(e.DeviceLost("printer", "paper-out"), 0)
    office.live(4, journal)
    for _ in range(3 * 24 - 1):
        office.sleep(3600)
        office.dispatch.turn()
    tries = office.tries
    assert tries > 50
    for _ in range(24):
        office.sleep(3600)
        office.dispatch.turn()
    assert office.tries <= tries + 1
    office.refuse = False
    office.sleep(3600)
    assert office.dispatch.turn() == 0
    with reading(database) as conn:
        assert conn.execute("SELECT count(*) FROM alert_news").fetchone() == (0,)


def test_in_quiet_hours_news_waits_and_what_is_over_by_then_is_never_told(
    database: Location,
) -> None:
    office = Office(database, receiver("day"), receiver("night", at_night=True))
    office.now_ms += 12 * 60 * MIN + 45 * MIN
    journal = quiet_day()
    journal.add(e.DeviceLost("printer", "paper-out"), 760 * MIN)
    office.live(10, journal)
    assert [name for name, _ in office.sent] == ["night"]
    journal.add(e.DeviceReturned("printer"), 775 * MIN)
    office.live(10, journal)
    assert [name for name, _ in office.sent] == ["night", "night"]
    office.now_ms += 12 * 60 * MIN
    office.live(5, journal)
    assert [name for name, _ in office.sent] == ["night", "night"]


def test_news_for_a_receiver_that_is_no_more_is_forgotten(database: Location) -> None:
    office, _ = broken(database)
    with writing(database) as db, transaction(db.conn):
        db.conn.execute(
            "INSERT INTO alert_news (receiver, alert, what, at_ms) VALUES ('gone', 1, 'opened', ?)",
            (office.now_ms,),
        )
    office.dispatch.forget()
    with reading(database) as conn:
        assert conn.execute("SELECT count(*) FROM alert_news").fetchone() == (0,)


def test_alerts_that_nobody_has_seen_stand_first_and_the_oldest_of_them_on_top(
    database: Location,
) -> None:
    journal = quiet_day()
    office = Office(database)
    office.take(journal)
    for minute, device in enumerate(("display-1", "display-2", "display-3")):
        journal.add(e.DeviceLost(device, "no-answer"), minute * MIN)
        office.live(15, journal)
    with writing(database) as db, transaction(db.conn):
        alerts = Alerts(db.conn, Scope())
        oldest = alerts.page(Where(), RULES, 0, 1, still_open=True, unseen_first=True)[0]
        acknowledge(db.conn, oldest, Deed("An", "alert-acknowledged", "1", ""), "", office.now_ms)
        order = alerts.page(Where(), RULES, 0, 9, still_open=True, unseen_first=True)
        youngest = alerts.page(Where(), RULES, 0, 9, still_open=True)
        tally = alerts.tally(Where(), RULES, still_open=True)
    assert [alert.subject[-1] for alert in order] == ["2", "3", "1"]
    assert [alert.subject[-1] for alert in youngest] == ["3", "2", "1"]
    assert [(row.rule, row.province, row.n) for row in tally] == [("device_lost", "01", 3)]
