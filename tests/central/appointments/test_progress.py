"""What a site's journal says of its appointments, in either store."""

import pytest

from central.api.appointment_models import State, appointment
from central.appointments.book import BookingRefusedError, Wanted
from central.appointments.progress import follow
from central.ingest.intake import Intake, Received
from central.rollup.folder import Folder
from central.scope import Scope
from central.store.connection import Database
from central.store.database import Location, transaction
from central.store.given_up import retire, write_off
from central.store.ingest import SqlIngestStore
from central.store.rollup import SqlRollupStore
from contract import events as e
from contract.stamp import Span
from tests.central.appointments.sites import DAY_MS, MINUTE_MS, PORTAL, SITE, BookedSite
from tests.central.journal import DAY, MORNING_MS, NODE, Journal

SLOT_MS = MORNING_MS + 60 * MINUTE_MS
CODE = "HEN-01"


class Told:
    """A booked site, and the journal that its hub sends."""

    def __init__(self, db: Database, location: Location) -> None:
        self.site = BookedSite(db, location)
        self.journal = Journal()
        self._db = db
        self._intake = Intake(SqlIngestStore(db))
        self._sent = 0
        self.says(e.DayOpened(DAY, trusted=True, last_orders={}))

    def book(self, code: str = CODE) -> None:
        """Book at the centre."""
        self.site.book.book(PORTAL, SITE, Wanted("1", SLOT_MS, code), f"key-of-{code}")

    def says(self, *events: e.AnyEvent, training: bool = False) -> None:
        """The hub sends rows, which are committed and followed."""
        self.sends(*events, training=training)
        self.follow()

    def sends(self, *events: e.AnyEvent, training: bool = False) -> None:
        """The hub sends rows, which are committed."""
        for event in events:
            self.journal.add(event, len(self.journal.rows) * 1000, training=training)
        first, self._sent = self._sent + 1, len(self.journal.rows)
        batch = self.journal.batch(first, self._sent)
        now_ms = self.site.clock.now_ms
        self._intake.commit([Received(self.journal.events_topic, batch, now_ms)])

    def says_that_this_is_all(self) -> None:
        """The hub tells what time it is, and that it has sent everything."""
        now_ms = self.site.clock.now_ms
        status = self.journal.status(wall_ms=now_ms)
        self._intake.commit([Received(self.journal.status_topic, status, now_ms)])
        folder = Folder(SqlRollupStore(self._db))
        while folder.step():
            pass

    def follow(self) -> int:
        """The centre reads on."""
        return follow(self.site.location, self.site.clock.now_ms)

    def book_another_two_days_later(self) -> None:
        """Two appointments, of which the hub says that it has both."""
        self.book()
        later = Wanted("1", SLOT_MS + 2 * DAY_MS, "HEN-02")
        self.site.book.book(PORTAL, SITE, later, "key-of-HEN-02")
        self.says(e.AppointmentBooked(CODE, "1", SLOT_MS))
        self.says(e.AppointmentBooked("HEN-02", "1", later.slot_ms))

    def on_a_new_card(self) -> None:
        """The hub goes on in another journal."""
        self.goes_on_at(NODE)

    def goes_on_at(self, node: str) -> None:
        """A hub of the site goes on in a journal of its own."""
        self.goes_on_with(Journal(node, epoch="00000000000000bb"), 0)

    def goes_on_with(self, journal: Journal, sent: int) -> None:
        """A hub goes on in a journal of which it has sent so many rows."""
        self.journal, self._sent = journal, sent

    def state(self, code: str = CODE) -> tuple[State, bool]:
        """How an appointment stands, and whether the site has it so."""
        row = self.site.book.one(Scope(), SITE, code)
        assert row is not None
        told = appointment(row, self.site.book.today)
        return told.state, told.at_site


@pytest.fixture
def told(each_db: Database, location: Location) -> Told:
    return Told(each_db, location)


def issued(number: str = "1001", code: str | None = CODE) -> e.TicketIssued:
    return e.TicketIssued(number, ("1",), priority="appointment", appointment=code)


def called(number: str = "1001") -> e.TicketCalled:
    return e.TicketCalled(number, "1", "1", wait=Span(0), idle=None, how="next")


def finished(number: str = "1001") -> e.ServiceFinished:
    return e.ServiceFinished(number, "1", "1", service_time=Span(0), worked=Span(0), visit=None)


