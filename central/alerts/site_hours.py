"""The opening hours that a hub's published configuration gives its site."""

import msgspec
from msgspec import Struct, field

from central.alerts.hours import Opening, Span, span_of


class _Session(Struct, frozen=True):
    weekdays: tuple[int, ...]
    issue_from: str
    closes: str

    @property
    def span(self) -> Span:
        return span_of(f"{self.issue_from}-{self.closes}")


class _Site(Struct, frozen=True):
    sessions: tuple[_Session, ...]
    closed_days: tuple[str, ...] = ()
    extra_days: dict[str, tuple[_Session, ...]] = field(default_factory=dict)


class _Published(Struct, frozen=True):
    site: _Site | None = None


def site_opening(text: str, everywhere: Opening) -> Opening | None:
    """From the first number of each session to its end, but not on the holidays of `everywhere`
    unless the site says that it works then; None where a configuration gives no hours, or none
    that can be understood: its hub refuses it then too."""
    try:
        site = msgspec.toml.decode(text, type=_Published).site
        if site is None:
            return None
        weekly = {
            day: tuple(session.span for session in site.sessions if day in session.weekdays)
            for day in range(1, 8)
        }
        extra = {
            day: tuple(session.span for session in sessions)
            for day, sessions in site.extra_days.items()
        }
    except (msgspec.DecodeError, ValueError):
        return None
    closed = (*everywhere.closed_days, *site.closed_days)
    return Opening(weekly, {**dict.fromkeys(closed, ()), **extra})
