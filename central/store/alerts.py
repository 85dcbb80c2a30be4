"""Alerts, their history, and the news of them that is not sent yet."""

import json
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from central.scope import Scope
from central.store.connection import Connection
from central.store.storable import storable
from central.store.visible import Visible, Where

_SHOWN = """alert, rule, visible.code, (SELECT name FROM names WHERE kind = 'site'
    AND names.code = visible.code ORDER BY from_day DESC LIMIT 1), subject, phase, began_ms,
    opened_ms, closed_ms, acknowledged_ms, detail"""
_YOUNGEST_FIRST = "opened_ms DESC, alert DESC"
_UNSEEN_FIRST = "acknowledged_ms IS NOT NULL, opened_ms, alert"


class AlertRow(Struct, frozen=True):
    """One alert that was opened; `detail` are the figures behind its last finding."""

    alert: int
    rule: str
    site: str
    name: str | None
    subject: str
    phase: str
    began_ms: int
    opened_ms: int
    closed_ms: int | None
    acknowledged_ms: int | None
    detail: dict[str, Any]


class WatchedRow(Struct, frozen=True):
    """What is watched: an alert in any phase but closed."""

    alert: int
    rule: str
    site: str
    subject: str
    phase: str
    phase_ms: int
    detail: dict[str, Any]


class StepRow(Struct, frozen=True):
    """One step of an alert's history: what happened to it, by whom (empty: by itself)."""

    at_ms: int
    what: str
    who: str
    note: str


class TallyRow(Struct, frozen=True):
    """How many alerts there are by a rule in a province."""

    rule: str
    province: str
    n: int


class CountRow(Struct, frozen=True):
    """How many alerts there are, how many of them nobody has acknowledged, and when the youngest
    was opened, None of none."""

    total: int
    unseen: int
    youngest_ms: int | None


class NewsRow(Struct, frozen=True):
    """One thing that a receiver has not heard yet."""

    news: int
    what: str
    at_ms: int
    alert: AlertRow


