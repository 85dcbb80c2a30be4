"""Whatever is booked, moved, cancelled and checked in, and whatever is lost, repeated, held back or
restarted on the way: in the end the hub and the centre say the same."""

import random
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.appointments.book import BookingRefusedError, Wanted
from central.appointments.desk import AppointmentDesk
from central.appointments.progress import follow
from central.ingest.intake import Intake, Received
from central.scope import Scope
from central.store.database import open_for_writing
from central.store.ingest import SqlIngestStore
from contract import commands as c
from contract.codec import encode_entry
from contract.commands import Answer
from contract.wire import VERSION, Status
from edge.hub import Reply
from edge.upstream.appointments import CentreBookings
from tests.central.appointments.sites import MINUTE_MS, PORTAL, SITE, BookedSite
from tests.central.journal import DAY, MORNING_MS, NODE, Journal
from tests.edge.core.story import BOSS, KIOSK, Story

CODES = [f"HEN-{number:02d}" for number in range(2)]
SERVICES = ["1", "2"]
SLOTS = [MORNING_MS + minutes * MINUTE_MS for minutes in (30, 60, 90, 24 * 60)]


class Site:
    """The book, the desk and the follower of a centre; a bad line; the core of a hub."""

    def __init__(self) -> None:
        self.folder = TemporaryDirectory()
        where = Path(self.folder.name) / "centre.db"
        self.db = open_for_writing(where)
        self.site = BookedSite(self.db, where)
        self.key = Ed25519PrivateKey.generate()
        self.on_the_way: list[bytes] = []
        self.desk = AppointmentDesk(where, self.key, self.site.clock, self.send)
        self.intake = Intake(SqlIngestStore(self.db))
        self.hub = Story(wall_ms=MORNING_MS)
        self.journal, self.uploaded = Journal(), 0
        self.bookings_made = 0
        self.restart_hub()
        for code in CODES:
            self.book(code, SERVICES[0], SLOTS[0])
        self.talk()
        self.upload()

    def send(self, _topic: str, payload: bytes) -> bool:
        self.on_the_way.append(payload)
        return True

    def submit(self, order: c.Order) -> Future[Reply]:
        turn = self.hub.turn(order.actor, order.command)
        reply: Future[Reply] = Future()
        reply.set_result(turn.refused or Answer(seq=turn.house.seq))
        return reply

    # --- what people do -----------------------------------------------------------------------

    def book(self, code: str, service: str, slot_ms: int) -> None:
        self.bookings_made += 1
        wanted = Wanted(service, slot_ms, code)
        with suppress(BookingRefusedError):
            self.site.book.book(PORTAL, SITE, wanted, f"key-{self.bookings_made:06d}")

    def move(self, code: str, service: str, slot_ms: int) -> None:
        with suppress(BookingRefusedError):
            self.site.book.move(Scope(), SITE, code, Wanted(service, slot_ms))

    def cancel(self, code: str) -> None:
        with suppress(BookingRefusedError):
            self.site.book.cancel(Scope(), SITE, code)

    def check_in(self, code: str) -> None:
        self.hub.turn(KIOSK, c.CheckIn(code))

    def void(self, code: str) -> None:
        booked = self.hub.live.appointments.get(code)
        if booked is not None and booked.number is not None:
            self.hub.turn(BOSS, c.VoidTicket(booked.number, "wrong"))

    # --- what the line does -------------------------------------------------------------------

    def tell(self) -> None:
        """The hub's status comes through, and the desk has its turn."""
        upto = self.bookings.upto()
        status = Status(VERSION, NODE, online=True, epoch="00000000000000aa", appointments=upto)
        self.desk.hear(status)
        self.site.clock.sleep(31)
        self.desk.turn()

    def talk(self) -> None:
        """As `tell`, and what is said comes at once."""
        before = len(self.on_the_way)
        self.tell()
        for said in self.on_the_way[before:]:
            self.bookings.hear(said)

    def deliver(self, place: int) -> None:
        """Some message comes, perhaps an old one, perhaps once more."""
        if self.on_the_way:
            self.bookings.hear(self.on_the_way[place % len(self.on_the_way)])

    def lose(self, place: int) -> None:
        if self.on_the_way:
            del self.on_the_way[place % len(self.on_the_way)]

    def restart_hub(self) -> None:
        public = self.key.public_key().public_bytes_raw()
        self.bookings = CentreBookings(NODE, public, self.submit, lambda: None)

    def restart_centre(self) -> None:
        self.desk = AppointmentDesk(self.site.location, self.key, self.site.clock, self.send)

    def upload(self) -> None:
        """What the hub's journal has comes to the centre, and is followed."""
        for entry in self.hub.entries[len(self.journal.rows) :]:
            self.journal.add_bytes(encode_entry(entry))
        if self.uploaded < len(self.journal.rows):
            batch = self.journal.batch(self.uploaded + 1, len(self.journal.rows))
            self.uploaded = len(self.journal.rows)
            self.intake.commit([Received(self.journal.events_topic, batch, MORNING_MS)])
        follow(self.site.location, self.site.clock.now_ms)

    def live(self, chance: random.Random, steps: int) -> None:
        """Let things happen in any order."""
        for _ in range(steps):
            code, place = chance.choice(CODES), chance.randrange(30)
            service, slot_ms = chance.choice(SERVICES), chance.choice(SLOTS)
            happenings: dict[Callable[[], None], int] = {
                partial(self.book, code, service, slot_ms): 1,
                partial(self.move, code, service, slot_ms): 3,
                partial(self.cancel, code): 1,
                partial(self.check_in, code): 2,
                partial(self.void, code): 2,
                self.tell: 1,
                self.talk: 4,
                partial(self.deliver, place): 4,
                partial(self.lose, place): 1,
                self.restart_hub: 1,
                self.restart_centre: 1,
                self.upload: 3,
            }
            (happens,) = chance.choices([*happenings], [*happenings.values()])
            happens()

    # --- in the end ---------------------------------------------------------------------------

    def end(self) -> None:
        """The line comes back for good; then both say the same."""
        with self.folder, closing(self.db):
            self.upload()  # who checked in is known before the rest is told
            for _ in range(3):
                self.talk()
                self.upload()
            self.compare()

    def compare(self) -> None:
        days = {DAY, "2026-11-21"}
        rows = [
            row
            for day in days
            for row in (self.site.book.page(Scope(), SITE, day, 0, 100) or (0, []))[1]
        ]
        at_centre = {
            row.code: (*row.present, row.phase is not None)
            for row in rows
            if row.phase is not None or not row.cancelled
        }
        at_hub = {
            code: (booked.service, booked.slot_ms, booked.number is not None)
            for code, booked in self.hub.live.appointments.items()
        }
        assert at_hub == at_centre
        assert all(row.is_at_site for row in rows)


def test_a_cancellation_stands_that_came_after_a_check_in_was_void() -> None:
    site = Site()
    site.check_in(CODES[0])
    site.void(CODES[0])
    site.cancel(CODES[0])
    site.talk()
    site.end()
    assert CODES[0] not in site.hub.live.appointments


def test_a_cancellation_that_came_too_late_stands_once_the_check_in_is_void() -> None:
    site = Site()
    site.check_in(CODES[0])
    site.cancel(CODES[0])
    site.talk()
    site.void(CODES[0])
    site.end()
    assert CODES[0] not in site.hub.live.appointments


@pytest.mark.parametrize("seed", range(40))
def test_in_the_end_both_say_the_same(seed: int) -> None:
    site = Site()
    site.live(random.Random(seed), steps=30)
    site.end()
