"""Booking, moving and cancelling a slot at a site, or a clear refusal."""

import secrets
from collections.abc import Callable, Sequence
from enum import StrEnum

from msgspec import Struct

from central.access.accounts import Admin
from central.appointments.offer import not_taken, offers_of
from central.appointments.room import FreeSlot, Room
from central.appointments.slots import SlotRule
from central.registry.dated_names import DatedNames
from central.rollup.business_day import day_of, midnight_ms
from central.scope import Scope, unit_of
from central.store.appointments import AppointmentRow, Appointments, Slot
from central.store.connection import Connection
from central.store.database import Location, reading, transaction, writing
from contract.stamp import MS_PER_DAY
from runtime.clock import Clock

MOST_A_DAY = 1000
MOST_DAYS_AHEAD = 90
_NO_FIRST_DAY, _NO_LAST_DAY = "2020-01-01", "9999-12-31"
_CODE_LENGTH = 8
_LETTERS, _DIGITS = "ABCDEFGHJKMNPQRSTVWXYZ", "23456789"


class Reason(StrEnum):
    """Why a booking was refused; the words are in the catalogue under `booking.<reason>`."""

    SITE_ENDED = "site-ended"
    SITE_NOT_BEGUN = "site-not-begun"
    NOT_CONFIGURED = "not-configured"
    NOT_TAKEN = "not-taken"
    SERVICE_NOT_OFFERED = "service-not-offered"
    SLOT_PAST = "slot-past"
    SLOT_TOO_FAR = "slot-too-far"
    NO_SLOT = "no-slot"
    SLOT_FULL = "slot-full"
    DAY_FULL = "day-full"
    CODE_TAKEN = "code-taken"
    KEY_REUSED = "key-reused"
    CHECKED_IN = "checked-in"
    CANCELLED = "cancelled"
    APPOINTMENT_PAST = "appointment-past"


class BookingRefusedError(Exception):
    """A domain "no"; `detail` fills the placeholders of its wording, and `free_ms` are the nearest
    free slots (UTC milliseconds since 1970) where another would do. Nothing was changed."""

    def __init__(self, reason: Reason, free_ms: Sequence[int] = (), **detail: str) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.free_ms = free_ms
        self.detail = detail


class Wanted(Struct, frozen=True):
    """A slot that somebody wants; `slot_ms` is UTC milliseconds since 1970. Without a `code` the
    centre makes one."""

    service: str
    slot_ms: int
    code: str | None = None