class Alerts:
    """Reads the alerts of sites that `scope` covers, over one connection."""

    def __init__(self, conn: Connection, scope: Scope) -> None:
        self._visible = Visible(conn, scope)

    def page(
        self,
        where: Where,
        rules: Sequence[str],
        offset: int,
        limit: int,
        *,
        still_open: bool,
        unseen_first: bool = False,
    ) -> list[AlertRow]:
        """Alerts by these rules, open or closed, the youngest first; or those first that nobody has
        acknowledged, and among them the oldest."""
        order = _UNSEEN_FIRST if unseen_first else _YOUNGEST_FIRST
        return self._rows(
            f"""SELECT {_SHOWN} FROM alerts JOIN visible USING (site)
            WHERE opened_ms IS NOT NULL AND {_still(still_open)} AND {_among(rules)}
            ORDER BY {order} LIMIT :limit OFFSET :offset""",  # noqa: S608 - our own names
            where,
            rules,
            limit=limit,
            offset=offset,
        )

    def count(self, where: Where, rules: Sequence[str], *, still_open: bool) -> CountRow:
        """How many are open or closed."""
        rows = self._visible.query(
            f"""SELECT count(*), count(*) - count(acknowledged_ms), max(opened_ms)
            FROM alerts JOIN visible USING (site)
            WHERE opened_ms IS NOT NULL AND {_still(still_open)} AND {_among(rules)}""",  # noqa: S608 - as above
            where,
            **_named(rules),
        )
        return CountRow(*rows[0])

    def unseen(self, where: Where, rules: Sequence[str], opened_until_ms: int) -> list[int]:
        """The open ones by these rules that nobody has acknowledged and that were opened no later
        than that."""
        rows = self._visible.query(
            f"""SELECT alert FROM alerts JOIN visible USING (site)
            WHERE {_still(True)} AND acknowledged_ms IS NULL AND opened_ms <= :until
            AND {_among(rules)} ORDER BY alert""",  # noqa: S608 - as above
            where,
            **_named(rules),
            until=opened_until_ms,
        )
        return [alert for (alert,) in rows]

    def tally(self, where: Where, rules: Sequence[str], *, still_open: bool) -> list[TallyRow]:
        """How many are open or closed by each of these rules in each province, by its code."""
        rows = self._visible.query(
            f"""SELECT rule, province, count(*) FROM alerts JOIN visible USING (site)
            WHERE opened_ms IS NOT NULL AND {_still(still_open)} AND {_among(rules)}
            GROUP BY rule, province ORDER BY province""",  # noqa: S608 - as above
            where,
            **_named(rules),
        )
        return [TallyRow(*row) for row in rows]

    def alert(self, alert: int, rules: Sequence[str]) -> AlertRow | None:
        """One alert; None for one unknown, out of scope or by another rule."""
        found = self._rows(
            f"""SELECT {_SHOWN} FROM alerts JOIN visible USING (site)
            WHERE alert = :alert AND opened_ms IS NOT NULL AND {_among(rules)}""",  # noqa: S608 - as above
            Where(),
            rules,
            alert=alert,
        )
        return found[0] if found else None

    def steps(self, alert: int) -> list[StepRow]:
        """The history of an alert."""
        rows = self._visible.query(
            """SELECT at_ms, what, who, note FROM alert_steps JOIN alerts USING (alert)
            JOIN visible USING (site) WHERE alert = :alert ORDER BY step""",
            alert=alert,
        )
        return [StepRow(*row) for row in rows]

    def news(self, receiver: str, limit: int) -> list[NewsRow]:
        """What a receiver has not heard, the oldest first."""
        rows = self._visible.query(
            f"""SELECT news, what, at_ms, {_SHOWN} FROM alert_news JOIN alerts USING (alert)
            JOIN visible USING (site) WHERE receiver = :receiver ORDER BY news LIMIT :limit""",  # noqa: S608 - as above
            receiver=receiver,
            limit=limit,
        )
        return [NewsRow(*(*row[:3], _alert(row[3:]))) for row in rows]

    def _rows(
        self, sql: str, where: Where, rules: Sequence[str], **values: object
    ) -> list[AlertRow]:
        rows = self._visible.query(
            sql,
            where,
            **_named(rules),
            **values,
        )
        return [_alert(row) for row in rows]


