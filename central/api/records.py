"""Answers about machines, single events and the audit log."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from central.api.freshness import local_time, state_of
from central.api.known import KnownSite, Moment, freshness_of, known_sites
from central.api.models import FreshnessOfMany, Liveness
from central.api.quality_models import NodeHealth, NodeQuality
from central.api.ranking import Page
from central.api.record_models import (
    Audit,
    AuditLine,
    BrokenDevice,
    BrokenDevices,
    Device,
    Devices,
    DeviceState,
    Differences,
    DifferingHub,
    MachineBeside,
    Nodes,
    RawEvent,
    RawEvents,
    SiteNode,
    SoftwareVersion,
)
from central.configuration.differences import Wanted, differences
from central.rollup.business_day import day_of, trusted_ms
from central.scope import Scope
from central.store.access import AccessStore
from central.store.awaited_nodes import AwaitedNode
from central.store.event_log import EventLog, StoredEvent
from central.store.machines import DeviceRow, Machines
from central.store.reader import NodeRow, Reader
from central.store.visible import Where
from central.vietnamese_order import by_name
from contract import events as e
from contract.codec import decode_entry
from contract.decoders import from_json
from contract.stamp import Stamp
from contract.wire import Health

_WORST_FIRST = (
    Liveness.OFFLINE,
    Liveness.NEVER,
    Liveness.DELAYED,
    Liveness.LIVE,
    Liveness.ENDED,
)
_NATION = Scope()
_NOTHING_TOLD = Health()


class Records:
    """Answers at one moment, from readers of one scope and so within it; `wanted` says what hubs
    should run."""

    def __init__(
        self,
        reader: Reader,
        machines: Machines,
        log: EventLog,
        access: AccessStore,
        *,
        moment: Moment,
        wanted: Callable[[], Wanted],
    ) -> None:
        self._reader = reader
        self._machines = machines
        self._log = log
        self._access = access
        self._moment = moment
        self._today = day_of(moment.now_ms)
        self._wanted = wanted

    def nodes(self, where: Where, page: Page) -> Nodes:
        """Hubs with their states, the silent ones first, those of sites that have ended last; those
        of one state by their sites' names."""
        known = self._known(where)
        hubs: list[tuple[KnownSite, NodeRow | AwaitedNode]] = []
        for site in known:
            hubs += [(site, node) for node in site.nodes]
            hubs += [(site, node) for node in site.awaited]
        found = sorted(
            hubs,
            key=lambda pair: (
                _WORST_FIRST.index(pair[0].freshness.state),
                by_name(pair[0].row.name),
                pair[1].node,
            ),
        )
        shown = found[page.offset : page.offset + page.limit]
        told = node_qualities([node for _, node in shown], self._moment)
        return Nodes(
            total=len(found),
            next_offset=page.next_offset(len(found)),
            nodes=[
                SiteNode(
                    site=site.row.site,
                    name=site.row.name,
                    province=site.row.province,
                    node=node,
                    freshness=site.freshness,
                )
                for (site, _), node in zip(shown, told, strict=True)
            ],
            freshness=_freshness(known),
        )

    def devices(self, site: str) -> Devices | None:
        """What a site's hubs last said of their devices; None for a site unknown or out of
        scope."""
        known = self._known(Where(site=site))
        if not known:
            return None
        devices = [_device(row) for row in self._machines.devices(Where(site=site))]
        return Devices(site=site, devices=devices, freshness=known[0].freshness)

    def broken_devices(self, where: Where, page: Page) -> BrokenDevices:
        """Devices that do not work or are low on paper, those without which a site cannot go on
        first, and then the oldest trouble, then by their sites' names; at sites that have ended
        nothing needs anybody."""
        known = self._known(where)
        names = {s.row.site: s for s in known if s.freshness.state is not Liveness.ENDED}
        broken = (row for row in self._machines.devices(where, broken=True) if row.site in names)
        found = sorted(
            broken,
            key=lambda row: (
                *(row.state != DeviceState.LOST, row.since_ms or 0),
                *(by_name(names[row.site].row.name), row.node, row.device),
            ),
        )
        shown = found[page.offset : page.offset + page.limit]
        return BrokenDevices(
            total=len(found),
            next_offset=page.next_offset(len(found)),
            devices=[
                BrokenDevice(
                    site=row.site,
                    name=names[row.site].row.name,
                    device=_device(row),
                    freshness=names[row.site].freshness,
                )
                for row in shown
            ],
            freshness=_freshness(known),
        )

    def differences(self, where: Where, page: Page) -> Differences:
        """Hubs that do not run what they should, by their sites' names."""
        known = {site.row.site: site for site in self._known(where)}
        hubs = {code: site.nodes for code, site in known.items()}
        found = sorted(
            differences(hubs, self._wanted()),
            key=lambda one: (by_name(known[one.site].row.name), one.node),
        )
        return Differences(
            total=len(found),
            next_offset=page.next_offset(len(found)),
            hubs=[
                DifferingHub(
                    site=one.site,
                    name=known[one.site].row.name,
                    node=one.node,
                    config_differs=one.config_differs,
                    config=one.config,
                    wanted_config=one.wanted_config,
                    software_differs=one.software_differs,
                    software=one.software,
                    wanted_software=one.wanted_software,
                    software_fingerprint=one.fingerprint,
                    published_fingerprint=one.published,
                    machines=[
                        MachineBeside(
                            address=machine.address,
                            device=machine.device or None,
                            software=machine.software,
                        )
                        for machine in one.machines
                    ],
                    freshness=known[one.site].freshness,
                )
                for one in found[page.offset : page.offset + page.limit]
            ],
            software=[
                SoftwareVersion(software=software, hubs=hubs)
                for software, hubs in self._machines.software(where, self._today).items()
            ],
            freshness=_freshness(list(known.values())),
        )

    def events(
        self, site: str, after: tuple[int, int], limit: int, kind: str | None
    ) -> RawEvents | None:
        """At most `limit` events behind `after`; None for a site unknown or out of scope."""
        known = self._known(Where(site=site))
        if not known:
            return None
        found = self._log.page(site, after, limit + 1, kind)
        shown, more = found[:limit], found[limit:]
        return RawEvents(
            site=site,
            events=[_raw(stored) for stored in shown],
            next_after="{}.{}".format(*shown[-1].key) if more else None,
            freshness=known[0].freshness,
        )

    def audit(self, after: int, limit: int) -> Audit | None:
        """At most `limit` lines behind `after`; None unless the scope is the nation, because the
        log names people of every province."""
        if self._reader.scope != _NATION:
            return None
        found = self._access.audit(after, limit + 1)
        shown = found[:limit]
        return Audit(
            lines=[
                AuditLine(
                    entry=row.entry,
                    time=local_time(row.at_ms),
                    who=row.who,
                    action=row.action,
                    subject=row.subject,
                    address=row.address,
                    chain=chain.hex(),
                )
                for row, chain in shown
            ],
            next_after=shown[-1][0].entry if found[limit:] else None,
        )

    def _known(self, where: Where) -> list[KnownSite]:
        return known_sites(self._reader, self._today, where, self._moment)


