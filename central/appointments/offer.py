"""What a site offers for booking, read in the configuration that the centre decided for it."""

from central.configuration.site_rules import SiteRules, site_rules
from central.store.configurations import Configurations
from central.store.connection import Connection


def offer_of(conn: Connection, site: str) -> SiteRules | None:
    """What a site offers, and when, by the first of its hubs in service that was told; None where
    the centre has not decided its services and hours, or so that no hub can read it: who else
    should say which bookings its hub will take?"""
    offers = (_offer(made.text) for _, made in Configurations(conn).of_site(site))
    return next((offer for offer in offers if offer is not None), None)


def _offer(text: str) -> SiteRules | None:
    try:
        rules = site_rules(text)
    except ValueError:
        return None
    return rules if rules and rules.services and rules.sessions is not None else None
