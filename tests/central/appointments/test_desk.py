"""What a hub is told, and when again; and what it says of itself."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.appointments.book import Wanted
from central.appointments.desk import AppointmentDesk
from central.scope import Scope
from central.store.appointments_delivery import Deliveries
from central.store.connection import Database
from central.store.database import Location, transaction
from contract.topics import down
from contract.wire import VERSION, Appointments, Booking, Status
from runtime.sealed import unseal_from
from tests.central.appointments.sites import DAY_MS, MINUTE_MS, PORTAL, SITE, BookedSite
from tests.central.journal import MORNING_MS, NODE, OTHER_NODE

SLOT_MS = MORNING_MS + 60 * MINUTE_MS


class Desk:
    """A desk at a booked site, and what it says to hubs."""

    def __init__(self, db: Database, location: Location) -> None:
        self.site = BookedSite(db, location)
        self.said: list[Appointments] = []
        self.line_is_there = True
        key = Ed25519PrivateKey.generate()
        self._public = key.public_key().public_bytes_raw()
        self.desk = AppointmentDesk(location, key, self.site.clock, self._publish)

    def book(self, code: str, *, after_ms: int = 0) -> None:
        wanted = Wanted("2", SLOT_MS + after_ms, code)
        assert self.site.book.book(PORTAL, SITE, wanted, f"key-of-{code}")

    def hears(self, upto: int, node: str = NODE, *, online: bool = True) -> None:
        status = Status(VERSION, node, online, "00000000000000aa", appointments=upto)
        self.desk.hear(status)

    def says(self) -> list[Appointments]:
        """What is said in one turn."""
        self.said.clear()
        self.desk.turn()
        return list(self.said)

    def _publish(self, topic: str, payload: bytes) -> bool:
        if self.line_is_there:
            assert topic == down(NODE, "appointments")
            self.said.append(unseal_from(payload, Appointments, self._public))
        return self.line_is_there


@pytest.fixture
def desk(each_db: Database, location: Location) -> Desk:
    return Desk(each_db, location)


def test_a_hub_is_told_what_it_lacks_and_again_until_it_says_that_it_knows(desk: Desk) -> None:
    desk.book("HEN-01")
    assert desk.says() == [], "nobody speaks"
    desk.hears(0)
    (said,) = desk.says()
    assert (said.node, said.after) == (NODE, 0)
    assert said.bookings == (Booking("HEN-01", "2", SLOT_MS),)
    assert desk.says() == [], "it has had no time to answer"
    desk.site.clock.sleep(31)
    assert desk.says() == [said]
    desk.hears(said.upto)
    desk.site.clock.sleep(31)
    assert desk.says() == []
    desk.hears(0)
    assert desk.says() == [said], "a restart"


def test_only_what_changed_since_is_told_and_only_as_it_is_now(desk: Desk) -> None:
    for code in ("HEN-01", "HEN-02", "HEN-03"):
        desk.book(code)
    desk.hears(0)
    (first,) = desk.says()
    desk.hears(first.upto)
    moved = Wanted("1", SLOT_MS + DAY_MS)
    desk.site.book.move(Scope(), SITE, "HEN-02", Wanted("1", SLOT_MS))
    desk.site.book.cancel(Scope(), SITE, "HEN-03")
    desk.site.book.move(Scope(), SITE, "HEN-02", moved)
    (second,) = desk.says()
    assert second.after == first.upto
    assert second.bookings == (
        Booking("HEN-03", None, SLOT_MS),
        Booking("HEN-02", "1", SLOT_MS + DAY_MS),
    )


def test_many_come_in_parts_one_after_the_other(desk: Desk) -> None:
    for number in range(205):
        desk.book(f"HEN-{number:03d}")
    desk.hears(0)
    (first,) = desk.says()
    desk.hears(first.upto)
    (second,) = desk.says()
    assert (len(first.bookings), len(second.bookings)) == (200, 5)
    assert second.after == first.upto < second.upto


def test_past_days_are_not_told_and_do_not_keep_the_desk_busy(desk: Desk) -> None:
    desk.book("HEN-01")
    desk.site.clock.now_ms += DAY_MS
    desk.hears(0)
    (said,) = desk.says()
    assert said.bookings == ()
    desk.hears(said.upto)
    assert desk.says() == []


def test_what_could_not_be_sent_is_sent_in_the_next_turn(desk: Desk) -> None:
    desk.book("HEN-01")
    desk.hears(0)
    desk.line_is_there = False
    assert desk.says() == []
    desk.line_is_there = True
    assert len(desk.says()) == 1


def test_who_is_no_hub_of_the_site_or_has_gone_is_told_nothing(desk: Desk) -> None:
    desk.book("HEN-01")
    desk.hears(0, OTHER_NODE)
    desk.hears(0, f"{SITE}-s1")
    desk.hears(0)
    desk.hears(0, online=False)
    assert desk.says() == []


def test_a_hub_that_claims_too_much_is_told_nothing_and_stops_nobody(desk: Desk) -> None:
    desk.book("HEN-01")
    desk.hears(2**63)
    assert desk.says() == []


def test_appointments_of_long_ago_are_forgotten(desk: Desk, each_db: Database) -> None:
    desk.book("HEN-01")
    desk.book("HEN-02", after_ms=DAY_MS)
    with transaction(each_db.conn):
        assert Deliveries(each_db.conn).forget("2026-11-21") == 1
    assert desk.site.book.one(Scope(), SITE, "HEN-01") is None
    assert desk.site.book.one(Scope(), SITE, "HEN-02") is not None
