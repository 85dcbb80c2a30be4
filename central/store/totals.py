"""What the API reads of provinces and of the nation, by scope: sums that ingest and fold keep, so
that no question reads all sites' days. Days are ISO 8601, first and last included; times are UTC
milliseconds since 1970."""

from collections.abc import Iterable
from functools import partial

from msgspec import Struct

from central.rollup.business_day import day_of, midnight_ms
from central.scope import Scope
from central.store.cells import (
    TALLY_COLUMNS,
    TOTAL_COLUMNS,
    DayTotal,
    tally_from_row,
    total_from_row,
)
from central.store.connection import Connection
from central.store.journal_reach import MISSING, OVER_MS, OWED, PRESENT, REACHES_MS, REACHES_OLDEST
from central.store.visible import EVERYWHERE, IN_SERVICE, IS_TAKEN_AWAY, Visible, Where

_TALLY = ", ".join(TALLY_COLUMNS)
_TOTAL = ", ".join(TOTAL_COLUMNS)
_SUMS = ", ".join(f"sum({name})" for name in TOTAL_COLUMNS if not name.endswith("_bins"))

_RESTATED = "FROM restatements JOIN visible USING (site) WHERE day BETWEEN :first AND :last"


class Standing(Struct, frozen=True):
    """How the sites of a province stand at one moment.

    `complete_up_to_ms` is the earliest of the sites with events of the day, None when one of them
    is unknown or none has any; those that `ended`, before today or because all of their hubs were
    taken away, do not hold it back: the others of those reporting are `running`. `waiting` counts
    citizens at the `opened` sites, those that are live and whose hubs have all opened the day, the
    first of them since `waiting_since_ms`. Of those of which it is known, so many counters are open
    and paused (None: of none), and so many are `unattended`: somebody waits, and none is open.
    """

    sites: int
    unregistered: int
    reporting: int
    running: int
    live: int
    delayed: int
    offline: int
    never: int
    ended: int
    missing: int
    complete_up_to_ms: int | None
    opened: int
    waiting: int
    waiting_since_ms: int | None
    counters_open: int | None
    counters_paused: int | None
    unattended: int


class SiteStanding(Struct, frozen=True):
    """How one site stands: 0 is live, 1 delayed, 2 offline, 3 ended (before today, or because all
    of its hubs were taken away), None never heard; all its events until `complete_up_to_ms` are in
    the figures (None: unknown)."""

    state: int | None
    complete_up_to_ms: int | None
    missing: int


class Restatement(Struct, frozen=True):
    """How many late events changed a day of a site that was over, and when: on which day, and the
    first and the last time of that day."""

    site: str
    day: str
    on_day: str
    first_ms: int
    last_ms: int
    events: int