class AppointmentBook:
    """Every change is one transaction. What is out of `scope` is None, like what does not exist;
    all of it raises StoreError, and changes raise BookingRefusedError. A site begins with its unit,
    one of `units`, and ends by itself; its slots are by `rule`."""

    def __init__(
        self,
        database: Location,
        clock: Clock,
        units: Callable[[], DatedNames],
        rule: SlotRule | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._units = units
        self._rule = rule or SlotRule()

    @property
    def today(self) -> str:
        """The calendar day in Vietnam."""
        return day_of(self._clock.stamp().wall_ms)

    def one(self, scope: Scope, site: str, code: str) -> AppointmentRow | None:
        """One appointment."""
        with reading(self._database) as conn:
            return Appointments(conn, scope).one(site, code)

    def page(
        self, scope: Scope, site: str, day: str, offset: int, limit: int
    ) -> tuple[int, list[AppointmentRow]] | None:
        """How many appointments a site has on a day, and some of them by slot."""
        with reading(self._database) as conn:
            book = Appointments(conn, scope)
            if book.site(site) is None:
                return None
            return book.count(site, day), book.page(site, day, offset, limit)

    def free(self, scope: Scope, site: str, service: str, day: str) -> list[FreeSlot] | None:
        """The slots of a day in which a service can be booked now. Raises BookingRefusedError for a
        service that the site does not offer, and where the centre does not know."""
        with reading(self._database) as conn:
            place = Appointments(conn, scope).site(site)
            if place is None:
                return None
            room = self._room(conn, site, place, service)
            return room.free_on(day, *self._bookable_ms(*self._days(conn, site, place)))

    def book(self, admin: Admin, site: str, wanted: Wanted, key: str) -> AppointmentRow | None:
        """Book a slot; the same again with the same key gives the first answer's appointment."""
        asked = f"{site} {wanted.service} {wanted.slot_ms} {wanted.code or ''}"
        with writing(self._database) as db, transaction(db.conn):
            book = Appointments(db.conn, admin.scope)
            place = book.site(site)
            if place is None:
                return None
            earlier = book.by_key(admin.name, key)
            if earlier is not None:
                if earlier.asked != asked:
                    raise BookingRefusedError(Reason.KEY_REUSED)
                return earlier
            code = wanted.code or _free_code(book, site)
            if book.one(site, code) is not None:
                raise BookingRefusedError(Reason.CODE_TAKEN, code=code)
            slot = self._checked(db.conn, site, place, code, wanted)
            book.add(
                place,
                code,
                slot,
                booked_by=admin.name,
                key=key,
                asked=asked,
                now_ms=self._clock.stamp().wall_ms,
            )
            return book.one(site, code)

    def move(self, scope: Scope, site: str, code: str, wanted: Wanted) -> AppointmentRow | None:
        """Give an appointment another slot or service; the same again changes nothing."""
        with writing(self._database) as db, transaction(db.conn):
            book = Appointments(db.conn, scope)
            place, row = book.site(site), book.one(site, code)
            if place is None or row is None:
                return None
            if row.phase is not None:
                raise BookingRefusedError(Reason.CHECKED_IN, code=code)
            if row.cancelled:
                raise BookingRefusedError(Reason.CANCELLED, code=code)
            if (row.service, row.slot_ms) != (wanted.service, wanted.slot_ms):
                self._refuse_past(row)
                slot = self._checked(db.conn, site, place, code, wanted)
                book.move(place, code, slot, self._clock.stamp().wall_ms)
            return book.one(site, code)

    def cancel(self, scope: Scope, site: str, code: str) -> AppointmentRow | None:
        """Give a slot back; the same again changes nothing."""
        with writing(self._database) as db, transaction(db.conn):
            book = Appointments(db.conn, scope)
            place, row = book.site(site), book.one(site, code)
            if place is None or row is None:
                return None
            if row.phase is not None:
                raise BookingRefusedError(Reason.CHECKED_IN, code=code)
            if not row.cancelled:
                self._refuse_past(row)
                book.cancel(place, code, self._clock.stamp().wall_ms)
            return book.one(site, code)

    def _refuse_past(self, row: AppointmentRow) -> None:
        """What became of it is the site's to say."""
        if row.slot_ms < self._clock.stamp().wall_ms:
            raise BookingRefusedError(Reason.APPOINTMENT_PAST, code=row.code)

    def _checked(self, conn: Connection, site: str, place: int, code: str, wanted: Wanted) -> Slot:
        """The slot, if the site is there on its day, offers it and has room."""
        room = self._room(conn, site, place, wanted.service, code)
        now_ms = self._clock.stamp().wall_ms
        if wanted.slot_ms < now_ms:
            raise BookingRefusedError(Reason.SLOT_PAST)
        if wanted.slot_ms > now_ms + MOST_DAYS_AHEAD * MS_PER_DAY:
            raise BookingRefusedError(Reason.SLOT_TOO_FAR, days=str(MOST_DAYS_AHEAD))
        slot = Slot(wanted.service, wanted.slot_ms, day_of(wanted.slot_ms))
        first, last = self._days(conn, site, place)
        if slot.day > last:
            raise BookingRefusedError(Reason.SITE_ENDED, site=site, last=last)
        if slot.day < first:
            raise BookingRefusedError(Reason.SITE_NOT_BEGUN, site=site, first=first)
        if not room.is_slot(slot):
            free_ms = room.nearest(slot, *self._bookable_ms(first, last))
            minutes = str(self._rule.length_min)
            raise BookingRefusedError(Reason.NO_SLOT, free_ms, minutes=minutes)
        if room.is_day_full(slot.day):
            raise BookingRefusedError(Reason.DAY_FULL, day=slot.day)
        if room.is_full(slot):
            free_ms = room.nearest(slot, *self._bookable_ms(first, last))
            raise BookingRefusedError(Reason.SLOT_FULL, free_ms)
        return slot

    def _room(self, conn: Connection, site: str, place: int, service: str, but: str = "") -> Room:
        """The slots of a service, in which the appointment `but` takes no room."""
        offers = offers_of(conn, site)
        if not offers:
            for node, why in not_taken(conn, site).items():
                raise BookingRefusedError(Reason.NOT_TAKEN, site=site, node=node, what=why)
            raise BookingRefusedError(Reason.NOT_CONFIGURED, site=site)
        offering = [rules for rules in offers if rules.service(service) is not None]
        if not offering:
            raise BookingRefusedError(Reason.SERVICE_NOT_OFFERED, service=service)
        book = Appointments(conn, Scope())
        return Room(book, place, offering, self._rule, service, but, MOST_A_DAY)

    def _bookable_ms(self, first: str, last: str) -> tuple[int, int]:
        """The first and the last moment that may be booked at a site with these days."""
        now_ms = self._clock.stamp().wall_ms
        return (
            max(now_ms, midnight_ms(first)),
            min(now_ms + MOST_DAYS_AHEAD * MS_PER_DAY, midnight_ms(last) + MS_PER_DAY - 1),
        )

    def _days(self, conn: Connection, site: str, place: int) -> tuple[str, str]:
        """The first and the last day of a site."""
        unit = self._units().by_code.get(unit_of(site))
        first = unit[0].valid_from.isoformat() if unit else _NO_FIRST_DAY
        return first, Appointments(conn, Scope()).last_day(place) or _NO_LAST_DAY


def _free_code(book: Appointments, site: str) -> str:
    """A code that is easily read and typed, and cannot be guessed."""
    while True:
        code = "".join(secrets.choice(_LETTERS + _DIGITS) for _ in range(_CODE_LENGTH))
        is_mixed = set(code) & set(_LETTERS) and set(code) & set(_DIGITS)
        if is_mixed and book.one(site, code) is None:
            return code
