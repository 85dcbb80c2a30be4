"""What a site offers for booking, read in the configurations that the centre decided for it."""

from central.configuration.site_rules import site_rules, why_not_taken
from central.store.configurations import Configurations
from central.store.connection import Connection
from contract.site_rules import Rules


def offers_of(conn: Connection, site: str) -> list[Rules]:
    """What each hub of a site in service was told of services and hours, by name of the hub;
    without those that were told none, or none that a hub takes: who else should say which bookings
    the site will take?"""
    told = (_rules(made.text) for _, made in Configurations(conn).of_site(site))
    return [rules for rules in told if rules is not None]


def not_taken(conn: Connection, site: str) -> dict[str, str]:
    """The hubs of a site in service whose stored configuration no hub takes, by name, each with the
    reason."""
    told = Configurations(conn).of_site(site)
    found = {node: why_not_taken(made.text, node) for node, made in told}
    return {node: why for node, why in found.items() if why is not None}


def _rules(text: str) -> Rules | None:
    try:
        return site_rules(text)
    except ValueError:
        return None
