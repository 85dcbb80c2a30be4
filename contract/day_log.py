"""A day's log as a hub tells it: what was done that deserves an explanation, by whom and why."""

from typing import Literal

from msgspec import Struct

LogKind = Literal[
    "out-of-turn",
    "priority",
    "no-show",
    "no-show-taken-back",
    "reopened",
    "call-taken-back",
    "void",
    "services",
    "closed-early",
    "day-opened",
    "roll-started",
    "roll-ended",
]


class LogLine(Struct, frozen=True, omit_defaults=True):
    """One thing that was done at `at_ms` (UTC milliseconds since 1970), and what it was about.

    The words of each kind are in the catalogue under `log.<kind>`. `abandoned` are the tickets of
    the day before that were neither served nor voided when a day was opened.
    """

    seq: int
    at_ms: int
    kind: LogKind
    actor: str
    number: str | None = None
    counter: str | None = None
    service: str | None = None
    services: tuple[str, ...] = ()
    priority: str | None = None
    reason: str | None = None
    day: str | None = None
    abandoned: int | None = None
    series: str | None = None


class LogPage(Struct, frozen=True):
    """Lines of the business day, the newest first; `before` asks for older ones, if there are."""

    day: str
    lines: tuple[LogLine, ...]
    before: int | None