class Totals:
    """Reads what `scope` may see, over one connection and one state of the database."""

    def __init__(self, conn: Connection, scope: Scope) -> None:
        self._conn = conn
        self._scope = scope
        self._visible = Visible(conn, scope)

    @property
    def has_provinces(self) -> bool:
        """Whether the scope is made of whole provinces."""
        return self._scope.unit is None

    def days(self, first: str, last: str, where: Where = EVERYWHERE) -> dict[str, DayTotal]:
        """What happened on each day with events, in the scope or a part of it."""
        if where.unit is not None or self._scope.unit is not None:
            return self._days_of_unit(first, last, where)
        if where.province is not None and not self._scope.covers(where.province):
            return {}
        rows = self._conn.execute(
            f"""SELECT day, {_TOTAL} FROM totals
            WHERE province = ? AND day BETWEEN ? AND ? ORDER BY day""",  # noqa: S608 - our own names
            (where.province or self._scope.province or "", first, last),
        )
        return {day: total_from_row(row) for day, *row in rows}

    def by_province(self, day: str) -> dict[str, DayTotal]:
        """What happened on a day, by province with events."""
        if self._scope.unit is not None:
            found = self._days_of_unit(day, day, EVERYWHERE)
            return {self._scope.unit[:2]: total for total in found.values()}
        rows = self._conn.execute(
            f"""SELECT province, {_TOTAL} FROM totals
            WHERE day = :day AND province <> '' AND coalesce(:scope, province) = province
            ORDER BY province""",  # noqa: S608 - as above
            {"day": day, "scope": self._scope.province},
        )
        return {province: total_from_row(row) for province, *row in rows}

    def standings(
        self,
        day: str | None,
        now_ms: int,
        live_within_ms: int,
        where: Where = EVERYWHERE,
        *,
        first: str | None = None,
    ) -> dict[str, Standing]:
        """How the sites stand, by province with sites. A site is as live as the worst of its
        nodes, and delayed while another is awaited (see `central.api.freshness`, which says the
        same of one site). Without a `day`
        every site that was ever heard and has not ended counts as reporting, and nobody as
        waiting; with one, a site that had ended counts if it has figures of the day. What former
        cards may lack holds back figures from `first` (or `day`) on, unless it is older."""
        rows = self._visible.query(
            _STANDINGS_EVER if day is None else _STANDINGS_OF_DAY,
            where,
            day=day,
            since=_start_ms(first or day),
            today=day_of(now_ms),
            now=now_ms,
            oldest=now_ms - live_within_ms,
        )
        return {province: Standing(*row) for province, *row in rows}

    def site_standings(
        self, first: str, last: str, now_ms: int, live_within_ms: int, where: Where
    ) -> dict[str, SiteStanding]:
        """How each site stands, by code; `standings` sums up the same. One that had ended before
        `first` is left out unless it has figures of the period."""
        rows = self._visible.query(
            _STANDINGS_OF_SITES,
            where,
            day=None,
            first=first,
            last=last,
            since=_start_ms(first),
            today=day_of(now_ms),
            now=now_ms,
            oldest=now_ms - live_within_ms,
        )
        return {code: SiteStanding(*row) for code, *row in rows}

    def versions(
        self, first: str, last: str, province: str | None = None
    ) -> dict[str, tuple[int, ...]]:
        """The sums of a period by province with events: whatever changes the figures of one of its
        days changes one of them. Of whole provinces only (see `has_provinces`)."""
        rows = self._conn.execute(
            f"""SELECT province, {_SUMS} FROM totals
            WHERE day BETWEEN :first AND :last AND province <> ''
                AND coalesce(:scope, province) = province
                AND coalesce(:province, province) = province
            GROUP BY province ORDER BY province""",  # noqa: S608 - our own names
            {"first": first, "last": last, "scope": self._scope.province, "province": province},
        )
        return {code: tuple(int(part) for part in sums) for code, *sums in rows}

    def restatements(
        self,
        first: str,
        last: str,
        where: Where = EVERYWHERE,
        *,
        offset: int = 0,
        limit: int = 500,
    ) -> list[Restatement]:
        """Which days of the period were changed after they were over, the latest change first:
        from `offset`, `limit` at most."""
        rows = self._visible.query(
            f"""SELECT visible.code, day, on_day, first_ms, last_ms, events {_RESTATED}
            ORDER BY last_ms DESC, visible.code, day, on_day LIMIT :limit OFFSET :offset""",
            where,
            first=first,
            last=last,
            offset=offset,
            limit=limit,
        )
        return [Restatement(*row) for row in rows]

    def count_restatements(self, first: str, last: str, where: Where = EVERYWHERE) -> int:
        """How many there are in all."""
        rows = self._visible.query(
            f"SELECT count(*) {_RESTATED}",
            where,
            first=first,
            last=last,
        )
        return int(rows[0][0])

    def _days_of_unit(self, first: str, last: str, where: Where) -> dict[str, DayTotal]:
        ask = partial(self._visible.query, where=where, first=first, last=last)
        answers = ask(
            """SELECT day, sum(n) FROM ratings JOIN visible USING (site)
            WHERE day BETWEEN :first AND :last AND level > 0 GROUP BY day"""
        )
        found = {day: DayTotal(answers=n) for day, n in answers}
        for day, *row in ask(
            f"""SELECT day, {_TALLY} FROM site_days JOIN visible USING (site)
            WHERE day BETWEEN :first AND :last"""  # noqa: S608 - as above
        ):
            found.setdefault(day, DayTotal()).add(tally_from_row(row), 0)
        return dict(sorted(found.items()))


