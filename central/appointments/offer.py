"""What a site offers for booking, read in the configurations that the centre decided for it."""

from central.configuration.site_rules import site_rules
from central.store.configurations import Configurations
from central.store.connection import Connection
from contract.site_rules import Rules


def offers_of(conn: Connection, site: str) -> list[Rules]:
    """What each hub of a site in service was told of services and hours, by name of the hub;
    without those that were told none, or none that a hub takes: who else should say which bookings
    the site will take?"""
    told = (_rules(made.text) for _, made in Configurations(conn).of_site(site))
    return [rules for rules in told if rules is not None]


def _rules(text: str) -> Rules | None:
    try:
        return site_rules(text)
    except ValueError:
        return None
