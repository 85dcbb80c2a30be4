"""Appointments that nobody would serve: which they are, and how they are taken back."""

from collections.abc import Sequence

from central.access.audit import Deed, record
from central.appointments.offer import offers_of
from central.appointments.slots import SlotRule, is_open_for
from central.rollup.business_day import day_of
from central.scope import Scope
from central.store.appointments import Appointments, ToCome, Withdrawal
from central.store.connection import Connection


def unfit(conn: Connection, site: str, rule: SlotRule, now_ms: int) -> list[ToCome]:
    """The appointments to come of a site, by slot, of which none of its hubs has the service at
    that hour any longer; none while the centre has decided these for no hub."""
    offers = offers_of(conn, site)
    if not offers:
        return []
    return [
        one
        for one in Appointments(conn, Scope()).to_come(site, day_of(now_ms))
        if one.slot.slot_ms >= now_ms
        and not any(
            offer.service(one.slot.service) is not None and is_open_for(offer, rule, one.slot)
            for offer in offers
        )
    ]


def withdraw(
    conn: Connection,
    site: str,
    codes: Sequence[str],
    because: Withdrawal,
    *,
    said: str,
    who: str,
    now_ms: int,
) -> None:
    """Inside a transaction, cancel appointments of a site, which its hubs are told, with a line in
    the audit log that says how many and, in `said`, which."""
    book = Appointments(conn, Scope())
    place = book.site(site)
    if place is None or not codes:
        return
    for code in codes:
        book.withdraw(place, code, because, now_ms)
    subject = f"{site}: {len(codes)} {said}"
    record(conn, Deed(who, "appointments-withdrawn", subject), now_ms)