def sum_standings(standings: Iterable[Standing]) -> Standing:
    """How the sites of several provinces stand together."""
    parts = list(standings)
    running = [part for part in parts if part.running]
    telling = running or [part for part in parts if part.reporting]
    complete = [part.complete_up_to_ms for part in telling]
    known = [ms for ms in complete if ms is not None]
    since = [part.waiting_since_ms for part in parts if part.waiting_since_ms is not None]
    return Standing(
        sites=sum(part.sites for part in parts),
        unregistered=sum(part.unregistered for part in parts),
        reporting=sum(part.reporting for part in parts),
        running=sum(part.running for part in parts),
        live=sum(part.live for part in parts),
        delayed=sum(part.delayed for part in parts),
        offline=sum(part.offline for part in parts),
        never=sum(part.never for part in parts),
        ended=sum(part.ended for part in parts),
        missing=sum(part.missing for part in parts),
        complete_up_to_ms=min(known) if known and len(known) == len(complete) else None,
        opened=sum(part.opened for part in parts),
        waiting=sum(part.waiting for part in parts),
        waiting_since_ms=min(since, default=None),
        counters_open=sum_known(part.counters_open for part in parts),
        counters_paused=sum_known(part.counters_paused for part in parts),
        unattended=sum(part.unattended for part in parts),
    )


def sum_known(counts: Iterable[int | None]) -> int | None:
    """The sum of those that are known; None when none is."""
    known = [n for n in counts if n is not None]
    return sum(known) if known else None


def _start_ms(day: str | None) -> int:
    return 0 if day is None else midnight_ms(day)


# Per site, then per province: 0 is live, 1 delayed, 2 offline, 3 ended, NULL never heard. A node's
# present journal is found by its key; only those of former cards, which are few, are summed up. The
# cross join keeps SQLite from an index of its own over all sites.
_IS_HEARD = "(heard_ms >= :oldest OR received_ms >= :oldest OR former_heard_ms >= :oldest)"
_MISSING = f"CASE WHEN written_off_ms IS NULL THEN {MISSING} END"
_TOLD = "count(counters_open) = count(nodes.node)"
_KNOWN_MS = """CASE WHEN awaited_ms < reaches_ms THEN awaited_ms WHEN reaches_ms > :now THEN :now
    ELSE reaches_ms END"""


