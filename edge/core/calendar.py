"""Which business day it is and whether numbers are given out now, for a clock that may be wrong.

A machine without a clock chip starts in the past. So a day is opened by a synchronised clock, or
by one that was synchronised earlier in the same boot; until then numbers go on in the day that
was, or that a supervisor names. When a clock then shows that numbers were given out today under
another date, they keep their place and the numbering goes on above them: no number comes twice on
one calendar day.
"""

from collections.abc import Collection
from datetime import date
from typing import Literal

from contract.events import Brought, ClockStepped, DayOpened
from contract.ids import TicketNumber
from contract.local_time import local_time
from contract.site_rules import Rules, Session
from contract.stamp import Stamp
from edge.core.state import ENDED, State, Ticket

_DAYS_REMEMBERED = 60
_STEP_MS = 1000
_HALF_DAY_NS = 12 * 3_600 * 1_000_000_000

Issuing = Literal["open", "closed", "after-last-ticket"]


def trusted_wall_ms(state: State, stamp: Stamp) -> int | None:
    """UTC milliseconds that can be believed, or None while no clock can tell."""
    if stamp.synced:
        return stamp.wall_ms
    if state.anchor is not None and state.anchor.boot == stamp.boot:
        return state.anchor.wall_ms + (stamp.mono_ns - state.anchor.mono_ns) // 1_000_000
    return None


def shown_ms(state: State, past: Stamp, now: Stamp) -> int:
    """UTC milliseconds at which `past` was, by the clock as it is believed `now`."""
    wall_ms = trusted_wall_ms(state, now)
    now_ms = now.wall_ms if wall_ms is None else wall_ms
    if past.boot == now.boot:
        return now_ms - (now.mono_ns - past.mono_ns) // 1_000_000
    if past.synced:
        return min(past.wall_ms, now_ms)
    return now_ms - now.mono_ns // 1_000_000  # all we know is that it was before this boot


def day_to_open(state: State, stamp: Stamp) -> DayOpened | None:
    """The opening of a business day that is due before anything else happens at `stamp`."""
    wall_ms = trusted_wall_ms(state, stamp)
    if not state.day:
        shown_ms = stamp.wall_ms if wall_ms is None else wall_ms
        return DayOpened(day_of(shown_ms), trusted=wall_ms is not None, last_orders={})
    if wall_ms is None or (state.day_trusted and state.day == day_of(wall_ms)):
        return None
    return opening(state, day_of(wall_ms), stamp, wall_ms)


def opening(
    state: State,
    day: str,
    stamp: Stamp,
    wall_ms: int | None,
    gone: Collection[TicketNumber] = (),
) -> DayOpened:
    """The event that opens `day`; tickets that may be of this day are carried over, but for those
    whose holders are known to be `gone`.

    Numbers begin anew only when a clock that can be believed (`wall_ms`) shows that none of the
    present ones was given out on `day`. A counter stays with the ticket that it has. Where a person
    says that it is a later day, free counters that may have stood open since the day before are
    closed.
    """
    still_here = [t for t in state.tickets.values() if t.phase not in ENDED]
    carried = [
        t.number
        for t in still_here
        if t.number not in gone
        and not _was_found_before(day, t, stamp, wall_ms)
        and _may_be_of(day, t.since, stamp, wall_ms)
    ]
    kept = set(carried)
    said_later = wall_ms is None and day > state.day
    abandoned = [t.number for t in still_here if t.number not in kept]
    last = state.last_issue
    used_today = last is not None and _may_be_of(day, last, stamp, wall_ms)
    known = [state.past_orders.get(day, {})]
    if wall_ms is None or day == state.day or carried or used_today:
        known.append(state.orders)
    last_orders = {
        series: max(orders.get(series, 0) for orders in known)
        for series in sorted({series for orders in known for series in orders})
    }
    return DayOpened(
        day,
        trusted=wall_ms is not None,
        last_orders=last_orders,
        carried=tuple(carried),
        abandoned=tuple(abandoned),
        counters=tuple(
            c.id
            for c in state.counters.values()
            if (
                c.ticket in kept
                if c.ticket is not None
                else _may_be_of(day, c.since, stamp, wall_ms)
                and not (said_later and may_be_earlier(state, c.since, stamp))
            )
        ),
        brought=tuple(_brought(t) for t in still_here if t.number in kept and t.place <= 0)
        if state.today.opened_seq == 0
        else (),
    )


