"""Appointments: what was booked at the centre, for those who book and for the sites."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, NamedTuple

from msgspec import Struct

from central.scope import Scope
from central.store.connection import Connection
from central.store.journal_reach import LAST, OVER_MS, PRESENT, REACHES_MS
from central.store.visible import Visible, Where

_DAY_STARTS_MS = "(slot_ms - (slot_ms + 25200000) % 86400000)"
_TOLD_MS = f"""(SELECT nullif(min(CASE WHEN watermark > coalesce(
            (SELECT followed FROM appointment_journals AS told
            WHERE told.site = nodes.site AND told.journal = journals.journal), 0)
        THEN 0 ELSE coalesce({REACHES_MS}, 0) END), 0)
    FROM nodes JOIN journals USING (node)
    WHERE nodes.site = appointments.site
        AND coalesce(retired_ms, {_DAY_STARTS_MS}) >= {_DAY_STARTS_MS}
        AND ({PRESENT} OR {LAST} > 0
            AND coalesce({OVER_MS}, {_DAY_STARTS_MS}) >= {_DAY_STARTS_MS}))"""  # noqa: S608 - our own columns
_COLUMNS = f"""appointments.code, service, slot_ms, day, cancelled, asked, held_service,
    held_slot_ms, phase, phase_ms, withdrawn, held_ms, {_TOLD_MS}"""


NO_CLOCK_TOLD = 0
"""In `held_ms`: the hub noted it by a clock that was not to be trusted."""


class Withdrawal(IntEnum):
    """Why the authority cancelled an appointment: not at all; its site ends before its day; the
    site's configuration no longer has the service or the hour."""

    NONE = 0
    SITE_ENDED = 1
    NOT_OFFERED = 2


class AppointmentRow(Struct, frozen=True):
    """An appointment as it is now.

    `service`, `slot_ms` and `cancelled` are what was decided at the centre, and `asked` what was
    asked for when it was booked. `held_service` and `held_slot_ms` are what the site's journal says
    that its hub has, since `held_ms`, None for nothing; `phase` is what became of the citizen who
    checked in, since `phase_ms`, None where no trusted clock says: while there is one, the hub's
    word holds. One is `withdrawn` that the authority cancelled. `told_ms` is until when everything
    that happened at the site was read (UTC milliseconds since 1970), None when unknown; it never
    goes beyond what was heard of a hub or a card that was at work on that day and is gone, for its
    rows may be lost.
    """

    code: str
    service: str
    slot_ms: int
    day: str
    cancelled: bool
    asked: str
    held_service: str | None
    held_slot_ms: int | None
    phase: str | None
    phase_ms: int | None
    withdrawn: Withdrawal = Withdrawal.NONE
    held_ms: int | None = None
    told_ms: int | None = None

    @property
    def present(self) -> tuple[str, int]:
        """The service and the slot that hold."""
        if self.phase is None or self.held_service is None or self.held_slot_ms is None:
            return self.service, self.slot_ms
        return self.held_service, self.held_slot_ms

    @property
    def is_at_site(self) -> bool:
        """Whether the hub has it as it is here, or no longer has what was cancelled."""
        if self.phase is not None:
            return True
        if self.cancelled:
            return self.held_service is None
        return (self.held_service, self.held_slot_ms) == (self.service, self.slot_ms)

    @property
    def was_in_time(self) -> bool | None:
        """Whether the hub had it as it is here when its slot began; None when no clock tells."""
        if self.is_at_site and self.held_ms == NO_CLOCK_TOLD:
            return None
        return self.is_at_site and (self.held_ms is None or self.held_ms <= self.slot_ms)


class Slot(Struct, frozen=True):
    """When and for what: `day` is the calendar day of `slot_ms` at the site."""

    service: str
    slot_ms: int
    day: str


class ToCome(NamedTuple):
    """An appointment that nobody has checked in for yet."""

    code: str
    slot: Slot