def node_qualities(nodes: Sequence[NodeRow | AwaitedNode], moment: Moment) -> list[NodeQuality]:
    """What is known of some hubs, in their order."""
    return [
        _never_heard(node) if isinstance(node, AwaitedNode) else _node_quality(node, moment)
        for node in nodes
    ]


def _never_heard(node: AwaitedNode) -> NodeQuality:
    return NodeQuality(
        node=node.node,
        state=Liveness.NEVER,
        awaited_since=local_time(node.from_ms).date(),
        online=None,
        online_since=None,
        heard=None,
        clock_synchronised=None,
        software=None,
        software_fingerprint=None,
        config=None,
        unsent=None,
        health=_health(None, None),
    )


def _node_quality(node: NodeRow, moment: Moment) -> NodeQuality:
    since_ms = node.online_since_ms
    return NodeQuality(
        node=node.node,
        state=state_of(node, moment.now_ms, moment.live_within_ms),
        awaited_since=None,
        online=node.online,
        online_since=None if since_ms is None else local_time(since_ms),
        heard=local_time(node.heard_ms),
        clock_synchronised=node.synced,
        software=node.software,
        software_fingerprint=node.fingerprint or None,
        config=node.config,
        unsent=node.unsent,
        health=_health(node.health, node.health_ms),
    )


def _health(told: str | None, told_ms: int | None) -> NodeHealth:
    """What a hub told of its machine; what cannot be read tells nothing."""
    try:
        health = from_json(told, Health) if told else _NOTHING_TOLD
    except msgspec.MsgspecError:
        health = _NOTHING_TOLD
    return NodeHealth(
        told=None if told_ms is None or health == _NOTHING_TOLD else local_time(told_ms),
        temperature_c=health.temperature_c,
        undervoltage=health.undervoltage,
        wear_percent=health.wear_percent,
        free_mb=health.free_mb,
    )


def _freshness(known: Sequence[KnownSite]) -> FreshnessOfMany:
    return freshness_of(known, {site.row.site for site in known if site.nodes})


def _device(row: DeviceRow) -> Device:
    return Device(
        node=row.node,
        device=row.device,
        state=DeviceState(row.state),
        condition=row.condition,
        since=None if row.since_ms is None else local_time(row.since_ms),
    )


def _raw(stored: StoredEvent) -> RawEvent:
    entry = None if stored.kind is None else decode_entry(stored.entry)
    at_ms = None if entry is None else _shown_ms(entry.stamp)
    return RawEvent(
        node=stored.node,
        epoch=stored.epoch,
        seq=stored.key[1],
        event=stored.kind,
        time=None if at_ms is None else local_time(at_ms),
        synchronised=entry.stamp.synced if entry else None,
        actor=entry.actor if entry else None,
        training=entry.training if entry else None,
        fields=_fields(entry.event) if entry else {},
    )


def _shown_ms(stamp: Stamp) -> int | None:
    """The wall clock, trusted or not, if it shows a date of this calendar."""
    return trusted_ms(msgspec.structs.replace(stamp, synced=True))


def _fields(event: e.AnyEvent) -> dict[str, Any]:
    """Fields by name, nested ones as well: on the wire they are arrays."""
    return {name: _plain(getattr(event, name)) for name in event.__struct_fields__}


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value.hex() if isinstance(value, bytes) else value
