"""By which definition the figures of a database were folded, and emptying them for another."""

import logging

from central.store.connection import Connection
from central.store.dropped_days import dropped_days
from central.store.protocol import StoreRefusedError

logger = logging.getLogger(__name__)

FIGURES_EDITION = 1
"""To be counted up whenever the same events shall come to other figures."""

_FOLDED = (
    *("cells", "site_days", "counter_cells", "ratings", "queue_now", "totals"),
    *("counters_now", "devices_now"),
)


def begin(conn: Connection) -> None:
    """Inside a transaction, note this program's definition where nothing was ever folded."""
    if _found(conn) is None and not _has_journals(conn):
        _note(conn)


def require(conn: Connection) -> None:
    """Raise StoreError unless the figures are by this program's definition: whoever folds beside
    others must not empty what they fold into."""
    found = _found(conn) or 0
    _refuse_newer(found)
    if found < FIGURES_EDITION:
        raise StoreRefusedError("defined_anew")


def renew(conn: Connection) -> None:
    """Inside a transaction of the only process that folds, empty figures by an older definition;
    they are then folded anew, a step at a time. Raises StoreError for a newer definition, and as
    `empty` does."""
    found = _found(conn) or 0
    _refuse_newer(found)
    if found < FIGURES_EDITION:
        (events,) = conn.execute("SELECT coalesce(sum(folded), 0) FROM journals").fetchone()
        empty(conn)
        logger.warning("figures are defined anew: %d events are folded again", events)
        _note(conn)


def empty(conn: Connection) -> None:
    """Empty all figures, and put every cursor back to the start; what was restated stays. Raises
    StoreRefusedError where days of events were dropped, whose figures would not come again."""
    days = dropped_days(conn)
    if days:
        raise StoreRefusedError("days_dropped", days=len(days), first=days[0], last=days[-1])
    for table in _FOLDED:
        conn.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
    conn.execute(
        """UPDATE journals SET folded = 0, folded_ms = NULL, began_ms = NULL,
        business_day = NULL, fold_state = ?, waiting = 0, waiting_since_ms = NULL,
        counters_open = 0, counters_paused = 0""",
        (b"",),
    )


def _found(conn: Connection) -> int | None:
    row = conn.execute("SELECT edition FROM definitions WHERE part = 'figures'").fetchone()
    return None if row is None else int(row[0])


def _has_journals(conn: Connection) -> bool:
    return conn.execute("SELECT 1 FROM journals LIMIT 1").fetchone() is not None


def _note(conn: Connection) -> None:
    conn.execute(
        """INSERT INTO definitions (part, edition) VALUES ('figures', ?)
        ON CONFLICT (part) DO UPDATE SET edition = excluded.edition""",
        (FIGURES_EDITION,),
    )


def _refuse_newer(found: int) -> None:
    if found > FIGURES_EDITION:
        raise StoreRefusedError("newer_figures", found=found, known=FIGURES_EDITION)