class Appointments:
    """Reads and writes appointments of sites that `scope` covers, over one connection; writes
    inside a transaction."""

    def __init__(self, conn: Connection, scope: Scope) -> None:
        self._conn = conn
        self._visible = Visible(conn, scope)

    def site(self, code: str) -> int | None:
        """The key of a site; None for one unknown or out of scope."""
        found = self._visible.query("SELECT site FROM visible", Where(site=code))
        return int(found[0][0]) if found else None

    def last_day(self, site: int) -> str | None:
        """The last day of a site; None until further notice."""
        found = self._conn.execute("SELECT valid_to FROM sites WHERE site = ?", (site,)).fetchone()
        return None if found is None else found[0]

    def one(self, site: str, code: str) -> AppointmentRow | None:
        """One appointment; None for one unknown, or of a site out of scope."""
        found = self._visible.query(
            f"""SELECT {_COLUMNS} FROM appointments JOIN visible USING (site)
            WHERE appointments.code = :appointment""",  # noqa: S608 - our own columns
            Where(site=site),
            appointment=code,
        )
        return _row(found[0]) if found else None

    def page(self, site: str, day: str, offset: int, limit: int) -> list[AppointmentRow]:
        """The appointments of a site and day, those too that were cancelled, by slot."""
        rows = self._visible.query(
            f"""SELECT {_COLUMNS} FROM appointments JOIN visible USING (site) WHERE day = :day
            ORDER BY slot_ms, appointments.code LIMIT :limit OFFSET :offset""",  # noqa: S608 - as above
            Where(site=site),
            day=day,
            limit=limit,
            offset=offset,
        )
        return [_row(row) for row in rows]

    def count(self, site: str, day: str) -> int:
        """How many appointments a site has on a day, those too that were cancelled."""
        rows = self._visible.query(
            "SELECT count(*) FROM appointments JOIN visible USING (site) WHERE day = :day",
            Where(site=site),
            day=day,
        )
        return int(rows[0][0])

    def by_key(self, booked_by: str, key: str) -> AppointmentRow | None:
        """What an account booked itself with an idempotency key, wherever that was."""
        found = self._conn.execute(
            f"SELECT {_COLUMNS} FROM appointments WHERE booked_by = ? AND key = ?",  # noqa: S608 - as above
            (booked_by, key),
        ).fetchone()
        return _row(found) if found else None

    def taken(self, site: int, service: str, first: str, last: str, but: str) -> list[int]:
        """When the slots of a service begin that others than `but` have from one day to another,
        each as often as it is taken, in order."""
        found = self._conn.execute(
            """SELECT slot_ms FROM appointments WHERE site = ? AND service = ?
            AND day BETWEEN ? AND ? AND cancelled = 0 AND code <> ? ORDER BY slot_ms""",
            (site, service, first, last, but),
        )
        return [slot_ms for (slot_ms,) in found]

    def booked_on(self, site: int, day: str, but: str) -> int:
        """How many others than `but` are of this day, those too that were cancelled."""
        found = self._conn.execute(
            "SELECT count(*) FROM appointments WHERE site = ? AND day = ? AND code <> ?",
            (site, day, but),
        )
        return int(found.fetchone()[0])

    def add(
        self,
        site: int,
        code: str,
        slot: Slot,
        *,
        booked_by: str,
        key: str,
        asked: str,
        now_ms: int,
    ) -> None:
        """Book a slot under a new code."""
        self._follow_from_now(site)
        self._conn.execute(
            """INSERT INTO appointments (site, code, service, slot_ms, day, change, booked_by, key,
            asked) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                site,
                code,
                slot.service,
                slot.slot_ms,
                slot.day,
                next_change(self._conn, now_ms),
                booked_by,
                key,
                asked,
            ),
        )

    def move(self, site: int, code: str, slot: Slot, now_ms: int) -> None:
        """Give an appointment another slot or service."""
        self._conn.execute(
            """UPDATE appointments SET service = ?, slot_ms = ?, day = ?, change = ?
            WHERE site = ? AND code = ?""",
            (slot.service, slot.slot_ms, slot.day, next_change(self._conn, now_ms), site, code),
        )

    def cancel(self, site: int, code: str, now_ms: int) -> None:
        """Give a slot back."""
        self._conn.execute(
            "UPDATE appointments SET cancelled = 1, change = ? WHERE site = ? AND code = ?",
            (next_change(self._conn, now_ms), site, code),
        )

    def to_come(self, site: str, today: str) -> list[ToCome]:
        """The appointments of a site from a day on that nobody has checked in for, by slot."""
        rows = self._visible.query(
            """SELECT appointments.code, service, slot_ms, day
            FROM appointments JOIN visible USING (site)
            WHERE day >= :today AND cancelled = 0 AND phase IS NULL
            ORDER BY day, slot_ms, appointments.code""",
            Where(site=site),
            today=today,
        )
        return [ToCome(code, Slot(*slot)) for code, *slot in rows]

    def withdraw(self, site: int, code: str, because: Withdrawal, now_ms: int) -> None:
        """Give a slot back by the authority's word."""
        self.cancel(site, code, now_ms)
        self._conn.execute(
            "UPDATE appointments SET withdrawn = ? WHERE site = ? AND code = ?",
            (int(because), site, code),
        )

    def _follow_from_now(self, site: int) -> None:
        """What a site's journals tell is read from its first appointment on."""
        if self._conn.execute("SELECT 1 FROM appointments WHERE site = ?", (site,)).fetchone():
            return
        self._conn.execute(
            """INSERT INTO appointment_journals (site, journal, followed)
            SELECT site, journal, watermark FROM journals JOIN nodes USING (node) WHERE site = ?
            ON CONFLICT (site, journal) DO UPDATE SET followed = excluded.followed""",
            (site,),
        )


def next_change(conn: Connection, now_ms: int) -> int:
    """The number of a change, inside its transaction. Changes are numbered by the clock, so that
    after a restored backup none comes again that a hub may have been told of."""
    last = conn.execute("SELECT max(change) FROM appointments").fetchone()[0] or 0
    return max(int(last) + 1, now_ms)


def _row(row: Sequence[Any]) -> AppointmentRow:
    return AppointmentRow(*(*row[:4], bool(row[4]), *row[5:10], Withdrawal(row[10]), *row[11:]))
