"""Which hubs run another configuration than the centre has decided, or other software than they
were told."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from central.catalogue.catalogue import catalogue_of
from central.catalogue.handled import Handled
from central.configuration.shelf import NOTHING_DECIDED, Decided, Shelf
from central.store.connection import Connection
from central.store.reader import NodeRow
from central.store.updates import UpdateBook


class Wanted(NamedTuple):
    """What hubs should run, by node: the configuration, None where its file cannot be read; and the
    software that they were told, by rollouts in force. `undecided` is the configuration of all
    other hubs, None before there is a catalogue."""

    configurations: Mapping[str, Decided | None]
    software: Mapping[str, str]
    undecided: Decided | None = None


class Difference(Struct, frozen=True):
    """A hub, what it said last that it runs (None when it said nothing), and what it should run.

    `wanted_config` is None where nothing was decided, or where what was decided cannot be read any
    more; the hub differs then as well. `wanted_software` is None where nothing was told.
    """

    site: str
    node: str
    config: str | None
    wanted_config: str | None
    config_differs: bool
    software: str | None
    wanted_software: str | None
    software_differs: bool


def wanted(conn: Connection, shelf: Shelf) -> Wanted:
    """What hubs should run at this moment. Raises StoreError."""
    handled = Handled(catalogue_of(conn))
    told = UpdateBook(conn).software_told()
    return Wanted(shelf.decided(handled), told, NOTHING_DECIDED.decided(handled))


def differences(hubs: Mapping[str, Sequence[NodeRow]], should: Wanted) -> list[Difference]:
    """The hubs that differ, by name: those heard of each site in `hubs`, and those that something
    was decided for there and that were never heard. One that has not said its software does not
    differ in that."""
    found = (_compared(hub, should) for hub in _hubs(hubs, should.configurations))
    differing = (one for one in found if one.config_differs or one.software_differs)
    return sorted(differing, key=lambda one: one.node)


class _Hub(Struct, frozen=True):
    site: str
    node: str
    config: str | None = None
    software: str | None = None


def _hubs(
    hubs: Mapping[str, Sequence[NodeRow]], decided: Mapping[str, Decided | None]
) -> Iterator[_Hub]:
    heard = {row.node for rows in hubs.values() for row in rows}
    for rows in hubs.values():
        for row in rows:
            yield _Hub(row.site, row.node, row.config or None, row.software or None)
    for node in decided.keys() - heard:
        site, _, _ = node.rpartition("-")
        if site in hubs:
            yield _Hub(site, node)


def _compared(hub: _Hub, should: Wanted) -> Difference:
    decided = should.configurations.get(hub.node, should.undecided)
    label = decided.label if decided else None
    is_decided = hub.node in should.configurations or decided is not None
    told = should.software.get(hub.node)
    return Difference(
        site=hub.site,
        node=hub.node,
        config=hub.config,
        wanted_config=label,
        config_differs=is_decided and (label is None or label != hub.config),
        software=hub.software,
        wanted_software=told,
        software_differs=None not in (told, hub.software) and told != hub.software,
    )