def may_be_earlier(state: State, past: Stamp, now: Stamp) -> bool:
    """Whether, with no clock to tell, `past` may have been on a day before: the machine was
    started since, or half a day is over."""
    if trusted_wall_ms(state, now) is not None:
        return False
    return past.boot != now.boot or now.mono_ns - past.mono_ns > _HALF_DAY_NS


def was_on(day: str, past: Stamp, now: Stamp, wall_ms: int) -> bool:
    """Whether `past` was on `day`, by the clock that shows `wall_ms` now."""
    if past.boot == now.boot:
        return day_of(wall_ms - (now.mono_ns - past.mono_ns) // 1_000_000) == day
    return past.synced and past.wall_ms <= wall_ms and day_of(past.wall_ms) == day


def remembered(
    past: dict[str, dict[str, int]], day: str, orders: dict[str, int]
) -> dict[str, dict[str, int]]:
    """`past` with the highest orders of one more day, if it had any.

    The days that were opened longest ago are forgotten.
    """
    if not orders:
        return past
    before = past.get(day, {})
    highest = {s: max(before.get(s, 0), orders.get(s, 0)) for s in sorted({*before, *orders})}
    kept = [(d, o) for d, o in past.items() if d != day][-(_DAYS_REMEMBERED - 1) :]
    return dict([*kept, (day, highest)])


def clock_step(before: Stamp, now: Stamp) -> ClockStepped | None:
    """The event that is due when the wall clock moved against the monotonic one."""
    if before.boot != now.boot:
        return None
    by_ms = now.wall_ms - before.wall_ms - (now.mono_ns - before.mono_ns) // 1_000_000
    if abs(by_ms) < _STEP_MS and before.synced == now.synced:
        return None
    return ClockStepped(by_ms, now.synced)


def issuing(rules: Rules, state: State, stamp: Stamp) -> Issuing:
    """Whether numbers are given out now. A clock that cannot be trusted closes nothing."""
    wall_ms = trusted_wall_ms(state, stamp)
    if wall_ms is None:
        return "open"
    now = local_time(wall_ms)
    time = now.strftime("%H:%M")
    for session in sessions_of(rules, now.date()):
        if session.issue_from <= time < session.last_ticket:
            return "open"
        if session.last_ticket <= time < session.closes:
            return "after-last-ticket"
    return "closed"


def sessions_of(rules: Rules, day: date) -> tuple[Session, ...]:
    """The sessions of a calendar day; none on a closed day."""
    iso = day.isoformat()
    if iso in rules.extra_days:
        return rules.extra_days[iso]
    if iso in rules.closed_days:
        return ()
    return tuple(s for s in rules.sessions if day.isoweekday() in s.weekdays)


def hours(rules: Rules, day: str) -> str:
    """The hours in which `day` gives out numbers, for people: "07:30–11:15, 13:30–16:30"."""
    sessions = sessions_of(rules, date.fromisoformat(day))
    return ", ".join(f"{s.issue_from}–{s.last_ticket}" for s in sessions) or "–"


def _brought(ticket: Ticket) -> Brought:
    """What the centre must be told of a ticket whose issue is in no row of this journal."""
    since_ms = ticket.since.wall_ms if ticket.since.synced else None
    if since_ms is not None and ticket.phase == "waiting":
        since_ms += ticket.early_ms
    return Brought(ticket.number, ticket.services, ticket.phase, since_ms)


def _may_be_of(day: str, past: Stamp, stamp: Stamp, wall_ms: int | None) -> bool:
    """Whether, for all we know now, `past` was on `day` or later.

    What no clock dates may always have been: a queue that was moved here has stamps of another
    machine, which may be younger than this one's start.
    """
    if past.boot == stamp.boot and wall_ms is not None:
        return day_of(wall_ms - (stamp.mono_ns - past.mono_ns) // 1_000_000) >= day
    return not past.synced or day_of(past.wall_ms) >= day


def _was_found_before(day: str, ticket: Ticket, stamp: Stamp, wall_ms: int | None) -> bool:
    """Whether the ticket, dated by no clock, was already as it is when an earlier day began."""
    found = ticket.found
    return (
        wall_ms is not None
        and found is not None
        and not ticket.since.synced
        and ticket.since.boot != stamp.boot
        and (found.day < day and found.since == ticket.since)
    )


def day_of(wall_ms: int) -> str:
    """The site's calendar day, ISO 8601."""
    return local_time(wall_ms).date().isoformat()