def test_an_appointment_goes_from_booked_to_served(told: Told) -> None:
    told.book()
    assert told.state() == (State.BOOKED, False)
    told.says(e.AppointmentBooked(CODE, "1", SLOT_MS))
    assert told.state() == (State.DELIVERED, True)
    told.says(issued())
    assert told.state() == (State.CHECKED_IN, True)
    told.says(called())
    assert told.state() == (State.CALLED, True)
    told.site.clock.now_ms += MINUTE_MS
    told.says(e.ServiceStarted("1001", "1", "1", walk=Span(0)), finished())
    assert told.state() == (State.SERVED, True)
    row = told.site.book.one(Scope(), SITE, CODE)
    assert row is not None
    assert row.phase_ms == told.journal.entries[-1].stamp.wall_ms


def test_who_is_called_and_does_not_come_may_still_return(told: Told) -> None:
    told.book()
    told.says(e.AppointmentBooked(CODE, "1", SLOT_MS), issued(), called())
    told.says(e.NoShowMarked("1001", "1", "1", walk=Span(0)))
    assert told.state() == (State.NOT_COME, True)
    told.says(e.TicketReturned("1001"))
    assert told.state() == (State.CHECKED_IN, True)
    at = told.journal.entries[-1].stamp
    told.says(e.NoShowTakenBack("1001", "1", "1", None, at, at))
    assert told.state() == (State.CALLED, True)
    told.says(e.CallTakenBack("1001", "1", "1", None, None, at, at))
    assert told.state() == (State.CHECKED_IN, True)


def test_who_never_checks_in_has_not_come_when_the_day_is_over(told: Told) -> None:
    told.book()
    told.says(e.AppointmentBooked(CODE, "1", SLOT_MS))
    told.site.clock.now_ms += DAY_MS
    told.says_that_this_is_all()
    assert told.state() == (State.NOT_COME, True)


def test_of_whom_a_silent_site_has_not_told_nobody_says_not_come(told: Told) -> None:
    told.book()
    told.says(e.AppointmentBooked(CODE, "1", SLOT_MS))
    told.says_that_this_is_all()
    told.site.clock.now_ms += DAY_MS
    assert told.state() == (State.UNKNOWN, True)
    told.sends(issued())
    told.says_that_this_is_all()
    assert told.state() == (State.UNKNOWN, True), "what came is not read yet"
    told.follow()
    assert told.state() == (State.CHECKED_IN, True)


def test_who_could_not_be_checked_in_is_not_said_not_to_have_come(told: Told) -> None:
    """Cut off all day, or refused by the hub."""
    told.book()
    told.site.clock.now_ms += DAY_MS
    assert told.state() == (State.UNKNOWN, False), "the hub may have had it, and not told yet"
    told.says(e.DayOpened("2026-11-21", trusted=True, last_orders={}))
    told.says_that_this_is_all()
    assert told.state() == (State.UNDELIVERED, False)


def test_who_was_announced_to_the_site_after_the_slot_is_not_said_not_to_have_come(
    told: Told,
) -> None:
    told.book("HEN-01")
    told.book("HEN-02")
    late_ms = SLOT_MS - MORNING_MS + 1
    told.says(e.AppointmentBooked("HEN-01", "1", SLOT_MS))
    for code in ("HEN-01", "HEN-02"):
        told.journal.add(e.AppointmentBooked(code, "1", SLOT_MS), late_ms)
    told.site.clock.now_ms = SLOT_MS + MINUTE_MS
    told.says()
    assert told.state("HEN-02") == (State.DELIVERED, True)
    told.site.clock.now_ms += DAY_MS
    told.says_that_this_is_all()
    assert told.state("HEN-01") == (State.NOT_COME, True)
    assert told.state("HEN-02") == (State.UNDELIVERED, True)


@pytest.mark.parametrize("off_ms", [2 * DAY_MS, -2 * DAY_MS], ids=["ahead", "behind"])
def test_a_clock_that_is_not_to_be_trusted_blames_neither_the_citizen_nor_the_site(
    told: Told, off_ms: int
) -> None:
    told.book()
    told.book("HEN-02")
    told.journal.add(
        e.AppointmentBooked(CODE, "1", SLOT_MS), synced=False, wall_ms=MORNING_MS + off_ms
    )
    told.says()
    told.journal.add(
        e.AppointmentBooked("HEN-02", "1", SLOT_MS), synced=False, wall_ms=MORNING_MS + off_ms
    )
    told.site.clock.now_ms += DAY_MS
    told.says(e.DayOpened("2026-11-21", trusted=True, last_orders={}))
    told.says_that_this_is_all()
    assert told.state() == (State.NOT_COME, True), "the centre heard of it before its slot"
    assert told.state("HEN-02") == (State.UNKNOWN, True)


