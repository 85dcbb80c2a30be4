"""What a site offers for booking, read in the configuration that the centre decided for it."""

from central.configuration.site_rules import SiteRules, site_rules
from central.store.configurations import Configurations
from central.store.connection import Connection

_HUBS = tuple(f"h{number}" for number in range(1, 10))


def offer_of(conn: Connection, site: str) -> SiteRules | None:
    """What a site offers, and when; None where the centre has not decided its services and hours,
    or so that no hub can read it: who else should say which bookings its hub will take?"""
    for hub in _HUBS:
        made = Configurations(conn).made(f"{site}-{hub}")
        if made.number:
            return _offer(made.text)
    return None


def _offer(text: str) -> SiteRules | None:
    try:
        rules = site_rules(text)
    except ValueError:
        return None
    return rules if rules and rules.services and rules.sessions is not None else None
