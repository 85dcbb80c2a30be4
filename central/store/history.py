"""What the API reads of periods, by scope. Days are ISO 8601, first and last included."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from central.scope import Scope
from central.store.cells import (
    COUNTER_COLUMNS,
    TALLY_COLUMNS,
    CounterTally,
    RatingKey,
    Tally,
    tally_from_row,
)
from central.store.connection import Connection
from central.store.visible import Visible, Where

_TALLY = ", ".join(TALLY_COLUMNS)
_COUNTER_SUMS = ", ".join(f"sum({name})" for name in COUNTER_COLUMNS)


class History:
    """Reads what `scope` may see of whole days, over one connection."""

    def __init__(self, conn: Connection, scope: Scope) -> None:
        self._visible = Visible(conn, scope)

    def site_days(self, first: str, last: str, where: Where) -> Iterator[tuple[str, str, Tally]]:
        """Day, site and what happened, of every day of every site that has reported."""
        rows = self._visible.query(
            f"""SELECT day, visible.code, {_TALLY} FROM site_days JOIN visible USING (site)
            WHERE day BETWEEN :first AND :last""",  # noqa: S608 - our own names
            where,
            first=first,
            last=last,
        )
        for day, site, *tally in rows:
            yield day, site, tally_from_row(tally)

    def counts(self, day: str) -> dict[str, tuple[int, int]]:
        """Numbers issued and services finished on a day, by site that has reported."""
        rows = self._visible.query(
            """SELECT visible.code, issued, finished FROM site_days JOIN visible USING (site)
            WHERE day = :day""",
            day=day,
        )
        return {site: (issued, finished) for site, issued, finished in rows}

    def reporting(self, first: str, last: str, where: Where) -> set[str]:
        """The sites that have reported in the period."""
        rows = self._visible.query(
            """SELECT code FROM visible WHERE EXISTS (SELECT 1 FROM site_days
            WHERE site_days.site = visible.site AND day BETWEEN :first AND :last)""",
            where,
            first=first,
            last=last,
        )
        return {code for (code,) in rows}

    def wait_bins(self, first: str, last: str, where: Where) -> dict[str, bytes]:
        """The bins of all waits that ended in the period, by site that has reported in it."""
        found: defaultdict[str, bytearray] = defaultdict(bytearray)
        for site, bins in self._visible.query(
            """SELECT visible.code, wait_bins FROM site_days JOIN visible USING (site)
            WHERE day BETWEEN :first AND :last""",
            where,
            first=first,
            last=last,
        ):
            found[site] += bins
        return {site: bytes(bins) for site, bins in found.items()}

    def counters(self, site: str, start_ms: int, end_ms: int) -> dict[int, CounterTally]:
        """How each counter of a site spent the quarters of an hour that begin from `start_ms` up
        to `end_ms`, by counter."""
        rows = self._visible.query(
            f"""SELECT counter, {_COUNTER_SUMS} FROM visible JOIN counter_cells USING (site)
            WHERE quarter_ms >= :start AND quarter_ms < :end GROUP BY counter ORDER BY counter""",  # noqa: S608 - as above
            Where(site=site),
            start=start_ms,
            end=end_ms,
        )
        return {counter: CounterTally(*sums) for counter, *sums in rows}

    def ratings(self, first: str, last: str, where: Where) -> Counter[RatingKey]:
        """Answers by service, scale and level; the key's day is the first of the period."""
        rows = self._visible.query(
            """SELECT services.code, levels, level, sum(n)
            FROM visible JOIN ratings USING (site) JOIN services USING (service)
            WHERE day BETWEEN :first AND :last GROUP BY services.code, levels, level""",
            where,
            first=first,
            last=last,
        )
        return Counter(
            {RatingKey(service, first, levels, level): n for service, levels, level, n in rows}
        )

    def answers(self, first: str, last: str, where: Where) -> dict[str, int]:
        """How many answers were given, by site."""
        rows = self._visible.query(
            """SELECT visible.code, sum(n) FROM ratings JOIN visible USING (site)
            WHERE day BETWEEN :first AND :last AND level > 0 GROUP BY visible.code""",
            where,
            first=first,
            last=last,
        )
        return dict(rows)

    def finished(self, start_ms: int, end_ms: int, where: Where) -> dict[str, int]:
        """Services finished in the quarters of an hour from `start_ms` up to `end_ms`, by
        service."""
        rows = self._visible.query(
            """SELECT services.code, sum(finished)
            FROM visible JOIN cells USING (site) JOIN services USING (service)
            WHERE quarter_ms >= :start AND quarter_ms < :end
            GROUP BY services.code HAVING sum(finished) > 0""",
            where,
            start=start_ms,
            end=end_ms,
        )
        return dict(rows)
