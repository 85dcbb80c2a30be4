"""What the centre holds of a hub's present day, byte for byte, for a new card."""

from itertools import islice
from typing import NamedTuple

from msgspec import Raw

from central.store.connection import Connection
from central.store.journal_rows import entries_between, rows_between
from central.store.node_journals import HeldJournal, held_journals
from contract.codec import ContractError, decode_entry
from contract.events import DayOpened
from contract.stamp import MS_PER_DAY
from contract.wire import VERSION, HeldRows, SiteState

_MOST_JOURNALS = 5
_APPOINTMENTS_MS = 90 * MS_PER_DAY


class _Journal(NamedTuple):
    """A journal; `day` is its last business day, which began anew at row `start`.

    None for a journal that only goes on with the queue of an older one.
    """

    held: HeldJournal
    day: str | None
    start: int | None


def site_state(conn: Connection, node: str, now_ms: int) -> SiteState:
    """Rows from the beginning of the node's last business day on, its journals the oldest first.

    A day that was carried over from an earlier opening or journal brings those along. Journals
    without a ticket are those of cards that were started and never worked, and are left out.
    """
    journals = _journals(conn, node)
    parts: list[HeldRows] = []
    for journal in journals:
        held = journal.held
        rows = entries_between(conn, held.key, journal.start or 1, held.highest)
        if journal.start is not None:
            rows = [*_appointments(conn, held.key, journal.start - 1, now_ms), *rows]
        parts.insert(0, HeldRows(held.epoch, tuple(map(Raw, rows))))
        if journal.start is not None:
            break
    return SiteState(
        VERSION,
        node,
        missing=journals[0].held.missing if journals else 0,
        orders=_orders(conn, journals),
        journals=tuple(parts),
    )


def _journals(conn: Connection, node: str) -> list[_Journal]:
    """The node's last journals with a ticket, the newest first."""
    worked = (held for held in held_journals(conn, node) if _has_tickets(conn, held))
    return [_Journal(held, *_last_day(conn, held)) for held in islice(worked, _MOST_JOURNALS)]


def _has_tickets(conn: Connection, held: HeldJournal) -> bool:
    is_ticket = "ticket IS NOT NULL AND training = 0"
    tickets = rows_between(conn, held.key, 1, held.highest, "seq", condition=is_ticket, limit=1)
    return next(tickets, None) is not None


def _last_day(conn: Connection, held: HeldJournal) -> tuple[str | None, int | None]:
    """The journal's last business day, and the last opening that nothing was carried over to."""
    openings = rows_between(
        conn,
        held.key,
        1,
        held.highest,
        "seq, entry",
        condition="kinds.name = 'DayOpened' AND training = 0",
        newest_first=True,
    )
    day = None
    for seq, entry in openings:
        try:
            event = decode_entry(entry).event
        except ContractError:
            continue
        if isinstance(event, DayOpened):
            day = day or event.day
            if not event.carried:
                return day, int(seq)
    return day, None


def _appointments(conn: Connection, journal: int, last: int, now_ms: int) -> list[bytes]:
    """Slots booked before the day began, up to row `last`."""
    rows = rows_between(
        conn,
        journal,
        1,
        last,
        "entry",
        condition="kinds.name IN ('AppointmentBooked', 'AppointmentCancelled') AND wall_ms > ?",
        values=(now_ms - _APPOINTMENTS_MS,),
    )
    return [row[0] for row in rows]


def _orders(conn: Connection, journals: list[_Journal]) -> dict[str, int]:
    """The highest order of each series on the last day, whichever card gave it out."""
    highest: dict[str, int] = {}
    for journal in journals:
        if journal.day not in (None, journals[0].day):
            continue
        rows = rows_between(
            conn,
            journal.held.key,
            journal.start or 1,
            journal.held.highest,
            "substr(ticket, 1, 1), CAST(substr(ticket, 2) AS INTEGER)",
            condition="training = 0 AND kinds.name = 'TicketIssued'",
        )
        for series, order in rows:
            highest[series] = max(order, highest.get(series, 0))
    return highest
