"""Putting a list of the nodes that are to report into the database."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from msgspec import Struct

from central.access.audit import Deed, record
from central.registry.lists import ListError, read_days, read_lines, take_rows
from central.rollup.business_day import day_of, midnight_ms
from central.store.awaited_nodes import AwaitedNode, await_node, awaited_from
from central.store.connection import Connection, Database
from central.store.database import transaction
from central.store.given_up import is_known, retired
from central.store.site_facts import is_registered
from contract.ids import split_node

_COLUMNS = ("node", "awaited_from")


class Awaiting(Struct, frozen=True):
    """What a list of nodes changes: those awaited newly, and those from another day than before;
    how many stay awaited as they were, and of how many something has come already."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: int
    heard: int


def read_nodes(path: Path, check: Callable[[str], None]) -> dict[str, date | None]:
    """Read a CSV file with the columns node and awaited_from in UTF-8: the first day of which
    something of each is to come, None where the list does not say.

    `check` raises ListError for a node that cannot be awaited. Raises ListError naming every fault
    with its line; nothing of a faulty list should be used.
    """
    nodes: dict[str, date | None] = {}

    def take(row: Mapping[str, str]) -> None:
        node, first = (row[column] for column in _COLUMNS)
        if node in nodes:
            raise ListError("twice", code=node)
        check(node)
        nodes[node] = read_days(first, "")[0]

    take_rows(read_lines(path), _COLUMNS, take)
    return nodes


def node_check(conn: Connection) -> Callable[[str], None]:
    """What raises ListError for what is no hub, or one of a site that is not registered, or one
    that was taken away."""
    gone = retired(conn)

    def check(node: str) -> None:
        try:
            name = split_node(node)
        except ValueError as error:
            raise ListError("node", node=repr(node)) from error
        if not name.part.startswith("h"):
            raise ListError("node", node=repr(node))
        if not is_registered(conn, name.site):
            raise ListError("no_site", site=name.site)
        if node in gone:
            raise ListError("node_retired", node=node)

    return check


def compare_nodes(conn: Connection, nodes: Mapping[str, date | None], today: str) -> Awaiting:
    """What `await_nodes` would change."""
    found, _ = _compare(conn, nodes, today)
    return found


def await_nodes(
    db: Database, nodes: Mapping[str, date | None], *, who: str, now_ms: int
) -> Awaiting:
    """Await nodes of which nothing came yet from their days on, those without one from today on, or
    as before; with a line in the audit log. Those missing from the list stay as they were.

    Raises StoreError; then nothing was stored.
    """
    with transaction(db.conn):
        found, rows = _compare(db.conn, nodes, day_of(now_ms))
        for row in rows:
            await_node(db.conn, row)
        if rows:
            said = f"{len(found.new)} new, {len(found.changed)} changed"
            record(db.conn, Deed(who, "nodes-imported", said), now_ms)
    return found


def _compare(
    conn: Connection, nodes: Mapping[str, date | None], today: str
) -> tuple[Awaiting, list[AwaitedNode]]:
    before, rows = awaited_from(conn), list[AwaitedNode]()
    new, changed = list[str](), list[str]()
    unchanged = heard = 0
    for node, first in nodes.items():
        if is_known(conn, node):
            heard += 1
            continue
        was_ms = before.get(node)
        from_ms = midnight_ms(today if first is None else first.isoformat())
        if was_ms is not None and (first is None or from_ms == was_ms):
            unchanged += 1
            continue
        (new if was_ms is None else changed).append(node)
        rows.append(AwaitedNode(split_node(node).site, node, from_ms))
    return Awaiting(tuple(new), tuple(changed), unchanged, heard), rows
