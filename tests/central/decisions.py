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
