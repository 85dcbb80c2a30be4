"""What a hub takes of the centre's word about appointments, and what it leaves."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract import commands as c
from contract.refusals import Refused
from contract.wire import VERSION, Appointments, Booking
from edge.core.state import Appointment
from edge.upstream.appointments import CentreBookings
from runtime.sealed import seal
from tests.edge.running_site import HOUR_MS, IDENTITY, KIOSK, MONDAY_8_MS, RunningHub, TestClock
from tests.waiting import until

KEY = Ed25519PrivateKey.generate()
SLOT_MS = MONDAY_8_MS + HOUR_MS


class Told:
    """A running hub that is told of bookings; `changes` counts what it wants to say of it."""

    def __init__(self, folder: Path) -> None:
        self.running = RunningHub(folder, TestClock())
        self.changes = 0
        self.begin()

    def begin(self) -> None:
        public = KEY.public_key().public_bytes_raw()
        self.bookings = CentreBookings(
            IDENTITY.node, public, self.running.hub.submit, self._changed
        )

    def hears(
        self,
        after: int,
        upto: int,
        *bookings: Booking,
        node: str = IDENTITY.node,
        version: int = VERSION,
        key: Ed25519PrivateKey = KEY,
    ) -> None:
        self.bookings.hear(seal(key, Appointments(version, node, after, upto, bookings)))

    def knows(self, upto: int) -> dict[str, Appointment]:
        """The hub's appointments, once it knows so far."""
        until(lambda: self.bookings.upto() == upto)
        return dict(self.running.hub.house.live.appointments)

    def _changed(self) -> None:
        self.changes += 1


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    made = Told(tmp_path)
    yield made
    made.running.close()


def booked(code: str = "HEN-01", service: str | None = "1", slot_ms: int = SLOT_MS) -> Booking:
    return Booking(code, service, slot_ms)


def test_bookings_become_rows_of_the_journal_once(told: Told) -> None:
    told.hears(0, 7, booked(), booked("HEN-02", "2"))
    expected = {"HEN-01": Appointment("1", SLOT_MS), "HEN-02": Appointment("2", SLOT_MS)}
    assert told.knows(7) == expected
    rows = told.running.hub.journal.last_seq
    told.hears(0, 7, booked(), booked("HEN-02", "2"))
    told.running.restart()
    assert dict(told.running.hub.house.live.appointments) == expected
    told.begin()
    told.hears(0, 7, booked(), booked("HEN-02", "2"))
    assert told.knows(7) == expected
    assert told.running.hub.journal.last_seq == rows + 1, "nothing but the restart"
    assert told.changes == 2


def test_a_move_and_a_cancellation_take_effect_and_a_citizen_who_is_here_stays(told: Told) -> None:
    codes = ("HEN-01", "HEN-02", "HEN-03")
    told.hears(0, 7, *(booked(code) for code in codes))
    told.knows(7)
    told.running.give(KIOSK, c.CheckIn("HEN-03"))
    later = SLOT_MS + HOUR_MS
    told.hears(
        7,
        9,
        booked(slot_ms=later),
        booked("HEN-02", None),
        booked("HEN-03", None),
        booked("X", None),
    )
    assert told.knows(9) == {
        "HEN-01": Appointment("1", later),
        "HEN-03": Appointment("1", SLOT_MS, number="1001"),
    }


def test_what_leaves_something_out_or_is_old_is_left(told: Told) -> None:
    told.hears(5, 9, booked())
    assert told.knows(0) == {}
    told.hears(0, 7, booked())
    told.knows(7)
    told.hears(3, 9, booked(slot_ms=SLOT_MS + HOUR_MS))
    told.knows(9)
    told.hears(0, 7, booked())
    told.hears(0, 9, booked())
    told.hears(9, 10)
    assert told.knows(10) == {"HEN-01": Appointment("1", SLOT_MS + HOUR_MS)}


def test_who_is_not_the_centre_of_this_hub_is_not_believed(
    told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    told.hears(0, 7, booked(), key=Ed25519PrivateKey.generate())
    told.hears(0, 7, booked(), node="48-20194-01-h1")
    told.hears(0, 7, booked(), version=99)
    told.bookings.hear(b"")
    assert told.knows(0) == {}
    assert len(caplog.records) == 4


def test_what_the_site_does_not_offer_is_named_and_holds_up_nothing(
    told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    told.hears(0, 7, booked("HEN-01", "9"), booked("HEN-02"))
    assert told.knows(7) == {"HEN-02": Appointment("1", SLOT_MS)}
    assert "HEN-01" in caplog.text


def test_what_could_not_be_stored_is_not_known(told: Told) -> None:
    journal = told.running.folder / "journal.db"
    with closing(sqlite3.connect(journal)) as db, db:
        db.execute(
            "CREATE TRIGGER full BEFORE INSERT ON entries BEGIN SELECT RAISE(FAIL, 'full'); END"
        )
    told.hears(0, 7, booked())
    refused = told.running.give(KIOSK, c.IssueTicket(("1",)))
    assert isinstance(refused, Refused), "the hub has answered what came before"
    assert told.knows(0) == {}
    with closing(sqlite3.connect(journal)) as db, db:
        db.execute("DROP TRIGGER full")
    told.hears(0, 7, booked())
    assert told.knows(7) == {"HEN-01": Appointment("1", SLOT_MS)}
