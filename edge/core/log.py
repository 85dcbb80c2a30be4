"""What of a day deserves an explanation: what was done, when, by whom and why.

Read from the journal's rows, so that nobody can leave anything out.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any

from contract import events as e
from contract.day_log import LogKind, LogLine, LogPage
from contract.events import Entry
from contract.local_time import local_time
from contract.site_rules import Rules
from contract.stamp import Stamp
from edge.core import calendar
from edge.core.policy import APPOINTMENT
from edge.core.state import State


def log_page(
    rules: Rules,
    state: State,
    rows: Iterable[Entry],
    now: Stamp,
    *,
    before: int | None = None,
    limit: int = 50,
) -> LogPage:
    """The newest `limit` lines of the day whose rows are given, or of those before row `before`."""
    reader = _Reader(rules, state, now)
    newest: deque[LogLine] = deque(maxlen=limit + 1)
    for entry in rows:
        if before is not None and entry.seq >= before:
            break
        line = reader.read(entry)
        if line is not None:
            newest.append(line)
    lines = tuple(reversed(newest))[:limit]
    return LogPage(state.day, lines, lines[-1].seq if len(newest) > limit else None)


class _Reader:
    """Reads the rows of one day, in order."""

    def __init__(self, rules: Rules, state: State, now: Stamp) -> None:
        self._rules = rules
        self._state = state
        self._now = now
        self._usual = {counter.id: counter.services for counter in rules.counters}
        self._serves = dict(self._usual)

    def read(self, entry: Entry) -> LogLine | None:
        """The line that a row deserves, if any."""
        event = entry.event
        kind = _KINDS.get(type(event))
        if kind is None or not self._deserves(entry):
            return None
        about = {name: getattr(event, name) for name in _COPIED if hasattr(event, name)}
        if isinstance(event, e.DayOpened):
            about["abandoned"] = len(event.abandoned)
        return LogLine(entry.seq, self._at_ms(entry), kind, entry.actor, **about)

    def _deserves(self, entry: Entry) -> bool:
        match entry.event:
            case e.TicketCalled(how=how):
                return how == "chosen"
            case e.TicketIssued(priority=priority):
                return priority not in (None, APPOINTMENT)
            case e.CounterClosed():
                return self._within_hours(entry)
            case e.CounterOpened(counter=counter, services=services):
                return self._serves_now(counter, services)
            case e.ServicesAssigned(counter=counter, services=services):
                self._serves_now(counter, services or self._usual.get(counter, ()))
        return True

    def _serves_now(self, counter: str, services: tuple[str, ...]) -> bool:
        """Note what a counter serves from now on, and say whether that is news."""
        before = self._serves.get(counter)
        self._serves[counter] = services
        return before != services

    def _within_hours(self, entry: Entry) -> bool:
        """Whether the row was written before its half-day was over, as far as a clock can tell."""
        if not entry.stamp.synced and entry.stamp.boot != self._now.boot:
            return False
        if calendar.trusted_wall_ms(self._state, self._now) is None:
            return False
        at = local_time(self._at_ms(entry))
        time = at.strftime("%H:%M")
        sessions = calendar.sessions_of(self._rules, at.date())
        return any(session.issue_from <= time < session.closes for session in sessions)

    def _at_ms(self, entry: Entry) -> int:
        return calendar.shown_ms(self._state, entry.stamp, self._now)


_KINDS: dict[type[Any], LogKind] = {
    e.TicketCalled: "out-of-turn",
    e.TicketIssued: "priority",
    e.NoShowMarked: "no-show",
    e.NoShowTakenBack: "no-show-taken-back",
    e.ServiceReopened: "reopened",
    e.CallTakenBack: "call-taken-back",
    e.TicketVoided: "void",
    e.ServicesAssigned: "services",
    e.CounterOpened: "services",
    e.CounterClosed: "closed-early",
    e.DayOpened: "day-opened",
    e.RollStarted: "roll-started",
    e.RollEnded: "roll-ended",
}
_COPIED = (
    "number",
    "counter",
    "service",
    "services",
    "priority",
    "reason",
    "day",
    "series",
)
