"""Which hubs run another configuration than the centre has decided, other software than they were
told, or software whose files are not those that were published; and which machines beside them run
other software than their hub."""

from collections.abc import Iterator, Mapping, Sequence, Set
from types import MappingProxyType
from typing import NamedTuple

from msgspec import Struct

from central.catalogue.catalogue import catalogue_of
from central.catalogue.handled import Handled
from central.configuration.book import ConfigurationBook
from central.configuration.decided import Decided, Standing, decided
from central.store.configurations import NOTHING_MADE
from central.store.connection import Connection
from central.store.given_up import retired
from central.store.reader import NodeRow
from central.store.site_facts import ended
from central.store.updates import UpdateBook
from contract.decoders import from_json
from contract.ids import split_node
from contract.wire import SiteMachine


class Wanted(NamedTuple):
    """What hubs should run, by node: the configuration, and the software that they were told, by
    rollouts in force. `undecided` is the configuration of all other hubs; those of the sites that
    are `over` should run nothing. `published` are the fingerprints that releases of a version have,
    the newest first."""

    configurations: Mapping[str, Decided]
    software: Mapping[str, str]
    undecided: Decided = Decided(NOTHING_MADE, b"")
    over: Set[str] = frozenset()
    published: Mapping[str, Sequence[str]] = MappingProxyType({})

    @property
    def has_catalogue(self) -> bool:
        """Whether every hub should run a configuration."""
        return self.undecided.label is not None


class Difference(Struct, frozen=True):
    """A hub, what it said last that it runs (None when it said nothing), and what it should run.

    `wanted_config` is None where nothing was decided, or where the hub runs what this centre has
    not made, so that it is given nothing; it differs then as well. `wanted_software` is None where
    nothing was told. `published` is the fingerprint of the newest release of its version, None
    where none is known or `fingerprint`, what it said of its files, is that of one. `machines` are
    those beside the hub that run other software than it does.
    """

    site: str
    node: str
    config: str | None
    wanted_config: str | None
    config_differs: bool
    software: str | None
    wanted_software: str | None
    fingerprint: str | None = None
    published: str | None = None
    machines: tuple[SiteMachine, ...] = ()

    @property
    def version_differs(self) -> bool:
        """Whether it runs another version than it was told."""
        return None not in (self.wanted_software, self.software) and (
            self.wanted_software != self.software
        )

    @property
    def files_differ(self) -> bool:
        """Whether the files of its software are not those that were published as its version."""
        return self.published is not None

    @property
    def software_differs(self) -> bool:
        """Whether it runs other software than it should, by version or by files."""
        return self.version_differs or self.files_differ


def wanted(conn: Connection, today: str) -> Wanted:
    """What hubs should run at this moment. Raises StoreError."""
    handled, over = Handled(catalogue_of(conn)), ended(conn, today)
    updates = UpdateBook(conn)
    told, published = updates.software_told(today), updates.fingerprints()
    made = ConfigurationBook(conn).decided(handled).items()
    gone = retired(conn)
    configurations = {
        node: one for node, one in made if node not in gone and split_node(node).site not in over
    }
    undecided = decided(NOTHING_MADE, handled)
    return Wanted(configurations, told, undecided, over, published)


def differences(hubs: Mapping[str, Sequence[NodeRow]], should: Wanted) -> list[Difference]:
    """The hubs that differ, by name: those heard of each site in `hubs` that is not over, and those
    that something was decided for there and that were never heard. One that has not said its
    software does not differ in that."""
    running = {site: rows for site, rows in hubs.items() if site not in should.over}
    found = (_compared(hub, should) for hub in _hubs(running, should.configurations))
    differing = (one for one in found if one.config_differs or one.software_differs or one.machines)
    return sorted(differing, key=lambda one: one.node)


class _Hub(Struct, frozen=True):
    site: str
    node: str
    config: str | None = None
    software: str | None = None
    fingerprint: str | None = None
    machines: tuple[SiteMachine, ...] = ()


def _hubs(
    hubs: Mapping[str, Sequence[NodeRow]], configurations: Mapping[str, Decided]
) -> Iterator[_Hub]:
    heard = {row.node for rows in hubs.values() for row in rows}
    for rows in hubs.values():
        for row in rows:
            yield _Hub(
                site=row.site,
                node=row.node,
                config=row.config or None,
                software=row.software or None,
                fingerprint=row.fingerprint or None,
                machines=_others(row),
            )
    for node in configurations.keys() - heard:
        site, _, _ = node.rpartition("-")
        if site in hubs:
            yield _Hub(site, node)


def _others(hub: NodeRow) -> tuple[SiteMachine, ...]:
    if not (hub.machines and hub.software):
        return ()
    machines = from_json(hub.machines, tuple[SiteMachine, ...])
    return tuple(one for one in machines if one.software != hub.software)


def _compared(hub: _Hub, should: Wanted) -> Difference:
    configuration = should.configurations.get(hub.node, should.undecided)
    standing = configuration.standing(hub.config or "")
    published = should.published.get(hub.software or "", ())
    is_published = hub.fingerprint is None or hub.fingerprint in published
    return Difference(
        site=hub.site,
        node=hub.node,
        config=hub.config,
        wanted_config=None if standing is Standing.UNKNOWN else configuration.label,
        config_differs=standing is not Standing.RIGHT,
        software=hub.software,
        wanted_software=should.software.get(hub.node),
        fingerprint=hub.fingerprint,
        published=None if is_published else next(iter(published), None),
        machines=hub.machines,
    )
