"""What the API reads of a day and of this moment, by scope."""

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from central.scope import Scope
from central.store.awaited_nodes import AwaitedNode, awaited_nodes
from central.store.cells import (
    COUNTER_COLUMNS,
    TALLY_COLUMNS,
    CellKey,
    CounterKey,
    CounterTally,
    RatingKey,
    Tally,
    tally_from_row,
)
from central.store.connection import Connection, greater
from central.store.journal_reach import LAST, MISSING, OVER_MS, OWED, PRESENT, REACHES_MS
from central.store.visible import EVERYWHERE, HUBS, IN_SERVICE, IS_TAKEN_AWAY, Visible, Where
from contract.snapshot import TicketPhase

_TALLY = ", ".join(TALLY_COLUMNS)
_COUNTER = ", ".join(COUNTER_COLUMNS)
_HEARD = greater("coalesce(heard_ms, 0)", "coalesce(max(received_ms), 0)")
_NAME = """(SELECT name FROM names WHERE kind = 'site' AND names.code = visible.code
    AND from_day <= :day ORDER BY from_day DESC LIMIT 1)"""
_MOST_GAPS = 500


class SiteRow(Struct, frozen=True):
    """A site with the name it had on the day asked for; unregistered ones may have none.
    `valid_to` is its last day, None until further notice; it was `taken_away` when all of its hubs
    were retired, and no other is awaited."""

    site: str
    province: str
    name: str | None
    type: str | None
    national_code: str | None
    registered: bool
    valid_to: str | None = None
    taken_away: bool = False


class NodeRow(Struct, frozen=True):
    """What is known of a node: what it last said, also of the machines beside it (JSON), of the
    files of its software (`fingerprint`) and of its own machine (`health`, JSON, at `health_ms`),
    how far its present journal is held and folded, and the quality of all its journals together.

    `owed` are journals of former cards that may lack rows, `owed_missing` how many such rows are
    known, and `owed_ms` until when those of them are in the figures that were not over before the
    days asked for (None: there are none; 0: unknown); `written_off` rows are missing and given up.
    """

    site: str
    node: str
    online: bool | None
    online_since_ms: int | None
    heard_ms: int
    synced: bool | None
    unsent: int | None
    software: str | None
    config: str | None
    rejected: int
    taken: int
    received: int
    missing: int
    duplicates: int
    contradictions: int
    not_understood: int
    folded: int
    folded_ms: int | None
    announced: int
    announced_ms: int | None
    business_day: str | None
    machines: str | None = None
    fingerprint: str | None = None
    health: str | None = None
    health_ms: int | None = None
    owed: int = 0
    owed_missing: int = 0
    owed_ms: int | None = None
    written_off: int = 0


class Waiting(Struct, frozen=True):
    """How many wait at a site whose hubs have opened the day, and since when the first (None: no
    trusted clock says, or nobody waits); how many counters are there for them (None: of one of
    them it is unknown)."""

    n: int
    since_ms: int | None
    counters_open: int | None = 0
    counters_paused: int | None = 0


class CounterRow(Struct, frozen=True):
    """What a counter does now; see `central.rollup.counters.CounterNow`."""

    node: str
    counter: int
    state: str
    reason: str | None
    since_ms: int | None


class Gap(Struct, frozen=True):
    """Rows of a journal that are known to exist and are not held; with no `last`, those that a
    former card may have had beyond, and that nobody can count. `written_off_ms` is when they were
    given up."""

    node: str
    epoch: str
    first: int
    last: int | None
    written_off_ms: int | None = None


