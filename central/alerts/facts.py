"""Reads what the rules judge, for every site, in a handful of questions."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from central.alerts.hours import Opening
from central.alerts.rules import (
    Answered,
    AwaitedHub,
    Device,
    Differing,
    HubFacts,
    Limits,
    Refused,
    SiteFacts,
)
from central.alerts.site_hours import site_opening
from central.api import freshness
from central.api.models import Liveness
from central.configuration.decided import Decided
from central.configuration.differences import Difference, differences, wanted
from central.rollup.business_day import day_of
from central.scope import Scope
from central.store.awaited_nodes import AwaitedNode
from central.store.connection import Connection
from central.store.machines import DeviceRow, Machines
from central.store.reader import NodeRow, Reader
from central.store.site_facts import Queue, answered, ended, lost_queues, queues
from central.store.updates import UpdateBook
from central.store.visible import Where
from central.updates.rollout import RolloutState
from contract.ids import split_node
from contract.stamp import MS_PER_DAY

_NATION = Scope()
_LATELY_DAYS, _BEFORE_DAYS = 7, 28
_NO_QUEUE = Queue(0, 0, 0)
_NOBODY = (0, 0)
_LOOK_AGAIN_MS = 600_000
_FORMER_WORD_MS = 3 * MS_PER_DAY


class FactReader:
    """Keeps from one reading to the next only what is slow to read: the answers of citizens, read
    once a day, and what hubs should run, looked up every ten minutes: which of them run something
    else, and when sites are open whose configuration does not keep to `everywhere`."""

    def __init__(self, limits: Limits, live_within_ms: int, everywhere: Opening) -> None:
        self._everywhere = everywhere
        self._looked_ms = 0
        self._differing: dict[str, list[Difference]] = {}
        self._openings: dict[str, _SiteOpening] = {}
        self._limits = limits
        self._live_within_ms = live_within_ms
        self._answered: tuple[str, dict[str, Answered]] = "", {}

    def opening(self, site: str) -> Opening:
        """When a site is open, as of the last reading."""
        found = self._openings.get(site)
        return found.opening if found and found.opening else self._everywhere

    def read(self, conn: Connection, now_ms: int) -> list[SiteFacts]:
        """The facts of every site that was ever heard from, or should have been, and has not
        ended."""
        day = day_of(now_ms)
        target_ms = self._limits.wait_target_ms
        eased_ms = int(target_ms * self._limits.easing)
        long_queues = queues(conn, day, now_ms - target_ms, now_ms - eased_ms)
        unknown = lost_queues(conn, day)
        nodes: defaultdict[str, list[NodeRow]] = defaultdict(list)
        over = ended(conn, day)
        reader = Reader(conn, _NATION)
        for node in reader.nodes():
            if node.site not in over:
                nodes[node.site].append(node)
        awaited = reader.awaited(now_ms)
        lost: defaultdict[str, list[Device]] = defaultdict(list)
        machines = Machines(conn, _NATION)
        for row in machines.devices(Where(), broken=True):
            if row.state == "lost":
                lost[row.site].append(_device(row, is_known=True))
        given_up: defaultdict[str, list[Device]] = defaultdict(list)
        for row, unspoken_ms in machines.lost_before(Where()):
            is_over = unspoken_ms is not None and unspoken_ms >= _FORMER_WORD_MS
            (given_up if is_over else lost)[row.site].append(_device(row, is_known=False))
        rated = self._rated(conn, day)
        if abs(now_ms - self._looked_ms) >= _LOOK_AGAIN_MS:
            self._look_at_what_hubs_run(conn, day, nodes)
            self._looked_ms = now_ms
        refusals = _refusals(conn)
        return [
            SiteFacts(
                site=site,
                waits_known=site not in unknown and self._is_live(of_site, now_ms),
                has_opened=site in unknown or any(node.business_day == day for node in of_site),
                over_target=queue.over_target,
                over_eased=queue.over_eased,
                longest_since_ms=queue.since_ms,
                online=any(node.online is not False for node in of_site),
                clock_ok=not any(node.synced is False for node in of_site),
                missing=sum(node.missing - node.owed_missing for node in of_site),
                hubs=tuple(_hub(node) for node in of_site),
                awaited=tuple(_awaited(node) for node in awaited.get(site, ())),
                devices=tuple(lost[site]),
                given_up=tuple(given_up[site]),
                answered=rated.get(site),
                configurations=_other_configurations(differing),
                software=tuple(_other_software(differing)),
                refusals=tuple(refusals[site]),
            )
            for site in sorted((nodes.keys() | awaited.keys()) - over)
            for of_site in (nodes.get(site, []),)
            for queue in (long_queues.get(site, _NO_QUEUE),)
            for differing in (self._differing.get(site, ()),)
        ]

    def _is_live(self, nodes: Sequence[NodeRow], now_ms: int) -> bool:
        states = {freshness.state_of(node, now_ms, self._live_within_ms) for node in nodes}
        return states == {Liveness.LIVE}

    def _look_at_what_hubs_run(
        self, conn: Connection, today: str, nodes: Mapping[str, Sequence[NodeRow]]
    ) -> None:
        should = wanted(conn, today)
        by_site: defaultdict[str, list[Difference]] = defaultdict(list)
        for one in differences(nodes, should):
            by_site[one.site].append(one)
        self._differing = dict(by_site)
        openings: dict[str, _SiteOpening] = {}
        for node, decided in should.configurations.items():
            site, _, _ = node.rpartition("-")
            if site not in openings or openings[site].opening is None:
                openings[site] = self._site_opening(site, decided)
        self._openings = openings

    def _site_opening(self, site: str, decided: Decided) -> "_SiteOpening":
        before = self._openings.get(site)
        if before is not None and before.text == decided.text:
            return before
        return _SiteOpening(decided.text, site_opening(decided.text, self._everywhere))

    def _rated(self, conn: Connection, day: str) -> dict[str, Answered]:
        """Whole days only, so that an answer of this morning moves nothing."""
        if self._answered[0] != day:
            today = date.fromisoformat(day)
            lately_from = today - timedelta(days=_LATELY_DAYS)
            before_from = lately_from - timedelta(days=_BEFORE_DAYS)
            yesterday, day_before = today - timedelta(days=1), lately_from - timedelta(days=1)
            lately = answered(conn, lately_from.isoformat(), yesterday.isoformat())
            before = answered(conn, before_from.isoformat(), day_before.isoformat())
            found = {
                site: Answered(*figures, *before.get(site, _NOBODY))
                for site, figures in lately.items()
            }
            self._answered = day, found
        return self._answered[1]


class _SiteOpening(NamedTuple):
    """A site's own hours, None where its configuration gives none; reading one takes a
    millisecond, so it is done once for each text."""

    text: str
    opening: Opening | None


def _other_configurations(hubs: Iterable[Difference]) -> tuple[Differing, ...]:
    return tuple(
        Differing(split_node(one.node).part, one.wanted_config, one.config or "")
        for one in hubs
        if one.config_differs
    )


def _other_software(hubs: Iterable[Difference]) -> Iterator[Differing]:
    for one in hubs:
        part = split_node(one.node).part
        if one.version_differs:
            yield Differing(part, one.wanted_software, one.software or "")
        elif one.files_differ:
            wanted, found = (
                f"{one.software}-{files}" for files in (one.published, one.fingerprint)
            )
            yield Differing(part, wanted, found)
        for machine in one.machines:
            name = f"{part}/{machine.device or machine.address}"
            yield Differing(name, one.software or "", machine.software)


def _refusals(conn: Connection) -> Mapping[str, list[Refused]]:
    """By site, who refused a rollout that halted itself; until a newer one is for the same hub."""
    book = UpdateBook(conn)
    rollouts = book.rollouts()
    found: defaultdict[str, list[Refused]] = defaultdict(list)
    for rollout in rollouts:
        if rollout.state is not RolloutState.HALTED:
            continue
        done, refused = book.outcomes(rollout)
        for node, reason in book.refusals(rollout):
            if next(one for one in rollouts if one.covers(node)) is rollout:
                hub, tried = split_node(node), done + refused
                found[hub.site].append(
                    Refused(hub.part, rollout.rollout, rollout.software, refused, tried, reason)
                )
    return found


def _device(row: DeviceRow, *, is_known: bool) -> Device:
    return Device(f"{split_node(row.node).part}/{row.device}", row.condition or "", is_known)


def _awaited(node: AwaitedNode) -> AwaitedHub:
    return AwaitedHub(split_node(node.node).part, node.from_ms)


def _hub(node: NodeRow) -> HubFacts:
    """A hub was last there when it was heard, or taken for gone by the broker."""
    is_gone = node.online is False and node.online_since_ms is not None
    return HubFacts(
        hub=split_node(node.node).part,
        heard_ms=(node.online_since_ms or 0) if is_gone else node.heard_ms,
        online=node.online is not False,
        former=node.owed,
        lost=node.owed_missing,
    )
