"""What a centre decides for its hubs."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.catalogue.handled import NO_CATALOGUE, Handled
from central.configuration.book import ConfigurationBook
from central.store.database import Location, transaction, writing
from contract.wire import Configuration


def decide(
    location: Location,
    node: str,
    text: str,
    handled: Handled = NO_CATALOGUE,
    key: Ed25519PrivateKey | None = None,
) -> Configuration:
    """Decide a hub's configuration, signed by whomever."""
    with writing(location) as db, transaction(db.conn):
        book = ConfigurationBook(db.conn)
        return book.put(key or Ed25519PrivateKey.generate(), node, text, handled)


def open_at(hours: str) -> str:
    """The configuration of 01-00097-01 with these `sessions`, and closed and extra days."""
    return f"""
[site]
site = "01-00097-01"
unit = "Phường Hồng Hà"
site_name = "Trung tâm phường Hồng Hà"
services = [{{ id = "1", series = "1", name = {{ vi = "Hộ tịch" }} }}]
counters = [{{ id = "1", services = ["1"] }}]
{hours}
"""


def open_on(weekday: int, times: str) -> str:
    """The configuration of 01-00097-01 where it is open on one day of the week."""
    return open_at(f"sessions = [{{ weekdays = [{weekday}], {times} }}]")
