"""Decisions about ratings: one for each finished service, and every other press kept."""

from contract import commands as c
from contract import events as e
from contract.refusals import Reason
from contract.site_rules import Rules
from contract.stamp import Stamp, span
from edge.core.case import Case, No
from edge.core.state import Counter


def rate(case: Case, command: c.Rate) -> list[e.AnyEvent]:
    """Count one rating per finished service; keep every other press, uncounted."""
    counter = case.counter(command.counter)
    levels = case.rules.rating_levels
    if command.level > levels:
        raise No(Reason.RATING_LEVEL, level=command.level, levels=levels)
    known = {reason.id for reason in case.rules.rating_reasons}
    if command.reason is not None and command.reason not in known:
        raise No(Reason.UNKNOWN_RATING_REASON, code=command.reason)
    due = counter.rating
    if due is None:
        return [e.RatingIgnored(counter.id, command.level, "nothing-finished")]
    if command.finished_seq not in (None, due.seq):
        return [e.RatingIgnored(counter.id, command.level, "too-late")]
    if due.rated:
        return [e.RatingIgnored(counter.id, command.level, "already-rated")]
    if rating_left_ms(case.rules, counter, case.stamp) is None:
        return [e.RatingIgnored(counter.id, command.level, "too-late")]
    return [e.RatingGiven(counter.id, due.service, command.level, levels, command.reason)]


def rating_left_ms(rules: Rules, counter: Counter, now: Stamp) -> int | None:
    """How long the service finished last at `counter` may still be rated; None when it may not.

    Until the counter serves somebody else: a clerk who finishes and calls with one key does not
    take the buttons away from the citizen who is still standing there.
    """
    due = counter.rating
    if due is None or due.rated:
        return None
    elapsed = span(due.finished, now)
    left_ms = -1 if elapsed is None else rules.rating_window_s * 1000 - elapsed.ms
    return left_ms if left_ms >= 0 else None
