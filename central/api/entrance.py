"""Lets an admin in with a token or a browser's session, to desks that see their scope only."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import date
from functools import partial
from typing import NamedTuple

from anyio import Semaphore, fail_after, sleep
from fastapi.concurrency import contextmanager_in_threadpool, run_in_threadpool

from central.access.accounts import (
    Admin,
    admin_of_session,
    admin_of_token,
    close_session,
    open_session,
    sign_in,
)
from central.access.audit import Deed, record
from central.access.limits import RateLimit, network_of
from central.access.links import record_unconfirmed, sign_in_person
from central.access.locks import LockRule, SignInLocks, Slowed
from central.access.openid.id_token import Person
from central.access.openid.sign_in import OpenIdSignIn
from central.access.passwords import Passwords
from central.access.permissions import Permission, may
from central.access.strangers import Strangers
from central.alerts.people import acknowledge, acknowledge_unseen, close
from central.alerts.rules import Rule
from central.alerts.settings import Receiver
from central.api.alert_desk import AlertDesk
from central.api.alert_models import AlertCount, Seen
from central.api.archive import Archive
from central.api.desk import Desk
from central.api.known import Moment
from central.api.live import LiveBoards
from central.api.records import Records
from central.api.update_desk import UpdateDesk
from central.appointments.book import AppointmentBook
from central.appointments.slots import SlotRule
from central.catalogue.book import CatalogueBook
from central.configuration.differences import wanted
from central.registry.places import Places
from central.registry.provinces import shipped_provinces
from central.registry.published_names import PROVINCES, UNITS, names_in
from central.registry.units import shipped_units
from central.rollup.business_day import day_of
from central.settings import AccessSettings
from central.store.access import AccessStore
from central.store.alerts import Alerts
from central.store.database import Location, reading, reading_copy, transaction, writing
from central.store.event_log import EventLog
from central.store.history import History
from central.store.known_edition import KnownEdition
from central.store.machines import Machines
from central.store.reader import Reader
from central.store.totals import Totals
from central.store.updates import UpdateReader
from central.store.visible import Where
from runtime.clock import Clock

_AT_ONCE = 32  # fewer than the 40 threads that answer, so that whoever has a turn has a thread
_PATIENCE_S = 10.0
_AGAIN_S = 5
_WRONG_PER_MINUTE = 120  # an office whose sessions have all ended, but nobody who guesses
_SLOWED_S = 1.0  # who is refused at once asks again at once, and refusing is work too
_OF_ADDRESS = "admin.error_address"


class NotLetInError(Exception):
    """Neither a valid token nor a valid session was shown."""


class ForbiddenError(Exception):
    """The role of who asks does not include this."""


class TooOftenError(Exception):
    """Asked too often, or by too many at once; `wait_s` says after how many seconds to ask again,
    and `words` is the key of what is said of it."""

    def __init__(self, wait_s: int, words: str = "admin.error_too_often") -> None:
        super().__init__(f"ask again in {wait_s} s")
        self.wait_s = wait_s
        self.words = words


class Shown(NamedTuple):
    """What someone shows at the entrance, and the network address they come from."""

    token: str | None
    session: str | None
    address: str = ""

    @property
    def secret(self) -> str:
        """The token or, without one, the session; empty for nothing."""
        return (self.session or "") if self.token is None else self.token


class Admission(NamedTuple):
    """An admin, and whom they may ask."""

    admin: Admin
    address: str
    desk: Desk
    archive: Archive
    records: Records
    alerts: AlertDesk
    updates: UpdateDesk


class Entrance:
    """Opens one reading connection for each admission, of which a few have their turn at once, and
    one more for figures where the database has a copy; accounts, alerts and the audit log are never
    read from a copy. A site counts as live when it was heard, and is complete, within the last
    `live_within_s`; `receivers` hear of alerts that are closed. Behind HTTPS browsers take
    `session_cookie` from this very server only. Raises StoreError."""

    def __init__(
        self,
        database: Location,
        clock: Clock,
        live_within_s: int,
        *,
        access: AccessSettings | None = None,
        receivers: Sequence[Receiver] = (),
        slots: SlotRule | None = None,
        behind_https: bool = False,
    ) -> None:
        access = access or AccessSettings()
        self._database = database
        self._clock = clock
        self._live_within_ms = live_within_s * 1000
        self._receivers = tuple(receivers)
        self.behind_https = behind_https
        # RFC 6265bis, 4.1.3
        self.session_cookie = "__Host-thutu_session" if behind_https else "thutu_session"
        self.live = LiveBoards(database, clock, self._live_within_ms)
        self._provinces = KnownEdition(database, clock, PROVINCES, names_in, shipped_provinces())
        self._units = KnownEdition(database, clock, UNITS, names_in, shipped_units())
        self.appointments = AppointmentBook(database, clock, self._units.get, slots)
        self.catalogue = CatalogueBook(database, clock)
        self._passwords = Passwords()
        rule = LockRule(access.lock_after, access.lock_s, access.sign_ins_per_minute)
        self._locks = SignInLocks(rule, clock)
        self._turns = Semaphore(_AT_ONCE)
        with reading(database) as conn:
            self._strangers = Strangers(
                _WRONG_PER_MINUTE, clock, AccessStore(conn).digests(self.now_ms())
            )
        self._requests = RateLimit(access.requests_per_minute, clock)
        self._sign_ins = RateLimit(access.sign_ins_per_minute, clock)
        self._departures = RateLimit(access.sign_ins_per_minute, clock)
        self._arrivals = RateLimit(access.sign_ins_per_minute, clock)
        self.openid = OpenIdSignIn(access.openid, clock) if access.openid else None

    def now_ms(self) -> int:
        """UTC milliseconds since 1970."""
        return self._clock.stamp().wall_ms

    def elapsed_s(self) -> float:
        """Seconds since a moment of long ago, whatever becomes of the calendar's clock."""
        return self._clock.stamp().mono_ns / 1e9

    def today(self) -> date:
        """The calendar day in Vietnam."""
        return date.fromisoformat(day_of(self.now_ms()))

    def places(self) -> Places:
        """The provinces and units in force, as far as is known."""
        return Places(self._provinces.get(), self._units.get())

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until one of the few who use the database has done, in the order of coming. Raises
        TooOftenError when that lasts long."""
        try:
            with fail_after(_PATIENCE_S):
                await self._turns.acquire()
        except TimeoutError as error:
            raise TooOftenError(_AGAIN_S, "admin.error_crowded") from error
        try:
            yield
        finally:
            self._turns.release()

    @asynccontextmanager
    async def admit(self, shown: Shown, permission: Permission) -> AsyncIterator[Admission]:
        """Desks, for one turn, for whoever shows a token or, without one, a session, and may do
        this.

        Raises NotLetInError, ForbiddenError, TooOftenError, and StoreError when the database
        cannot be read.
        """
        if not shown.secret:
            raise NotLetInError
        await self._refuse_strangers(shown)
        async with (
            self.turn(),
            contextmanager_in_threadpool(self._admit(shown, permission)) as admission,
        ):
            yield admission

    @contextmanager
    def _admit(self, shown: Shown, permission: Permission) -> Iterator[Admission]:
        moment, places = Moment(self.now_ms(), self._live_within_ms), self.places()
        with reading(self._database) as conn:
            if shown.token is not None:
                admin = admin_of_token(conn, shown.token)
            else:
                admin = admin_of_session(conn, shown.secret, moment.now_ms)
            if admin is None:
                self._strangers.turn_away(shown.secret, shown.address)
                raise NotLetInError
            self._strangers.welcome(shown.secret)
            _refuse_haste(self._requests.wait_s(admin.name))
            if not may(admin.role, permission):
                raise ForbiddenError
            with reading_copy(self._database, conn) as copy:
                reader, totals = Reader(copy, admin.scope), Totals(copy, admin.scope)
                yield Admission(
                    admin,
                    shown.address,
                    Desk(reader, totals, moment, places.provinces),
                    Archive(reader, History(copy, admin.scope), totals, moment, places),
                    Records(
                        reader,
                        Machines(copy, admin.scope),
                        EventLog(copy, admin.scope),
                        AccessStore(conn),
                        moment=moment,
                        wanted=partial(wanted, copy, day_of(moment.now_ms)),
                    ),
                    AlertDesk(Alerts(conn, admin.scope), admin),
                    UpdateDesk(UpdateReader(conn, admin.scope), moment, places.provinces),
                )

    def note(self, admission: Admission, action: str, subject: str) -> None:
        """Put into the audit log what an admin does. Raises StoreError when it cannot be kept,
        and then it should not be done."""
        deed = Deed(admission.admin.name, action, subject, admission.address)
        with writing(self._database) as db, transaction(db.conn):
            record(db.conn, deed, self.now_ms())

    def alert_count(self, admin: Admin) -> AlertCount:
        """How many alerts an admin would see now. Raises StoreError."""
        with reading(self._database) as conn:
            return AlertDesk(Alerts(conn, admin.scope), admin).count()

    def acknowledge(self, admission: Admission, alert: int, note: str) -> bool:
        """Note that an admin has seen an alert; False for none within the scope. Raises
        AlertOverError and StoreError."""
        row = admission.alerts.row(alert)
        if row is not None:
            deed = Deed(admission.admin.name, "alert-acknowledged", f"{alert}", admission.address)
            with writing(self._database) as db, transaction(db.conn):
                acknowledge(db.conn, row, deed, note, self.now_ms())
        return row is not None

    def acknowledge_unseen(
        self, admission: Admission, where: Where, rule: Rule | None, seen: Seen
    ) -> int:
        """Note that an admin has seen those open alerts that nobody has acknowledged; how many they
        were. Raises StoreError."""
        alerts = admission.alerts.unseen(where, rule, seen)
        if not alerts:
            return 0
        deed = Deed(admission.admin.name, "alert-acknowledged", address=admission.address)
        with writing(self._database) as db, transaction(db.conn):
            return acknowledge_unseen(db.conn, alerts, deed, seen.note, self.now_ms())

    def close_alert(self, admission: Admission, alert: int, note: str) -> bool:
        """Close an alert; False for none within the scope. Raises AlertOverError and
        StoreError."""
        row = admission.alerts.row(alert)
        if row is not None:
            deed = Deed(admission.admin.name, "alert-closed", f"{alert}", admission.address)
            with writing(self._database) as db, transaction(db.conn):
                close(
                    db.conn,
                    row,
                    deed,
                    note=note,
                    now_ms=self.now_ms(),
                    receivers=self._receivers,
                )
        return row is not None

    def allow_sign_in(self, address: str) -> None:
        """Refuse a network that has no try left, before it waits for its turn. Raises
        TooOftenError."""
        _refuse_haste(self._sign_ins.wait_s(network_of(address), counts=False), _OF_ADDRESS)

    def sign_in(self, name: str, password: str, address: str) -> str | None:
        """The secret of a new session, or None, which counts as a try. Raises TooOftenError for a
        network that has none left and a name that too many addresses try, and StoreError."""
        _refuse_haste(self._sign_ins.wait_s(network_of(address)), _OF_ADDRESS)
        with writing(self._database) as db:
            opened = sign_in(
                db,
                self._passwords,
                self._locks,
                name,
                password,
                address=address,
                now_ms=self.now_ms(),
            )
        if isinstance(opened, Slowed):
            raise TooOftenError(opened.wait_s)
        return self._let_in(opened, address, self._sign_ins)

    def sign_in_with_token(self, token: str, address: str) -> str | None:
        """As `sign_in`."""
        _refuse_haste(self._sign_ins.wait_s(network_of(address)), _OF_ADDRESS)
        with writing(self._database) as db:
            opened = open_session(db, token, self.now_ms(), address)
        return self._let_in(opened, address, self._sign_ins)

    def allow_departure(self, address: str) -> None:
        """Count a browser that leaves for the provider. Raises TooOftenError."""
        _refuse_haste(self._departures.wait_s(network_of(address)), _OF_ADDRESS)

    def allow_arrival(self, address: str) -> None:
        """Count a browser that comes back; apart from passwords, for any page of the web can make
        browsers come. Raises TooOftenError."""
        _refuse_haste(self._arrivals.wait_s(network_of(address)), _OF_ADDRESS)

    def sign_in_person(self, person: Person, address: str) -> str | None:
        """The secret of a new session for whom the provider vouches, or None when no account is
        linked to them. Raises StoreError."""
        with writing(self._database) as db:
            opened = sign_in_person(db, person, self.now_ms(), address)
        return self._let_in(opened, address, self._departures, self._arrivals)

    def note_unconfirmed(self, address: str) -> None:
        """Put into the audit log that somebody came back without a proof. Raises StoreError."""
        with writing(self._database) as db:
            record_unconfirmed(db, self.now_ms(), address)

    async def sign_out(self, session: str, address: str) -> None:
        """End a session, if it is one; strangers make nobody write. Raises TooOftenError as `admit`
        does, and StoreError."""
        if session:
            await self._refuse_strangers(Shown(None, session, address))
            async with self.turn():
                await run_in_threadpool(self._sign_out, session, address)

    def _sign_out(self, session: str, address: str) -> None:
        with reading(self._database) as conn:
            is_open = admin_of_session(conn, session, self.now_ms()) is not None
        if is_open:
            with writing(self._database) as db:
                close_session(db, session, self.now_ms(), address)
        else:
            self._strangers.turn_away(session, address)

    async def _refuse_strangers(self, shown: Shown) -> None:
        """Before the database is asked about what they show."""
        if wait_s := self._strangers.wait_s(shown.secret, shown.address):
            await sleep(_SLOWED_S)
            raise TooOftenError(wait_s, _OF_ADDRESS)

    def _let_in(self, session: str | None, address: str, *counted: RateLimit) -> str | None:
        """A session that was opened, if any, is known at once, and was no wrong try."""
        if session is not None:
            self._strangers.welcome(session)
            for tries in counted:
                tries.give_back(network_of(address))
        return session


def _refuse_haste(wait_s: int, words: str = "admin.error_too_often") -> None:
    if wait_s:
        raise TooOftenError(wait_s, words)
