"""What the centre reads of sites for itself, of all of them in one question wherever it can."""

from msgspec import Struct

from central.store.connection import Connection
from central.store.visible import IN_SERVICE


class Queue(Struct, frozen=True):
    """How many wait at a site since before the target and since before its eased share, and since
    when the first (UTC milliseconds since 1970)."""

    over_target: int
    over_eased: int
    since_ms: int


def ended(conn: Connection, day: str) -> set[str]:
    """The sites whose last day is before `day`."""
    return {site for (site,) in conn.execute("SELECT code FROM sites WHERE valid_to < ?", (day,))}


def is_registered(conn: Connection, site: str) -> bool:
    """Whether a site is in the list that was imported."""
    found = conn.execute("SELECT 1 FROM sites WHERE code = ? AND registered = 1", (site,))
    return found.fetchone() is not None


def queues(
    conn: Connection, day: str, target_since_ms: int, eased_since_ms: int
) -> dict[str, Queue]:
    """Long queues by site, at sites whose hub has opened `day`."""
    rows = conn.execute(
        f"""SELECT sites.code, count(*) FILTER (WHERE since_ms < ?), count(*), min(since_ms)
        FROM sites JOIN nodes USING (site)
        JOIN journals ON journals.journal = current_journal
        JOIN queue_now ON queue_now.journal = current_journal
        WHERE phase = 'waiting' AND business_day = ? AND since_ms < ? AND {IN_SERVICE}
        GROUP BY sites.code""",  # noqa: S608 - our own condition
        (target_since_ms, day, eased_since_ms),
    )
    return {site: Queue(*row) for site, *row in rows}


def lost_queues(conn: Connection, day: str) -> set[str]:
    """The sites where nobody knows who waits: a hub opened `day` in a journal that is no longer its
    present one, and has not opened it in that."""
    rows = conn.execute(
        f"""SELECT DISTINCT sites.code
        FROM sites JOIN nodes USING (site)
        JOIN journals AS present ON present.journal = current_journal
        JOIN journals AS former ON former.node = nodes.node AND former.business_day = ?
        WHERE present.business_day IS DISTINCT FROM ? AND {IN_SERVICE}""",  # noqa: S608 - as above
        (day, day),
    )
    return {site for (site,) in rows}


def answered(conn: Connection, first: str, last: str) -> dict[str, tuple[int, int]]:
    """How many answered, and how many of them in the upper half of their scale, from day to day,
    by site."""
    rows = conn.execute(
        """SELECT code, sum(n), sum(n) FILTER (WHERE 2 * level > levels + levels % 2)
        FROM ratings JOIN sites USING (site)
        WHERE day BETWEEN ? AND ? AND level > 0 GROUP BY code""",
        (first, last),
    )
    return {site: (int(n), int(satisfied or 0)) for site, n, satisfied in rows}
