"""How far what is known of sites reaches. Silence is never read as "nobody waiting"."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone

from central.api.models import Freshness, FreshnessOfMany, Liveness
from central.rollup.business_day import day_of, midnight_ms
from central.store.reader import NodeRow
from central.store.totals import SiteStanding, Standing

_VIETNAM = timezone(timedelta(hours=7))
_ENDED = 3
_NOT_AWAITED = (Liveness.ENDED, Liveness.NEVER)
_WORST_FIRST = (Liveness.OFFLINE, Liveness.DELAYED, Liveness.LIVE)


def complete_up_to_ms(node: NodeRow, since_ms: int = 0) -> int | None:
    """Until when all events of a node from `since_ms` on are in the figures (UTC milliseconds),
    None when unknown; not beyond what is known of its former cards, until that is made good or
    written off, unless the present one had begun before."""
    present_ms = known_up_to_ms(node)
    is_later = node.began_ms is not None and node.began_ms < since_ms
    if not node.owed or present_ms is None or is_later:
        return present_ms
    return None if node.owed_ms is None else min(present_ms, node.owed_ms)


def known_up_to_ms(node: NodeRow) -> int | None:
    """Until when all events of a node's present journal are in the figures, and so who is in the
    house there (UTC milliseconds), None when unknown.

    When everything a heartbeat announced is folded, until that heartbeat; else until the last
    folded event with a trusted clock.
    """
    known = [node.folded_ms] if node.folded_ms is not None else []
    if node.announced_ms is not None and node.folded >= node.announced:
        known.append(node.announced_ms)
    return max(known, default=None)


def state_of(node: NodeRow, now_ms: int, live_within_ms: int) -> Liveness:
    """How far what is known of one node reaches."""
    if node.online is False or now_ms - node.heard_ms > live_within_ms:
        return Liveness.OFFLINE
    known_ms = known_up_to_ms(node)
    if known_ms is not None and now_ms - known_ms <= live_within_ms:
        return Liveness.LIVE
    return Liveness.DELAYED


def of_site(
    nodes: Sequence[NodeRow],
    now_ms: int,
    live_within_ms: int,
    valid_to: str | None = None,
    first: str | None = None,
    *,
    taken_away: bool = False,
) -> Freshness:
    """The freshness of a site with these nodes: that of the worst of them; of one whose last day,
    `valid_to`, is over, or whose hubs were `taken_away`, nothing more is expected. It is that of
    figures from the day `first` on."""
    is_over = valid_to is not None and valid_to < day_of(now_ms)
    if not nodes:
        state = Liveness.ENDED if is_over or taken_away else Liveness.NEVER
        return Freshness(state=state, complete_up_to=None, missing=0)
    states = {state_of(node, now_ms, live_within_ms) for node in nodes}
    since_ms = 0 if first is None else midnight_ms(first)
    times = [complete_up_to_ms(node, since_ms) for node in nodes]
    known = [ms for ms in times if ms is not None]
    return Freshness(
        state=Liveness.ENDED
        if is_over
        else next(state for state in _WORST_FIRST if state in states),
        complete_up_to=local_time(min(*known, now_ms)) if len(known) == len(times) else None,
        missing=sum(node.missing for node in nodes),
    )


def of_many(sites: Iterable[tuple[Freshness, bool]]) -> FreshnessOfMany:
    """The freshness of several sites, each with whether it has reported this day; those that have
    ended, or whose hubs were all taken away, hold it back only where there is no other."""
    sites = list(sites)
    with_figures = [fresh for fresh, reported in sites if reported]
    running = [fresh for fresh in with_figures if fresh.state not in _NOT_AWAITED]
    times = [fresh.complete_up_to for fresh in running or with_figures]
    known = [time for time in times if time is not None]
    states = [fresh.state for fresh, _ in sites]
    return FreshnessOfMany(
        complete_up_to=min(known) if known and len(known) == len(times) else None,
        live=states.count(Liveness.LIVE),
        delayed=states.count(Liveness.DELAYED),
        offline=states.count(Liveness.OFFLINE),
        never=states.count(Liveness.NEVER),
        ended=states.count(Liveness.ENDED),
        missing=sum(fresh.missing for fresh, _ in sites),
    )


def of_standing(standing: Standing) -> FreshnessOfMany:
    """The freshness of the sites that `standing` sums up."""
    up_to_ms = standing.complete_up_to_ms
    return FreshnessOfMany(
        complete_up_to=None if up_to_ms is None else local_time(up_to_ms),
        live=standing.live,
        delayed=standing.delayed,
        offline=standing.offline,
        never=standing.never,
        ended=standing.ended,
        missing=standing.missing,
    )


def of_site_standings(sites: Iterable[tuple[SiteStanding, bool]]) -> FreshnessOfMany:
    """The freshness of several sites, each with whether it has figures for the question, as
    `of_many`."""
    sites = list(sites)
    with_figures = [site for site, has_figures in sites if has_figures]
    running = [site for site in with_figures if site.state not in (_ENDED, None)]
    times = [site.complete_up_to_ms for site in running or with_figures]
    known = [ms for ms in times if ms is not None]
    states = Counter(site.state for site, _ in sites)
    return FreshnessOfMany(
        complete_up_to=local_time(min(known)) if known and len(known) == len(times) else None,
        live=states[0],
        delayed=states[1],
        offline=states[2],
        never=states[None],
        ended=states[_ENDED],
        missing=sum(site.missing for site, _ in sites),
    )


def local_time(ms: int) -> datetime:
    """UTC milliseconds as a time in Vietnam, to the second."""
    return datetime.fromtimestamp(ms // 1000, _VIETNAM)
