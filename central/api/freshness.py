"""How far what is known of sites reaches. Silence is never read as "nobody waiting"."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, timezone

from central.api.models import Freshness, FreshnessOfMany, Liveness
from central.rollup.business_day import day_of
from central.store.awaited_nodes import AwaitedNode
from central.store.reader import NodeRow
from central.store.totals import SiteStanding, Standing

_VIETNAM = timezone(timedelta(hours=7))
_ENDED = 3
_NOT_AWAITED = (Liveness.ENDED, Liveness.NEVER)
_WORST_FIRST = (Liveness.OFFLINE, Liveness.DELAYED, Liveness.LIVE)


def complete_up_to_ms(node: NodeRow) -> int | None:
    """Until when all events of a node are in the figures (UTC milliseconds), None when unknown; not
    beyond what is known of its former cards, until that is made good or written off."""
    present_ms = known_up_to_ms(node)
    if present_ms is None or node.owed_ms is None:
        return present_ms
    return min(present_ms, node.owed_ms) or None


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
    *,
    taken_away: bool = False,
    awaited: Sequence[AwaitedNode] = (),
) -> Freshness:
    """The freshness of a site with these nodes: that of the worst of them, at best delayed and
    complete until then while others are `awaited`; of one whose last day, `valid_to`, is over, or
    whose hubs were `taken_away`, nothing more is expected."""
    is_over = valid_to is not None and valid_to < day_of(now_ms)
    if not nodes:
        state = Liveness.ENDED if is_over or taken_away else Liveness.NEVER
        return Freshness(state=state, complete_up_to=None, missing=0)
    states = {state_of(node, now_ms, live_within_ms) for node in nodes}
    times = [complete_up_to_ms(node) for node in nodes]
    if awaited:
        states.add(Liveness.DELAYED)
        times += [node.from_ms for node in awaited]
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


def counted(
    n: int,
    fresh: Freshness | FreshnessOfMany,
    last: date,
    today: date,
    *,
    reporting: int | None = None,
) -> int | None:
    """How many of a day, or of days up to `last`; None for none of which nobody knows. None is
    known where everything of these days has come, or of `today` something; and on a day of which no
    site has reported (`reporting` is 0) where all that were ever heard are live: nobody came."""
    up_to = fresh.complete_up_to
    whole = min(last + timedelta(days=1), today)
    if n or (up_to is not None and up_to.date() >= whole):
        return n
    if reporting != 0 or not isinstance(fresh, FreshnessOfMany):
        return None
    return n if fresh.live and not fresh.delayed + fresh.offline else None


def local_time(ms: int) -> datetime:
    """UTC milliseconds as a time in Vietnam, to the second."""
    return datetime.fromtimestamp(ms // 1000, _VIETNAM)
