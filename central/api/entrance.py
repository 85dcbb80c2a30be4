"""Lets an admin in with a token or a browser's session, to desks that see their scope only."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple

from central.access.accounts import (
    Admin,
    Lock,
    admin_of_session,
    admin_of_token,
    close_session,
    open_session,
    sign_in,
)
from central.access.audit import Deed, record
from central.access.limits import RateLimit
from central.access.passwords import Passwords
from central.access.permissions import Permission, may
from central.api.archive import Archive
from central.api.desk import Desk
from central.api.known import Moment
from central.api.live import LiveBoards
from central.api.records import Records
from central.rollup.business_day import day_of
from central.settings import AccessSettings
from central.store.access import AccessStore
from central.store.event_log import EventLog
from central.store.history import History
from central.store.reader import Reader
from central.store.sqlite import reading, transaction, writing
from central.store.totals import Totals
from runtime.clock import Clock


class NotLetInError(Exception):
    """Neither a valid token nor a valid session was shown."""


class ForbiddenError(Exception):
    """The role of who asks does not include this."""


class TooOftenError(Exception):
    """Asked too often; `wait_s` says after how many seconds to ask again."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"ask again in {wait_s} s")
        self.wait_s = wait_s


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


class Entrance:
    """Opens one reading connection for each visit. A site counts as live when it was heard, and
    is complete, within the last `live_within_s`."""

    def __init__(
        self,
        database: Path,
        clock: Clock,
        live_within_s: int,
        access: AccessSettings | None = None,
    ) -> None:
        access = access or AccessSettings()
        self._database = database
        self._clock = clock
        self._live_within_ms = live_within_s * 1000
        self.live = LiveBoards(database, clock, self._live_within_ms)
        self._passwords = Passwords()
        self._lock = Lock(access.lock_after, access.lock_s)
        self._requests = RateLimit(access.requests_per_minute, clock)
        self._sign_ins = RateLimit(access.sign_ins_per_minute, clock)

    def now_ms(self) -> int:
        """UTC milliseconds since 1970."""
        return self._clock.stamp().wall_ms

    def today(self) -> date:
        """The calendar day in Vietnam."""
        return date.fromisoformat(day_of(self.now_ms()))

    @contextmanager
    def visit(self, shown: Shown, permission: Permission) -> Iterator[Visit]:
        """Desks for whoever shows a token or, without one, a session, and may do this.

        Raises NotLetInError, ForbiddenError, TooOftenError, and StoreError when the database
        cannot be read.
        """
        moment = Moment(self.now_ms(), self._live_within_ms)
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
            reader, totals = Reader(conn, admin.scope), Totals(conn, admin.scope)
            yield Visit(
                admin,
                shown.address,
                Desk(reader, totals, *moment),
                Archive(reader, History(conn, admin.scope), totals, moment),
                Records(reader, EventLog(conn, admin.scope), AccessStore(conn), moment),
            )

    def note(self, visit: Visit, action: str, subject: str) -> None:
        """Put into the audit log what a visitor does. Raises StoreError when it cannot be kept,
        and then it should not be done."""
        deed = Deed(visit.admin.name, action, subject, visit.address)
        with writing(self._database) as db, transaction(db.conn):
            record(db.conn, deed, self.now_ms())

    def sign_in(self, name: str, password: str, address: str) -> str | None:
        """The secret of a new session, or None. Raises TooOftenError and StoreError."""
        _refuse_haste(self._sign_ins.wait_s(address))
        with writing(self._database) as db:
            return sign_in(
                db,
                self._passwords,
                self._lock,
                name,
                password,
                address=address,
                now_ms=self.now_ms(),
            )

    def sign_in_with_token(self, token: str, address: str) -> str | None:
        """The secret of a new session, or None. Raises TooOftenError and StoreError."""
        _refuse_haste(self._sign_ins.wait_s(address))
        with writing(self._database) as db:
            return open_session(db, token, self.now_ms(), address)

    def sign_out(self, session: str, address: str) -> None:
        """End a session. Raises StoreError."""
        with writing(self._database) as db:
            close_session(db, session, self.now_ms(), address)


def _refuse_haste(wait_s: int) -> None:
    if wait_s:
        raise TooOftenError(wait_s)
