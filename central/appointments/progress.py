"""What became of appointments, read row by row in the journals of their sites."""

import logging
from typing import Any, NamedTuple

from central.rollup.business_day import day_of, trusted_ms
from central.store.appointments_delivery import Deliveries, Followed, Held
from central.store.database import Location, reading, transaction, writing
from contract import events as e
from contract.codec import ContractError, decode_entry

logger = logging.getLogger(__name__)

_JOURNALS_AT_ONCE = 500
_ROWS_AT_ONCE = 2_000
_LATEST_MS = 253_402_275_600_000
"""No calendar goes beyond; a hub's clock, or one that was forged, may."""
_PHASES: dict[type[Any], str] = {
    e.TicketCalled: "called",
    e.TicketResumed: "called",
    e.ServiceReopened: "called",
    e.ServiceFinished: "served",
    e.CallTakenBack: "checked_in",
    e.NoShowMarked: "not_come",
    e.NoShowTakenBack: "called",
    e.TicketReturned: "checked_in",
    e.TicketTransferred: "checked_in",
}
_READ: tuple[type[Any], ...] = (
    e.AppointmentBooked,
    e.AppointmentCancelled,
    e.TicketIssued,
    e.TicketVoided,
    *_PHASES,
)
_KINDS = tuple(kind.__name__ for kind in _READ)


class _News(NamedTuple):
    """What a journal has told of appointments up to a row."""

    journal: Followed
    entries: list[e.Entry]
    upto: int


def follow(database: Location, now_ms: int) -> int:
    """Read what sites with appointments have told since the last time; returns how many rows
    concerned one. Raises StoreError.

    Nobody waits while it is read: one short transaction writes what came of it. Of the journals of
    one node, a later one is read when the earlier one is.
    """
    with reading(database) as conn:
        deliveries = Deliveries(conn)
        unread = deliveries.unread(_JOURNALS_AT_ONCE)
        oldest = {journal.node: journal for journal in reversed(unread)}
        news = [_read(deliveries, journal) for journal in oldest.values()]
    if not news:
        return 0
    with writing(database) as db, transaction(db.conn):
        deliveries = Deliveries(db.conn)
        for journal, entries, upto in news:
            for entry in entries:
                _take(deliveries, journal, entry, now_ms)
            deliveries.read_up_to(journal, upto)
    return sum(len(one.entries) for one in news)


def _read(deliveries: Deliveries, journal: Followed) -> _News:
    """The next rows that concern an appointment: most tickets have none."""
    rows = deliveries.entries(journal, _KINDS, _ROWS_AT_ONCE)
    tickets = deliveries.tickets(journal) if rows else set()
    concerning = []
    for seq, body in rows:
        try:
            entry = decode_entry(body)
        except ContractError as error:
            logger.warning("row %d of journal %d is left out: %s", seq, journal.journal, error)
            continue
        event = entry.event
        if isinstance(event, e.TicketIssued) and event.appointment is not None:
            tickets.add(event.number)
        number = getattr(event, "number", None)
        if number is None or number in tickets:
            concerning.append(entry)
    is_all = len(rows) < _ROWS_AT_ONCE
    return _News(journal, concerning, journal.watermark if is_all else rows[-1][0])


def _take(deliveries: Deliveries, journal: Followed, entry: e.Entry, now_ms: int) -> None:
    event, at_ms = entry.event, _happened_ms(entry, now_ms)
    if isinstance(event, e.AppointmentBooked) and 0 <= event.slot_ms < _LATEST_MS:
        held = Held(event.service, event.slot_ms)
        is_early = at_ms is None and now_ms <= event.slot_ms
        deliveries.hold(journal.site, event.code, held, now_ms if is_early else at_ms)
    elif isinstance(event, e.AppointmentCancelled):
        deliveries.drop(journal.site, event.code)
    elif isinstance(event, e.TicketIssued):
        deliveries.let_go(journal, event.number)
        _check_in(deliveries, journal, event, at_ms)
    elif isinstance(event, e.TicketVoided):
        _give_back(deliveries, journal, event.number, now_ms)
    elif type(event) in _PHASES:
        number = getattr(event, "number", "")
        deliveries.turn(journal, number, _PHASES[type(event)], at_ms)


def _happened_ms(entry: e.Entry, now_ms: int) -> int | None:
    """When something happened, but not beyond now; None where the hub's clock was not to be
    trusted."""
    told_ms = trusted_ms(entry.stamp)
    return None if told_ms is None else min(told_ms, now_ms)


def _check_in(
    deliveries: Deliveries, journal: Followed, event: e.TicketIssued, at_ms: int | None
) -> None:
    code = event.appointment
    held = None if code is None else deliveries.held(journal.site, code)
    if code is not None and held is not None:
        deliveries.check_in(journal, code, day_of(held.slot_ms), event.number, at_ms)


def _give_back(deliveries: Deliveries, journal: Followed, ticket: str, now_ms: int) -> None:
    slot_ms = deliveries.slot_of(journal, ticket)
    if slot_ms is not None:
        deliveries.give_back(journal, ticket, day_of(slot_ms), now_ms)