def test_what_says_most_for_the_site_counts_of_what_its_cards_have_noted(told: Told) -> None:
    in_time_ms, late_ms, unsure = MINUTE_MS, SLOT_MS - MORNING_MS + 1, None
    noted = {
        "HEN-01": (unsure, in_time_ms, late_ms),
        "HEN-02": (in_time_ms, unsure, late_ms),
        "HEN-03": (late_ms, unsure, late_ms),
        "HEN-04": (late_ms, late_ms + 1, late_ms - 1 + MINUTE_MS),
    }
    for code, times_ms in noted.items():
        told.site.book.book(PORTAL, SITE, Wanted("2", SLOT_MS, code), f"key-of-{code}")
        for ms in times_ms:
            booked = e.AppointmentBooked(code, "2", SLOT_MS)
            told.journal.add(booked, ms or 0, synced=ms is not unsure)
    told.site.clock.now_ms += DAY_MS
    told.says(e.DayOpened("2026-11-21", trusted=True, last_orders={}))
    told.says_that_this_is_all()
    states = [told.state(code)[0] for code in noted]
    assert states == [State.NOT_COME, State.NOT_COME, State.UNKNOWN, State.UNDELIVERED]


def test_when_something_happened_is_not_told_by_a_clock_that_is_not_to_be_trusted(
    told: Told,
) -> None:
    told.book()
    told.says(e.AppointmentBooked(CODE, "1", SLOT_MS))
    told.journal.add(issued(), synced=False, wall_ms=0)
    told.says()
    row = told.site.book.one(Scope(), SITE, CODE)
    assert row is not None
    assert (row.phase, row.phase_ms) == ("checked_in", None)
    assert appointment(row, DAY).since is None


def test_what_a_former_card_has_not_told_stays_unknown_also_when_it_is_written_off(
    told: Told, each_db: Database
) -> None:
    told.book_another_two_days_later()
    told.on_a_new_card()
    told.site.clock.now_ms += DAY_MS
    told.journal.add(e.DayOpened("2026-11-21", trusted=True, last_orders={}), DAY_MS)
    told.says()
    told.site.clock.now_ms += 2 * DAY_MS
    told.says_that_this_is_all()
    for _ in range(2):
        assert told.state() == (State.UNKNOWN, True)
        assert told.state("HEN-02") == (State.NOT_COME, True), "the new card was there all day"
        with transaction(each_db.conn):
            write_off(each_db.conn, NODE, told.site.clock.now_ms)


def test_what_a_card_has_not_told_that_was_tried_and_taken_out_again_stays_unknown(
    told: Told, each_db: Database
) -> None:
    """The present card had begun before it: only since it was written off it records nothing."""
    told.book_another_two_days_later()
    last = Wanted("1", SLOT_MS + 4 * DAY_MS, "HEN-03")
    told.site.book.book(PORTAL, SITE, last, "key-of-HEN-03")
    told.says(e.AppointmentBooked("HEN-03", "1", last.slot_ms))
    told.says_that_this_is_all()
    first, sent = told.journal, len(told.journal.rows)
    told.on_a_new_card()
    told.site.clock.now_ms += 2 * DAY_MS
    told.journal.add(e.DayOpened("2026-11-22", trusted=True, last_orders={}), 2 * DAY_MS)
    told.says()
    told.says_that_this_is_all()
    told.goes_on_with(first, sent)
    told.site.clock.now_ms += DAY_MS
    told.says_that_this_is_all()
    with transaction(each_db.conn):
        write_off(each_db.conn, NODE, told.site.clock.now_ms)
    told.site.clock.now_ms += 2 * DAY_MS
    told.says_that_this_is_all()
    assert told.state() == (State.NOT_COME, True), "the other card came later"
    assert told.state("HEN-02") == (State.UNKNOWN, True)
    assert told.state("HEN-03") == (State.NOT_COME, True), "the other card was given up"


def test_what_a_hub_has_not_told_that_was_taken_away_stays_unknown(
    told: Told, each_db: Database
) -> None:
    told.book_another_two_days_later()
    told.site.clock.now_ms += DAY_MS
    with transaction(each_db.conn):
        retire(each_db.conn, NODE, told.site.clock.now_ms)
    assert told.state() == (State.UNKNOWN, True)
    told.site.clock.now_ms += 2 * DAY_MS
    told.goes_on_at(f"{SITE}-h2")
    told.says(e.DayOpened("2026-11-21", trusted=True, last_orders={}))
    told.says_that_this_is_all()
    assert told.state() == (State.UNKNOWN, True)
    assert told.state("HEN-02") == (State.NOT_COME, True), "h1 was gone by then"


