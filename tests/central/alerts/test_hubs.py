"""Alerts of hubs that come and go: a second one, a new card, one that is taken away."""

import pytest

from central.store.database import Location, transaction, writing
from central.store.given_up import retire
from contract import events as e
from tests.central.alerts.office import MIN, Office, quiet_day, receiver
from tests.central.journal import MORNING_MS, NODE


@pytest.fixture
def database(location: Location) -> Location:
    """Where an empty database is, of each engine in turn."""
    return location


def test_one_of_two_hubs_that_is_silent_is_an_alert_and_that_of_its_part_alone(
    database: Location,
) -> None:
    office = Office(database, receiver("hanoi", "01"))
    first, second = quiet_day(), quiet_day("01-00097-01-h2")
    office.live(3, first, second)
    office.hear_of_its_end(first)
    office.live(20, second)
    assert office.open() == [("silent", NODE[:11], "h1")]
    ((_, message),) = office.sent
    assert "Máy chủ tại chỗ h1 mất kết nối" in message.text


def test_a_second_hub_leaves_the_alert_of_the_first_as_it_is(database: Location) -> None:
    office = Office(database)
    first = quiet_day()
    office.take(first)
    office.live(30)
    assert office.open() == [("silent", NODE[:11], "h1")]
    second = quiet_day("01-00097-01-h2")
    office.live(20, second)
    assert office.open() == [("silent", NODE[:11], "h1")]
    office.live(20, first, second)
    assert office.open() == []
    assert [what for what, _ in office.history(1)] == ["opened", "cleared"]


def test_a_new_card_that_has_not_spoken_of_a_device_neither_ends_nor_begins_an_alert(
    database: Location,
) -> None:
    office = Office(database, receiver("hanoi", "01"))
    old = quiet_day()
    old.add(e.DeviceLost("printer", "paper-out"), 10_000)
    old.add(e.DeviceLost("display-2", "no-answer"), 10_000)
    office.live(20, old)
    both = [("device_lost", NODE[:11], "h1/display-2"), ("paper_out", NODE[:11], "h1/printer")]
    assert office.open() == both
    told = len(office.sent)
    old.add(e.DeviceLost("pad-1", "no-answer"), 20 * MIN)
    office.take(old)
    new = quiet_day()
    new.epoch = "00000000000000bb"
    office.live(30, new)
    assert office.open() == both
    assert len(office.sent) == told
    new.add(e.DeviceReturned("printer"), 50 * MIN)
    new.add(e.DeviceRemoved("display-2"), 50 * MIN)
    office.live(20, new)
    assert office.open() == []
    assert "Hết giấy in: Máy in phiếu" in office.sent[-1][1].text


def test_what_somebody_closed_of_a_former_card_does_not_hide_the_same_of_the_new_one(
    database: Location,
) -> None:
    office = Office(database, receiver("hanoi", "01"))
    worn = e.DeviceLost("machine:disk", "disk-worn")
    old, new = quiet_day(), quiet_day()
    old.add(worn, 10_000)
    office.live(20, old)
    new.epoch = "00000000000000bb"
    office.live(2, new)
    office.close(1)
    office.live(2, new)
    assert office.open() == []
    told = len(office.sent)
    new.add(worn, 24 * MIN)
    office.live(20, new)
    assert office.open() == [("device_lost", NODE[:11], "h1/machine:disk")]
    assert len(office.sent) == told + 1


def test_what_a_new_card_has_not_spoken_of_for_three_days_is_let_go(database: Location) -> None:
    office = Office(database, receiver("hanoi", "01"))
    old, new = quiet_day(), quiet_day()
    old.add(e.DeviceLost("machine:disk", "disk-worn"), 10_000)
    office.live(20, old)
    new.epoch = "00000000000000bb"
    office.live(20, new)
    office.sleep(71 * 3600)
    office.live(20, new)
    assert ("device_lost", NODE[:11], "h1/machine:disk") in office.open()
    office.sleep(3600)
    office.live(20, new)
    assert office.open() == [("gap", NODE[:11], "h1")], "what the former card never sent"
    assert ("let_go", "") in office.history(1)
    assert ("cleared", "") not in office.history(1)


def test_three_days_of_a_card_that_was_put_back_begin_when_the_other_was_taken_out(
    database: Location,
) -> None:
    office = Office(database, receiver("hanoi", "01"))
    first, tried = quiet_day(), quiet_day()
    office.live(5, first)
    office.sleep(4 * 24 * 3600)
    tried.epoch = "00000000000000bb"
    tried.add(e.DeviceLost("machine:disk", "disk-worn"), office.now_ms - MORNING_MS)
    office.live(20, tried)
    office.live(20, first)
    worn = ("device_lost", NODE[:11], "h1/machine:disk")
    assert worn in office.open()
    office.sleep(3 * 24 * 3600)
    office.live(10, first)
    assert worn not in office.open()
    assert ("let_go", "") in office.history(1)


def test_days_in_which_a_new_card_was_not_heard_let_nothing_go(database: Location) -> None:
    office = Office(database)
    old, new = quiet_day(), quiet_day()
    old.add(e.DeviceLost("machine:disk", "disk-worn"), 10_000)
    office.live(20, old)
    new.epoch = "00000000000000bb"
    office.live(20, new)
    office.sleep(30 * 24 * 3600)
    office.live(20)
    worn = ("device_lost", NODE[:11], "h1/machine:disk")
    assert worn in office.open()
    new.add(e.DeviceReturned("machine:disk"), 30 * MIN)
    office.live(20, new)
    assert worn not in office.open()
    assert ("cleared", "") in office.history(1)


def test_what_a_retired_hub_said_last_is_closed_and_not_called_over(database: Location) -> None:
    office = Office(database, receiver("hanoi", "01"))
    first, second = quiet_day(), quiet_day("01-00097-01-h2")
    first.add(e.DeviceLost("printer", "paper-out"), 10_000)
    office.live(10, first, second)
    with writing(database) as db, transaction(db.conn):
        retire(db.conn, NODE, office.now_ms)
    office.live(20, second)
    assert office.open() == []
    assert office.history(1)[-2:] == [("let_go", ""), ("sent", "hanoi")]
    told = office.sent[-1][1].text
    assert "đã được đóng (Hết giấy in: Máy in phiếu)" in told
    assert "đã hết (" not in told
