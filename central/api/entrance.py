"""Lets an admin in with a token or a browser's session, to a desk that sees their scope only."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple

from central.access.accounts import Admin, admin_of_session, admin_of_token
from central.api.desk import Desk
from central.rollup.business_day import day_of
from central.store.reader import Reader
from central.store.sqlite import reading
from runtime.clock import Clock


class NotLetInError(Exception):
    """Neither a valid token nor a valid session was shown."""


class Visit(NamedTuple):
    """An admin at a desk."""

    admin: Admin
    desk: Desk


class Entrance:
    """Opens one reading connection for each visit. A site counts as live when it was heard, and
    is complete, within the last `live_within_s`."""

    def __init__(self, database: Path, clock: Clock, live_within_s: int) -> None:
        self._database = database
        self._clock = clock
        self._live_within_ms = live_within_s * 1000

    def now_ms(self) -> int:
        """UTC milliseconds since 1970."""
        return self._clock.stamp().wall_ms

    def today(self) -> date:
        """The calendar day in Vietnam."""
        return date.fromisoformat(day_of(self.now_ms()))

    @contextmanager
    def visit(self, token: str | None, session: str | None) -> Iterator[Visit]:
        """A desk for whoever shows a token or, without one, a session.

        Raises NotLetInError for anyone else, and StoreError when the database cannot be read.
        """
        now_ms = self.now_ms()
        with reading(self._database) as conn:
            if token is not None:
                admin = admin_of_token(conn, token)
            else:
                admin = admin_of_session(conn, session or "", now_ms)
            if admin is None:
                raise NotLetInError
            yield Visit(admin, Desk(Reader(conn, admin.scope), now_ms, self._live_within_ms))
