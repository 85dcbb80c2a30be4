"""Appointments: what was booked at the centre, for those who book and for the sites."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from central.scope import Scope
from central.store.connection import Connection
from central.store.visible import Visible

_COLUMNS = """appointments.code, service, slot_ms, day, cancelled, asked, held_service,
    held_slot_ms, phase, phase_ms"""


class AppointmentRow(Struct, frozen=True):
    """An appointment as it is now.

    `service`, `slot_ms` and `cancelled` are what was decided at the centre, and `asked` what was
    asked for when it was booked. `held_service` and `held_slot_ms` are what the site's journal says
    that its hub has, None for nothing; `phase` is what became of the citizen who checked in, since
    `phase_ms`: while there is one, the hub's word holds.
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


class Slot(Struct, frozen=True):
    """When and for what: `day` is the calendar day of `slot_ms` at the site."""

    service: str
    slot_ms: int
    day: str


class Appointments:
    """Reads and writes appointments of sites that `scope` covers, over one connection; writes
    inside a transaction."""

    def __init__(self, conn: Connection, scope: Scope) -> None:
        self._conn = conn
        self._visible = Visible(conn, scope)

    def site(self, code: str) -> int | None:
        """The key of a site; None for one unknown or out of scope."""
        found = self._visible.query("SELECT site FROM visible", site=code)
        return int(found[0][0]) if found else None

    def one(self, site: str, code: str) -> AppointmentRow | None:
        """One appointment; None for one unknown, or of a site out of scope."""
        found = self._visible.query(
            f"""SELECT {_COLUMNS} FROM appointments JOIN visible USING (site)
            WHERE appointments.code = :appointment""",  # noqa: S608 - our own columns
            site=site,
            appointment=code,
        )
        return _row(found[0]) if found else None

    def page(self, site: str, day: str, offset: int, limit: int) -> list[AppointmentRow]:
        """The appointments of a site and day, those too that were cancelled, by slot."""
        rows = self._visible.query(
            f"""SELECT {_COLUMNS} FROM appointments JOIN visible USING (site) WHERE day = :day
            ORDER BY slot_ms, appointments.code LIMIT :limit OFFSET :offset""",  # noqa: S608 - as above
            site=site,
            day=day,
            limit=limit,
            offset=offset,
        )
        return [_row(row) for row in rows]

    def count(self, site: str, day: str) -> int:
        """How many appointments a site has on a day, those too that were cancelled."""
        rows = self._visible.query(
            "SELECT count(*) FROM appointments JOIN visible USING (site) WHERE day = :day",
            site=site,
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

    def booked_for(self, site: int, slot: Slot, but: str) -> int:
        """How many others than `but` have this slot."""
        found = self._conn.execute(
            """SELECT count(*) FROM appointments WHERE site = ? AND day = ? AND slot_ms = ?
            AND service = ? AND cancelled = 0 AND code <> ?""",
            (site, slot.day, slot.slot_ms, slot.service, but),
        )
        return int(found.fetchone()[0])

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
    return AppointmentRow(*(*row[:4], bool(row[4]), *row[5:]))