class AlertBook:
    """Writes alerts, inside a transaction, and reads what it watches."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def watched(self) -> list[WatchedRow]:
        """Everything in any phase but closed."""
        rows = self._conn.execute(
            """SELECT alert, rule, code, subject, phase, phase_ms, detail
            FROM alerts JOIN sites USING (site) WHERE phase <> 'closed'"""
        )
        return [WatchedRow(*(*row[:-1], json.loads(row[-1]))) for row in rows]

    def begin(self, rule: str, site: str, subject: str, detail: str, now_ms: int) -> int:
        """Watch something new and return its key."""
        found = self._conn.execute(
            """INSERT INTO alerts (rule, site, subject, phase, phase_ms, began_ms, detail)
            VALUES (?, (SELECT site FROM sites WHERE code = ?), ?, 'pending', ?, ?, ?)
            RETURNING alert""",
            (rule, site, subject, now_ms, now_ms, detail),
        )
        return int(found.fetchone()[0])

    def forget(self, alert: int) -> None:
        """Stop watching what never became an alert."""
        self._conn.execute("DELETE FROM alerts WHERE alert = ?", (alert,))

    def move(self, alert: int, before: str, phase: str, since_ms: int) -> bool:
        """Put an alert from one phase into another; False when somebody else has moved it. When it
        was closed is kept unless it opens again, and then nobody has acknowledged it."""
        found = self._conn.execute(
            """UPDATE alerts SET phase = :phase, phase_ms = :ms,
            opened_ms = CASE WHEN :phase = 'open' AND (opened_ms IS NULL OR :before = 'worse')
                THEN :ms ELSE opened_ms END,
            acknowledged_ms = CASE WHEN :phase = 'open' AND :before = 'worse' THEN NULL
                ELSE acknowledged_ms END,
            closed_ms = CASE WHEN :phase = 'closed' THEN coalesce(closed_ms, :ms)
                WHEN :phase <> 'open' THEN closed_ms END
            WHERE alert = :alert AND phase = :before RETURNING alert""",
            {"phase": phase, "ms": since_ms, "alert": alert, "before": before},
        )
        return found.fetchone() is not None

    def describe(self, alert: int, detail: str) -> None:
        """Replace the figures behind an alert."""
        self._conn.execute("UPDATE alerts SET detail = ? WHERE alert = ?", (detail, alert))

    def acknowledge(self, alert: int, now_ms: int, *, if_unseen: bool = False) -> bool:
        """Note that somebody has seen an alert; False when it is over, or when somebody had seen it
        before and that matters."""
        found = self._conn.execute(
            """UPDATE alerts SET acknowledged_ms = coalesce(acknowledged_ms, ?)
            WHERE alert = ? AND closed_ms IS NULL AND (acknowledged_ms IS NULL OR ? = 0)
            RETURNING alert""",
            (now_ms, alert, int(if_unseen)),
        )
        return found.fetchone() is not None

    def dismiss(self, alert: int, now_ms: int) -> bool:
        """Close an alert that may still be wrong; False when it is over."""
        found = self._conn.execute(
            """UPDATE alerts SET phase = 'dismissed', phase_ms = ?, closed_ms = ?
            WHERE alert = ? AND closed_ms IS NULL RETURNING alert""",
            (now_ms, now_ms, alert),
        )
        return found.fetchone() is not None

    def step(self, alert: int, at_ms: int, what: str, who: str = "", note: str = "") -> None:
        """Append to the history of an alert."""
        self._conn.execute(
            "INSERT INTO alert_steps (alert, at_ms, what, who, note) VALUES (?, ?, ?, ?, ?)",
            (alert, at_ms, what, who, storable(note)),
        )

    def tell(self, receiver: str, alert: int, what: str, at_ms: int) -> None:
        """Put news by for a receiver; of an alert that it has not heard of and that is over
        again, it hears nothing."""
        if what != "opened":
            unheard = self._conn.execute(
                """DELETE FROM alert_news
                WHERE receiver = ? AND alert = ? AND what = 'opened' RETURNING news""",
                (receiver, alert),
            ).fetchall()
            if unheard:
                return
        self._conn.execute(
            "INSERT INTO alert_news (receiver, alert, what, at_ms) VALUES (?, ?, ?, ?)",
            (receiver, alert, what, at_ms),
        )

    def told(self, news: Sequence[int]) -> None:
        """Forget news that was sent."""
        self._conn.executemany("DELETE FROM alert_news WHERE news = ?", [(one,) for one in news])

    def forget_receivers(self, kept: Sequence[str], before_ms: int) -> int:
        """Forget news for receivers that are no more, and news from before; how many."""
        others = f"OR receiver NOT IN ({', '.join('?' * len(kept))})" if kept else "OR true"
        gone = self._conn.execute(
            f"DELETE FROM alert_news WHERE at_ms < ? {others} RETURNING news",  # noqa: S608 - only marks
            (before_ms, *kept),
        )
        return len(gone.fetchall())


def _alert(row: Sequence[Any]) -> AlertRow:
    return AlertRow(*(*row[:-1], json.loads(row[-1])))


def _still(is_open: bool) -> str:
    return "closed_ms IS NULL" if is_open else "closed_ms IS NOT NULL"


def _among(rules: Sequence[str]) -> str:
    return f"rule IN ({', '.join(f':rule{place}' for place in range(len(rules)))})"


def _named(rules: Sequence[str]) -> dict[str, object]:
    return {f"rule{place}": rule for place, rule in enumerate(rules)}