_NOW = f""",
former AS MATERIALIZED (
    SELECT nodes.node, max(received_ms) AS former_heard_ms,
        sum({_MISSING}) AS former_missing,
        min(coalesce({REACHES_MS}, 0))
            FILTER (WHERE {OWED} AND coalesce({OVER_MS}, :since) >= :since) AS owed_ms
    FROM visible JOIN nodes USING (site) JOIN journals USING (node)
    WHERE {IN_SERVICE} AND journal IS DISTINCT FROM current_journal GROUP BY nodes.node
),
awaited AS MATERIALIZED (
    SELECT site, min(from_ms) AS awaited_ms FROM awaited_nodes WHERE from_ms <= :now GROUP BY site
),
site_now AS (
    SELECT visible.site,
        max(CASE WHEN nodes.node IS NULL THEN NULL WHEN online = 0 OR {_IS_HEARD} IS NOT TRUE THEN 2
            WHEN {REACHES_OLDEST} THEN 0 ELSE 1 END) AS state,
        min(coalesce({REACHES_MS}, 0)) AS reaches_ms, min(owed_ms) AS owed_ms,
        sum(coalesce({_MISSING}, 0) + coalesce(former_missing, 0)) AS missing,
        count(CASE WHEN business_day = :day THEN 1 END) = count(nodes.node) AS is_open,
        sum(waiting) AS waiting, min(waiting_since_ms) AS since_ms,
        CASE WHEN {_TOLD} THEN sum(counters_open) END AS counters_open,
        CASE WHEN {_TOLD} THEN sum(counters_paused) END AS counters_paused
    FROM visible LEFT JOIN nodes ON nodes.site = visible.site AND {IN_SERVICE}
        LEFT JOIN journals ON {PRESENT} LEFT JOIN former ON former.node = nodes.node
    GROUP BY visible.site
),
stands AS MATERIALIZED (
    SELECT visible.site, code, province, registered, valid_to,
        CASE WHEN valid_to < :today OR (state IS NULL AND {IS_TAKEN_AWAY}) THEN 3
            WHEN state = 0 AND awaited_ms IS NOT NULL THEN 1 ELSE state END AS state,
        CASE WHEN valid_to < :today OR state IS NULL THEN 1 ELSE 0 END AS is_over,
        nullif(CASE WHEN owed_ms < {_KNOWN_MS} THEN owed_ms ELSE {_KNOWN_MS} END, 0) AS complete_ms,
        missing, CASE WHEN is_open THEN waiting END AS waiting, since_ms,
        CASE WHEN is_open THEN counters_open END AS counters_open,
        CASE WHEN is_open THEN counters_paused END AS counters_paused
    FROM site_now CROSS JOIN visible LEFT JOIN awaited ON awaited.site = visible.site
    WHERE visible.site = site_now.site
)"""  # noqa: S608 - our own names
_STANDINGS_OF_SITES = f"""{_NOW}
SELECT code, state, complete_ms, coalesce(missing, 0) FROM stands
WHERE valid_to IS NULL OR valid_to >= :first OR EXISTS (SELECT 1 FROM site_days
    WHERE site_days.site = stands.site AND day BETWEEN :first AND :last)"""  # noqa: S608 - as above


def _standings(stands: str, reports: str, there: str = "true") -> str:
    """The statement, with where sites are read, which of them report, and which count."""
    return f"""{_NOW}
SELECT province, count(*), count(*) FILTER (WHERE registered = 0),
    count(*) FILTER (WHERE {reports}), count(*) FILTER (WHERE {reports} AND is_over = 0),
    count(*) FILTER (WHERE state = 0), count(*) FILTER (WHERE state = 1),
    count(*) FILTER (WHERE state = 2), count(*) FILTER (WHERE state IS NULL),
    count(*) FILTER (WHERE state = 3),
    coalesce(sum(missing), 0),
    CASE WHEN count(*) FILTER (WHERE {reports} AND is_over = 0)
            = count(complete_ms) FILTER (WHERE {reports} AND is_over = 0)
        THEN coalesce(min(complete_ms) FILTER (WHERE {reports} AND is_over = 0),
            min(complete_ms) FILTER (WHERE {reports})) END,
    count(waiting) FILTER (WHERE state = 0),
    coalesce(sum(waiting) FILTER (WHERE state = 0), 0),
    min(since_ms) FILTER (WHERE state = 0 AND waiting IS NOT NULL),
    sum(counters_open) FILTER (WHERE state = 0),
    sum(counters_paused) FILTER (WHERE state = 0),
    count(*) FILTER (WHERE state = 0 AND waiting > 0 AND counters_open = 0)
FROM {stands} WHERE {there}
GROUP BY province ORDER BY province"""  # noqa: S608 - our own names


_STANDINGS_OF_DAY = _standings(
    "stands LEFT JOIN site_days ON day = :day AND site_days.site = stands.site",
    reports="day IS NOT NULL",
    there="valid_to IS NULL OR valid_to >= :day OR day IS NOT NULL",
)
_STANDINGS_EVER = _standings("stands", reports="is_over = 0")
