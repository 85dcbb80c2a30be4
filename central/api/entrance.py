"""Lets an admin in with a token or a browser's session, to desks that see their scope only."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from typing import NamedTuple

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
from central.alerts.people import acknowledge, close
from central.alerts.settings import Receiver
from central.api.alert_desk import AlertDesk
from central.api.alert_models import AlertCount
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
from runtime.clock import Clock


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


class Visit(NamedTuple):
    """An admin, and whom they may ask."""

    admin: Admin
    address: str
    desk: Desk
    archive: Archive
    records: Records
    alerts: AlertDesk
    updates: UpdateDesk


class Entrance:
    """Opens one reading connection for each visit, and one more for figures where the database has
    a copy; accounts, alerts and the audit log are never read from a copy. A site counts as live
    when it was heard, and is complete, within the last `live_within_s`; `receivers` hear of alerts
    that are closed. Behind HTTPS browsers take `session_cookie` from this very server only."""

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
        self._requests = RateLimit(access.requests_per_minute, clock)
        self._sign_ins = RateLimit(access.sign_ins_per_minute, clock)
        self._departures = RateLimit(access.sign_ins_per_minute, clock)
        self._arrivals = RateLimit(access.sign_ins_per_minute, clock)
        self.openid = OpenIdSignIn(access.openid, clock) if access.openid else None

    def now_ms(self) -> int:
        """UTC milliseconds since 1970."""
        return self._clock.stamp().wall_ms

    def today(self) -> date:
        """The calendar day in Vietnam."""
        return date.fromisoformat(day_of(self.now_ms()))

    def places(self) -> Places:
        """The provinces and units in force, as far as is known."""
        return Places(self._provinces.get(), self._units.get())

    @contextmanager
    def visit(self, shown: Shown, permission: Permission) -> Iterator[Visit]:
        """Desks for whoever shows a token or, without one, a session, and may do this.

        Raises NotLetInError, ForbiddenError, TooOftenError, and StoreError when the database
        cannot be read.
        """
        moment, places = Moment(self.now_ms(), self._live_within_ms), self.places()
        with reading(self._database) as conn:
            if shown.token is not None:
                admin = admin_of_token(conn, shown.token)
            else:
                admin = admin_of_session(conn, shown.session or "", moment.now_ms)
            if admin is None:
                raise NotLetInError
            _refuse_haste(self._requests.wait_s(admin.name))
            if not may(admin.role, permission):
                raise ForbiddenError
            with reading_copy(self._database, conn) as copy:
                reader, totals = Reader(copy, admin.scope), Totals(copy, admin.scope)
                yield Visit(
                    admin,
                    shown.address,
                    Desk(reader, totals, *moment, places.provinces),
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

    def note(self, visit: Visit, action: str, subject: str) -> None:
        """Put into the audit log what a visitor does. Raises StoreError when it cannot be kept,
        and then it should not be done."""
        deed = Deed(visit.admin.name, action, subject, visit.address)
        with writing(self._database) as db, transaction(db.conn):
            record(db.conn, deed, self.now_ms())

    def alert_count(self, admin: Admin) -> AlertCount:
        """How many alerts an admin would see now. Raises StoreError."""
        with reading(self._database) as conn:
            return AlertDesk(Alerts(conn, admin.scope), admin).count()

    def acknowledge(self, visit: Visit, alert: int, note: str) -> bool:
        """Note that a visitor has seen an alert; False for none within the scope. Raises
        AlertOverError and StoreError."""
        row = visit.alerts.row(alert)
        if row is not None:
            deed = Deed(visit.admin.name, "alert-acknowledged", f"{alert}", visit.address)
            with writing(self._database) as db, transaction(db.conn):
                acknowledge(db.conn, row, deed, note, self.now_ms())
        return row is not None

    def close_alert(self, visit: Visit, alert: int, note: str) -> bool:
        """Close an alert; False for none within the scope. Raises AlertOverError and
        StoreError."""
        row = visit.alerts.row(alert)
        if row is not None:
            deed = Deed(visit.admin.name, "alert-closed", f"{alert}", visit.address)
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
        """Count a try to sign in, before it waits for its turn. Raises TooOftenError."""
        _refuse_haste(self._sign_ins.wait_s(network_of(address)))

    def sign_in(self, name: str, password: str, address: str) -> str | None:
        """The secret of a new session, or None. Raises TooOftenError for a name that too many
        addresses try, and StoreError."""
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
        return opened

    def sign_in_with_token(self, token: str, address: str) -> str | None:
        """The secret of a new session, or None. Raises StoreError."""
        with writing(self._database) as db:
            return open_session(db, token, self.now_ms(), address)

    def allow_departure(self, address: str) -> None:
        """Count a browser that leaves for the provider. Raises TooOftenError."""
        _refuse_haste(self._departures.wait_s(network_of(address)))

    def allow_arrival(self, address: str) -> None:
        """Count a browser that comes back; apart from passwords, for any page of the web can make
        browsers come. Raises TooOftenError."""
        _refuse_haste(self._arrivals.wait_s(network_of(address)))

    def sign_in_person(self, person: Person, address: str) -> str | None:
        """The secret of a new session for whom the provider vouches, or None when no account is
        linked to them. Raises StoreError."""
        with writing(self._database) as db:
            return sign_in_person(db, person, self.now_ms(), address)

    def note_unconfirmed(self, address: str) -> None:
        """Put into the audit log that somebody came back without a proof. Raises StoreError."""
        with writing(self._database) as db:
            record_unconfirmed(db, self.now_ms(), address)

    def sign_out(self, session: str, address: str) -> None:
        """End a session. Raises StoreError."""
        with writing(self._database) as db:
            close_session(db, session, self.now_ms(), address)


def _refuse_haste(wait_s: int) -> None:
    if wait_s:
        raise TooOftenError(wait_s)