def test_what_a_hub_told_of_the_whole_day_counts_when_it_is_taken_away_later(
    told: Told, each_db: Database
) -> None:
    told.book()
    told.says(e.AppointmentBooked(CODE, "1", SLOT_MS))
    told.site.clock.now_ms += DAY_MS
    told.says_that_this_is_all()
    with transaction(each_db.conn):
        retire(each_db.conn, NODE, told.site.clock.now_ms)
    assert told.state() == (State.NOT_COME, True)


def test_a_check_in_at_a_site_without_a_line_beats_a_later_change(told: Told) -> None:
    told.book("HEN-01")
    told.book("HEN-02")
    held = [e.AppointmentBooked(code, "1", SLOT_MS) for code in ("HEN-01", "HEN-02")]
    told.says(*held)
    told.site.book.cancel(Scope(), SITE, "HEN-01")
    told.site.book.move(Scope(), SITE, "HEN-02", Wanted("2", SLOT_MS + DAY_MS))
    assert told.state("HEN-01") == (State.CANCELLED, False)
    assert told.state("HEN-02") == (State.BOOKED, False)

    told.says(issued("1001", "HEN-01"), issued("1002", "HEN-02"))

    assert told.state("HEN-01") == (State.CHECKED_IN, True)
    assert told.state("HEN-02") == (State.CHECKED_IN, True)
    row = told.site.book.one(Scope(), SITE, "HEN-02")
    assert row is not None
    assert (row.present, row.day) == (("1", SLOT_MS), DAY)
    with pytest.raises(BookingRefusedError, match="checked-in"):
        told.site.book.cancel(Scope(), SITE, "HEN-01")
    with pytest.raises(BookingRefusedError, match="checked-in"):
        told.site.book.move(Scope(), SITE, "HEN-02", Wanted("2", SLOT_MS))


def test_a_cancellation_that_arrived_is_known_to_be_at_the_site(told: Told) -> None:
    told.book()
    told.says(e.AppointmentBooked(CODE, "1", SLOT_MS))
    told.site.book.cancel(Scope(), SITE, CODE)
    assert told.state() == (State.CANCELLED, False)
    told.says(e.AppointmentCancelled(CODE))
    assert told.state() == (State.CANCELLED, True)


def test_a_void_ticket_gives_its_appointment_back(told: Told) -> None:
    told.book()
    told.says(e.AppointmentBooked(CODE, "1", SLOT_MS), issued())
    told.says(e.TicketVoided("1001", "not-stored"))
    assert told.state() == (State.DELIVERED, True)


def test_a_change_that_came_too_late_holds_again_once_the_ticket_is_void(told: Told) -> None:
    told.book()
    told.says(e.AppointmentBooked(CODE, "1", SLOT_MS))
    told.site.book.move(Scope(), SITE, CODE, Wanted("2", SLOT_MS + DAY_MS))
    told.says(issued(), e.TicketVoided("1001", "wrong"))
    assert told.state() == (State.BOOKED, False)
    row = told.site.book.one(Scope(), SITE, CODE)
    assert row is not None
    assert (row.present, row.day) == (("2", SLOT_MS + DAY_MS), "2026-11-21")


def test_a_number_that_comes_again_concerns_somebody_else(told: Told) -> None:
    told.book()
    told.says(e.AppointmentBooked(CODE, "1", SLOT_MS), issued(), called())
    told.says(e.DayOpened("2026-11-21", trusted=True, last_orders={}))
    told.says(issued(code=None), called(), e.NoShowMarked("1001", "1", "1", walk=None))
    assert told.state() == (State.CALLED, True)


def test_what_staff_practise_and_what_no_calendar_holds_changes_nothing(told: Told) -> None:
    told.book()
    told.says(issued(), called(), training=True)
    told.says(e.AppointmentBooked(CODE, "1", 2**62), issued("1002"))
    assert told.state() == (State.BOOKED, False)
    told.says(e.AppointmentBooked(CODE, "1", SLOT_MS))
    assert told.state() == (State.DELIVERED, True)


def test_rows_from_before_the_first_appointment_are_never_read(told: Told) -> None:
    told.says(e.AppointmentBooked(CODE, "1", SLOT_MS))
    told.book()
    assert told.follow() == 0
    assert told.state() == (State.BOOKED, False)


def test_a_new_card_goes_on_with_the_tickets_of_the_old_one(told: Told) -> None:
    told.book()
    told.sends(e.AppointmentBooked(CODE, "1", SLOT_MS), issued())
    told.on_a_new_card()
    told.sends(e.NodeStarted("0.1.0", "c1"), called())
    told.follow()
    told.follow()
    assert told.state() == (State.CALLED, True)
    assert told.follow() == 0