class Reader:
    """Reads what `scope` may see, over one connection and one state of the database; `where`
    narrows an answer."""

    def __init__(self, conn: Connection, scope: Scope) -> None:
        self._visible = Visible(conn, scope)

    @property
    def scope(self) -> Scope:
        """What may be seen."""
        return self._visible.scope

    def sites(self, day: str, where: Where = EVERYWHERE, since: str | None = None) -> list[SiteRow]:
        """Sites by code, registered or heard from, from `since` (or on `day` alone) to `day`. One
        that had ended is left out unless it has figures of these days or is asked for by its
        code."""
        there = (
            "true"
            if where.site
            else """coalesce(valid_to, :since) >= :since OR EXISTS (SELECT 1 FROM site_days
                WHERE site_days.site = visible.site AND day BETWEEN :since AND :day)"""
        )
        rows = self._visible.query(
            f"""SELECT code, province, {_NAME}, type, national_code, registered, valid_to,
                {IS_TAKEN_AWAY}
            FROM visible WHERE {there} ORDER BY code""",  # noqa: S608 - our own conditions
            where,
            day=day,
            since=since or day,
        )
        return [
            SiteRow(code, of_province, name, kind, national, bool(registered), valid_to, bool(gone))
            for code, of_province, name, kind, national, registered, valid_to, gone in rows
        ]

    def site_names(self, sites: Sequence[str], day: str) -> dict[str, str | None]:
        """The names of some sites on a day, by code; unregistered ones may have none."""
        if not sites:
            return {}
        asked = {f"site{place}": site for place, site in enumerate(sites)}
        names = ", ".join(f":{name}" for name in asked)
        return dict(
            self._visible.query(
                f"SELECT code, {_NAME} FROM visible WHERE code IN ({names})",  # noqa: S608 - our own names
                EVERYWHERE,
                day=day,
                **asked,
            )
        )

    def nodes(self, where: Where = EVERYWHERE, since_ms: int = 0) -> list[NodeRow]:
        """Nodes by name, without those that were retired, for figures from `since_ms` on (UTC
        milliseconds)."""
        rows = self._visible.query(
            f"""SELECT visible.code, nodes.code, online, online_since_ms,
                {_HEARD}, synced, unsent,
                software, config, rejected, coalesce(sum(taken), 0),
                coalesce(sum(watermark + beyond), 0),
                coalesce(sum({MISSING}) FILTER (WHERE written_off_ms IS NULL), 0),
                coalesce(sum(duplicates), 0), coalesce(sum(contradictions), 0),
                coalesce(sum(not_understood), 0),
                coalesce(sum(folded) FILTER (WHERE {PRESENT}), 0),
                sum(folded_ms) FILTER (WHERE {PRESENT}),
                coalesce(sum(announced) FILTER (WHERE {PRESENT}), 0),
                sum(announced_ms) FILTER (WHERE {PRESENT}),
                max(business_day) FILTER (WHERE {PRESENT}),
                machines, fingerprint, health, health_ms,
                count(journal) FILTER (WHERE {OWED}),
                coalesce(sum({MISSING}) FILTER (WHERE {OWED}), 0),
                min(coalesce({REACHES_MS}, 0))
                    FILTER (WHERE {OWED} AND coalesce({OVER_MS}, :since) >= :since),
                coalesce(sum({MISSING}) FILTER (WHERE written_off_ms IS NOT NULL), 0)
            FROM visible JOIN nodes USING (site) LEFT JOIN journals USING (node)
            WHERE {IN_SERVICE}
            GROUP BY nodes.node, visible.code ORDER BY nodes.code""",  # noqa: S608 - as above
            where,
            since=since_ms,
        )
        return [
            NodeRow(site, node, _maybe(online), since, heard, _maybe(synced), *rest)
            for site, node, online, since, heard, synced, *rest in rows
        ]

    def awaited(self, now_ms: int, where: Where = EVERYWHERE) -> dict[str, list[AwaitedNode]]:
        """The nodes that should report by now and were never heard, by site."""
        return awaited_nodes(self._visible, now_ms, where)

    def configurations(self, site: str) -> list[str]:
        """What was decided for the hubs of a site in service (TOML), by their names."""
        rows = self._visible.query(
            f"""SELECT text FROM visible JOIN configurations ON configurations.node IN ({HUBS})
            LEFT JOIN nodes ON nodes.code = configurations.node
            WHERE {IN_SERVICE} ORDER BY configurations.node""",  # noqa: S608 - our own names
            Where(site=site),
        )
        return [text for (text,) in rows]

    def gaps(self, site: str) -> list[Gap]:
        """What is missing of a site's journals, also what its hub says it has beyond, and the open
        ends of its former cards; some hundreds of gaps at most."""
        held: dict[tuple[str, str], int] = {}
        found = []
        for node, epoch, watermark, written_off_ms, first, last, is_former in self._visible.query(
            f"""SELECT nodes.code, epoch, watermark, written_off_ms, first, last,
                last < first AND {LAST} > 0 AND journal <> current_journal
            FROM visible JOIN nodes USING (site) JOIN journals USING (node)
            JOIN (SELECT journal, first, last FROM runs UNION ALL
                SELECT journal, {LAST} + 1, {LAST} FROM journals) AS held
                USING (journal)
            WHERE {IN_SERVICE} ORDER BY journal, first LIMIT :most""",  # noqa: S608 - as above
            Where(site=site),
            most=_MOST_GAPS,
        ):
            end = held.get((node, epoch), watermark)
            if first > end + 1:
                found.append(Gap(node, epoch, end + 1, first - 1, written_off_ms))
            if is_former:
                found.append(Gap(node, epoch, first, None, written_off_ms))
            held[node, epoch] = max(end, last)
        return found

    def waiting(self, day: str, where: Where = EVERYWHERE) -> dict[str, Waiting]:
        """Who waits now, by site; of sites whose hubs have not all opened this business day nobody
        can tell."""
        rows = self._visible.query(
            f"""SELECT visible.code, sum(waiting), min(waiting_since_ms),
                CASE WHEN count(counters_open) = count(*) THEN sum(counters_open) END,
                CASE WHEN count(counters_paused) = count(*) THEN sum(counters_paused) END
            FROM visible JOIN nodes USING (site)
            JOIN journals ON journals.journal = current_journal
            WHERE {IN_SERVICE} GROUP BY visible.code
            HAVING count(*) = count(*) FILTER (WHERE business_day = :day)""",  # noqa: S608 - as above
            where,
            day=day,
        )
        return {code: Waiting(*row) for code, *row in rows}

    def waiting_since(self, day: str) -> list[tuple[str, int | None]]:
        """The site of everybody who waits now, and since when (UTC milliseconds; None: no trusted
        clock says), at sites whose hub has opened this business day."""
        return self._visible.query(
            f"""SELECT visible.code, since_ms
            FROM visible JOIN nodes USING (site)
            JOIN queue_now ON queue_now.journal = current_journal
            JOIN journals ON journals.journal = current_journal
            WHERE phase = 'waiting' AND business_day = :day AND {IN_SERVICE}""",  # noqa: S608 - as above
            day=day,
        )

    def counters_now(self, site: str) -> list[CounterRow]:
        """What a site's counters do now, by number, as far as the present journals have told."""
        rows = self._visible.query(
            f"""SELECT nodes.code, counter, state, reason, since_ms
            FROM visible JOIN nodes USING (site)
            JOIN counters_now ON counters_now.journal = current_journal
            WHERE {IN_SERVICE} ORDER BY counter, nodes.code""",  # noqa: S608 - as above
            Where(site=site),
        )
        return [CounterRow(*row) for row in rows]

    def queue(self, node: str) -> list[tuple[str, str, TicketPhase, int | None]]:
        """Everybody whom a node has in the house: number, services separated by spaces, phase, and
        since when (UTC milliseconds; None: no trusted clock says)."""
        return self._visible.query(
            """SELECT ticket, services, phase, since_ms FROM visible
            JOIN nodes USING (site) JOIN queue_now ON queue_now.journal = current_journal
            WHERE nodes.code = :node""",
            node=node,
        )

    def site_days(self, day: str, where: Where = EVERYWHERE) -> dict[str, Tally]:
        """What happened on a business day, by site."""
        rows = self._visible.query(
            f"""SELECT visible.code, {_TALLY}
            FROM site_days JOIN visible USING (site) WHERE day = :day""",  # noqa: S608 - our own names
            where,
            day=day,
        )
        return {code: tally_from_row(tally) for code, *tally in rows}

    def cells(self, site: str, start_ms: int, end_ms: int) -> dict[CellKey, Tally]:
        """A site's cells whose quarter of an hour begins from `start_ms` up to `end_ms`."""
        rows = self._visible.query(
            f"""SELECT services.code, quarter_ms, {_TALLY}
            FROM visible JOIN cells USING (site) JOIN services USING (service)
            WHERE quarter_ms >= :start AND quarter_ms < :end ORDER BY quarter_ms""",  # noqa: S608 - as above
            Where(site=site),
            start=start_ms,
            end=end_ms,
        )
        return {CellKey(code, quarter): tally_from_row(tally) for code, quarter, *tally in rows}

    def counters(self, site: str, start_ms: int, end_ms: int) -> dict[CounterKey, CounterTally]:
        """A site's counter cells whose quarter begins from `start_ms` up to `end_ms`."""
        rows = self._visible.query(
            f"""SELECT counter, quarter_ms, {_COUNTER} FROM visible JOIN counter_cells USING (site)
            WHERE quarter_ms >= :start AND quarter_ms < :end ORDER BY quarter_ms, counter""",  # noqa: S608 - as above
            Where(site=site),
            start=start_ms,
            end=end_ms,
        )
        return {
            CounterKey(counter, quarter): CounterTally(*tally) for counter, quarter, *tally in rows
        }

    def answers(self, day: str) -> int:
        """How many answers were given on a business day."""
        rows = self._visible.query(
            """SELECT coalesce(sum(n), 0) FROM ratings JOIN visible USING (site)
            WHERE day = :day AND level > 0""",
            day=day,
        )
        return int(rows[0][0])

    def ratings(self, site: str, day: str) -> Counter[RatingKey]:
        """A site's answers of a business day."""
        rows = self._visible.query(
            """SELECT services.code, levels, level, n
            FROM visible JOIN ratings USING (site) JOIN services USING (service)
            WHERE day = :day""",
            Where(site=site),
            day=day,
        )
        return Counter(
            {RatingKey(service, day, levels, level): n for service, levels, level, n in rows}
        )


def _maybe(flag: int | None) -> bool | None:
    return None if flag is None else bool(flag)
