"""The opening hours that a hub's published configuration gives its site."""

from central.alerts.hours import Opening, Span, span_of
from central.configuration.site_rules import site_rules
from contract.site_rules import Session


def site_opening(text: str, everywhere: Opening) -> Opening | None:
    """From the first number of each session to its end, but not on the holidays of `everywhere`
    unless the site says that it works then; None where a configuration gives no hours, or none
    that can be understood: its hub refuses it then too."""
    try:
        site = site_rules(text)
    except ValueError:
        return None
    if site is None:
        return None
    weekly = {
        day: tuple(_span(session) for session in site.sessions if day in session.weekdays)
        for day in range(1, 8)
    }
    extra = {day: tuple(map(_span, sessions)) for day, sessions in site.extra_days.items()}
    closed = (*everywhere.closed_days, *site.closed_days)
    return Opening(weekly, {**dict.fromkeys(closed, ()), **extra})


def _span(session: Session) -> Span:
    return span_of(f"{session.issue_from}-{session.closes}")
