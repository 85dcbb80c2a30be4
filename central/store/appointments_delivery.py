"""Appointments on their way: what hubs still have to be told, and what their journals say."""

from typing import NamedTuple

from central.store.appointments import NO_CLOCK_TOLD, next_change
from central.store.connection import Connection
from central.store.journal_rows import rows_between


class Change(NamedTuple):
    """An appointment as it is now, by the number of its last change; None: it was cancelled."""

    change: int
    code: str
    service: str | None
    slot_ms: int


class Followed(NamedTuple):
    """A journal of a site with appointments, read up to row `followed` of `watermark`."""

    site: int
    node: int
    journal: int
    followed: int
    watermark: int


class Held(NamedTuple):
    """What a hub has noted under a code."""

    service: str
    slot_ms: int


class Deliveries:
    """Reads what is to be told to sites of the whole nation, and writes what they say; writes
    inside a transaction."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def latest(self, after: int) -> dict[str, int]:
        """The last change of each site where anything was changed after a change."""
        rows = self._conn.execute(
            """SELECT sites.code, max(change) FROM appointments JOIN sites USING (site)
            WHERE change > ? GROUP BY sites.code""",
            (after,),
        )
        return {site: int(change) for site, change in rows}

    def changes(self, site: str, after: int, today: str, limit: int) -> list[Change]:
        """What a site has to be told, the oldest change first: nothing of past days, and nothing
        of whom it has told itself that they checked in."""
        rows = self._conn.execute(
            """SELECT change, appointments.code, CASE WHEN cancelled = 0 THEN service END, slot_ms
            FROM appointments JOIN sites USING (site) WHERE sites.code = ? AND change > ?
            AND day >= ? AND phase IS NULL ORDER BY change LIMIT ?""",
            (site, after, today, limit),
        )
        return [Change(*row) for row in rows]

    def unread(self, limit: int) -> list[Followed]:
        """Journals that have more to tell."""
        rows = self._conn.execute(
            """SELECT nodes.site, nodes.node, journals.journal, coalesce(followed, 0), watermark
            FROM nodes JOIN journals USING (node)
            LEFT JOIN appointment_journals ON appointment_journals.site = nodes.site
                AND appointment_journals.journal = journals.journal
            WHERE watermark > coalesce(followed, 0) AND EXISTS
                (SELECT 1 FROM appointments WHERE appointments.site = nodes.site)
            ORDER BY journals.journal LIMIT ?""",
            (limit,),
        )
        return [Followed(*row) for row in rows]

    def entries(
        self, journal: Followed, kinds: tuple[str, ...], limit: int
    ) -> list[tuple[int, bytes]]:
        """The next rows of these kinds, those of the training queue left out."""
        rows = rows_between(
            self._conn,
            journal.journal,
            journal.followed + 1,
            journal.watermark,
            "seq, entry",
            condition=f"training = 0 AND kinds.name IN ({', '.join('?' * len(kinds))})",
            values=kinds,
            limit=limit,
        )
        return [(int(seq), bytes(entry)) for seq, entry in rows]

    def tickets(self, journal: Followed) -> set[str]:
        """The tickets of a journal's node that appointments became."""
        rows = self._conn.execute(
            "SELECT ticket FROM appointments WHERE node = ? AND ticket IS NOT NULL",
            (journal.node,),
        )
        return {ticket for (ticket,) in rows}

    def read_up_to(self, journal: Followed, seq: int) -> None:
        """Note how far a journal was read."""
        self._conn.execute(
            """INSERT INTO appointment_journals (site, journal, followed) VALUES (?, ?, ?)
            ON CONFLICT (site, journal) DO UPDATE SET followed = excluded.followed""",
            (journal.site, journal.journal, seq),
        )

    def hold(self, site: int, code: str, held: Held, at_ms: int | None) -> None:
        """A hub has noted a slot, None: no clock tells when; what says most for the site counts,
        of several hubs and cards too: in time, then perhaps in time, then late."""
        if at_ms is None:
            at_ms, as_good = NO_CLOCK_TOLD, (NO_CLOCK_TOLD, held.slot_ms)
        elif at_ms <= held.slot_ms:
            as_good = (NO_CLOCK_TOLD + 1, held.slot_ms)
        else:
            as_good = (NO_CLOCK_TOLD, at_ms)
        self._conn.execute(
            """UPDATE appointments SET held_service = ?, held_slot_ms = ?, held_ms =
                CASE WHEN held_service = ? AND held_slot_ms = ?
                    AND held_ms BETWEEN ? AND ?
                THEN held_ms ELSE ? END WHERE site = ? AND code = ?""",
            (*held, *held, *as_good, at_ms, site, code),
        )

    def drop(self, site: int, code: str) -> None:
        """The hub has given a slot back."""
        self._conn.execute(
            """UPDATE appointments SET held_service = NULL, held_slot_ms = NULL, held_ms = NULL
            WHERE site = ? AND code = ?""",
            (site, code),
        )

    def held(self, site: int, code: str) -> Held | None:
        """What the hub has noted under a code."""
        found = self._conn.execute(
            "SELECT held_service, held_slot_ms FROM appointments WHERE site = ? AND code = ?",
            (site, code),
        ).fetchone()
        return None if found is None or found[0] is None else Held(*found)

    def check_in(
        self, journal: Followed, code: str, day: str, ticket: str, at_ms: int | None
    ) -> None:
        """The citizen came: what the hub has noted, for this day, holds."""
        self._conn.execute(
            """UPDATE appointments SET day = ?, node = ?, ticket = ?, phase = 'checked_in',
            phase_ms = ? WHERE site = ? AND code = ?""",
            (day, journal.node, ticket, at_ms, journal.site, code),
        )

    def turn(self, journal: Followed, ticket: str, phase: str, at_ms: int | None) -> None:
        """Something became of the citizen with this ticket, if an appointment has it; None: no
        clock tells when."""
        self._conn.execute(
            "UPDATE appointments SET phase = ?, phase_ms = ? WHERE node = ? AND ticket = ?",
            (phase, at_ms, journal.node, ticket),
        )

    def slot_of(self, journal: Followed, ticket: str) -> int | None:
        """The slot that was decided for the appointment with this ticket, if one has it."""
        found = self._conn.execute(
            "SELECT slot_ms FROM appointments WHERE node = ? AND ticket = ?",
            (journal.node, ticket),
        ).fetchone()
        return None if found is None else int(found[0])

    def give_back(self, journal: Followed, ticket: str, day: str, now_ms: int) -> None:
        """The ticket is void: what was decided holds again, for its day, and the hub is told once
        more, for it may have refused it meanwhile."""
        self._conn.execute(
            """UPDATE appointments SET day = ?, ticket = NULL, phase = NULL, phase_ms = NULL,
            change = ? WHERE node = ? AND ticket = ?""",
            (day, next_change(self._conn, now_ms), journal.node, ticket),
        )

    def let_go(self, journal: Followed, ticket: str) -> None:
        """The number is given out again: what happens to it now concerns somebody else."""
        self._conn.execute(
            "UPDATE appointments SET ticket = NULL WHERE node = ? AND ticket = ?",
            (journal.node, ticket),
        )

    def forget(self, before: str) -> int:
        """Delete appointments of days before; returns how many."""
        gone = self._conn.execute(
            "DELETE FROM appointments WHERE day < ? RETURNING code", (before,)
        )
        return len(gone.fetchall())
