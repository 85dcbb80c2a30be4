"""Which sites a question is about, and how far what is known of each reaches."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from central.api import freshness
from central.api.models import Freshness, FreshnessOfMany
from central.rollup.business_day import midnight_ms
from central.store.awaited_nodes import AwaitedNode
from central.store.reader import NodeRow, Reader, SiteRow
from central.store.visible import Where
from contract.stamp import MS_PER_DAY


class Moment(NamedTuple):
    """When the question is asked (UTC milliseconds since 1970), and within how many milliseconds
    a site must have been heard, and be complete, to be live."""

    now_ms: int
    live_within_ms: int


class Period(NamedTuple):
    """Whole days, the first and the last included."""

    first: date
    last: date

    @property
    def days(self) -> tuple[str, str]:
        """Both as ISO 8601."""
        return self.first.isoformat(), self.last.isoformat()

    @property
    def range_ms(self) -> tuple[int, int]:
        """From the first millisecond up to the one behind the last."""
        first, last = self.days
        return midnight_ms(first), midnight_ms(last) + MS_PER_DAY


class KnownSite(NamedTuple):
    """A site with the name it had on the day asked for."""

    row: SiteRow
    nodes: list[NodeRow]
    awaited: list[AwaitedNode]
    freshness: Freshness


def known_sites(
    reader: Reader, day: str, where: Where, moment: Moment, since: str | None = None
) -> list[KnownSite]:
    """The sites of the reader's scope that `where` names, by code, as `Reader.sites` has them, with
    the freshness of figures from `since` on, or of the present journals."""
    nodes: defaultdict[str, list[NodeRow]] = defaultdict(list)
    for node in reader.nodes(where, 0 if since is None else midnight_ms(since)):
        nodes[node.site].append(node)
    listed = reader.awaited(moment.now_ms, where)
    return [
        KnownSite(
            row,
            nodes[row.site],
            awaited,
            freshness.of_site(
                nodes[row.site],
                *moment,
                row.valid_to,
                taken_away=row.taken_away,
                awaited=awaited,
            ),
        )
        for row in reader.sites(day, where, since)
        for awaited in (listed.get(row.site, []),)
    ]


def freshness_of(sites: Iterable[KnownSite], reporting: set[str]) -> FreshnessOfMany:
    """The freshness of several sites, of which `reporting` have figures."""
    return freshness.of_many((site.freshness, site.row.site in reporting) for site in sites)
