"""Which hubs run another configuration than the centre has decided."""

from msgspec import Struct

from central.configuration.shelf import Shelf
from central.store.connection import Connection


class Difference(Struct, frozen=True):
    """A hub, what it should run, and what it said last that it runs; None when it said nothing."""

    node: str
    wanted: str
    reported: str | None


def differences(conn: Connection, shelf: Shelf) -> list[Difference]:
    """The hubs that differ, by name. Raises ConfigurationError, StoreError."""
    reported = dict(conn.execute("SELECT code, config FROM nodes").fetchall())
    found = []
    for node in shelf.nodes():
        wanted = shelf.get(node)
        if wanted is not None and reported.get(node) != wanted.label:
            found.append(Difference(node, wanted.label, reported.get(node)))
    return found
