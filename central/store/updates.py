"""Rollouts, and what nodes were told and have said of updates."""

from collections.abc import Sequence
from typing import Any

import msgspec

from central.scope import Scope
from central.store.connection import Connection
from central.store.storable import storable
from central.store.visible import IN_SERVICE, STILL_RUNNING, STILL_THERE, Visible, Where
from central.updates.progress import HubUpdate
from central.updates.rollout import Rollout, RolloutState, Told
from contract.versions import is_later
from contract.wire import Release, UpdateState

_MOST_ORDERS_OF_A_NODE = 100
_LONGEST_REASON = 1000
_ROLLOUT = ", ".join(Rollout.__struct_fields__)
_ALTERED = """coalesce(fingerprint, '') <> ''
    AND software IN (SELECT software FROM releases)
    AND (software, fingerprint) NOT IN (SELECT software, fingerprint FROM releases)"""


class UpdateBook:
    """Reads and, inside a transaction, writes what the centre decides and hears of updates."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def rollouts(self) -> list[Rollout]:
        """All rollouts, the newest first."""
        rows = self._conn.execute(f"SELECT {_ROLLOUT} FROM rollouts ORDER BY rollout DESC")  # noqa: S608 - our own names
        return [_rollout(row) for row in rows]

    def rollout(self, rollout: int) -> Rollout | None:
        """One rollout."""
        return next((one for one in self.rollouts() if one.rollout == rollout), None)

    def next_rollout(self) -> int:
        """The number of a new rollout: its orders are above all that any node was told, also by a
        centre whose database was lost."""
        last, heard = self._conn.execute(
            """SELECT coalesce((SELECT max(rollout) FROM rollouts), 0),
            coalesce((SELECT max(number) FROM node_updates), 0)"""
        ).fetchone()
        return max(int(last), int(heard) // 2) + 1

    def add(self, rollout: Rollout) -> None:
        """Add a new rollout."""
        marks = ", ".join("?" * len(Rollout.__struct_fields__))
        values = {**msgspec.structs.asdict(rollout), "places": " ".join(rollout.places)}
        values |= {"urgent": int(rollout.urgent), "state": rollout.state.value}
        self._conn.execute(
            f"INSERT INTO rollouts ({_ROLLOUT}) VALUES ({marks})",  # noqa: S608 - as above
            tuple(values.values()),
        )

    def change(self, rollout: Rollout) -> None:
        """Store a rollout's percentage, state, reason, and when they changed."""
        self._conn.execute(
            """UPDATE rollouts SET percent = ?, state = ?, reason = ?, changed_ms = ?
            WHERE rollout = ?""",
            (
                rollout.percent,
                rollout.state.value,
                rollout.reason,
                rollout.changed_ms,
                rollout.rollout,
            ),
        )

    def note_release(self, release: Release) -> None:
        """Note of which files a release is, by its publisher's seal; an older one does not say."""
        if release.fingerprint:
            self._conn.execute(
                """INSERT INTO releases (release, software, fingerprint) VALUES (?, ?, ?)
                ON CONFLICT (release) DO NOTHING""",
                (release.number, release.software, release.fingerprint),
            )

    def fingerprints(self) -> dict[str, tuple[str, ...]]:
        """The fingerprints of each version that releases have, the newest release's first."""
        rows = self._conn.execute(
            "SELECT software, fingerprint FROM releases ORDER BY release DESC"
        ).fetchall()
        found: dict[str, tuple[str, ...]] = {}
        for software, fingerprint in rows:
            found[software] = (*found.get(software, ()), fingerprint)
        return found

    def is_altered(self, node: str) -> bool:
        """Whether a node has said of the files of its software that they are not those of a release
        of its version; False where no release says of which files it is."""
        return bool(
            self._conn.execute(
                f"SELECT 1 FROM nodes WHERE code = ? AND {_ALTERED}",  # noqa: S608 - our own condition
                (node,),
            ).fetchone()
        )

    def note_said(self, node: str, said: UpdateState, now_ms: int) -> bool:
        """Note how far a node says it is; False for a node not known yet. The same again is no
        news; of each node the highest orders are kept, a hundred of them."""
        reason = storable(said.reason[:_LONGEST_REASON])
        noted = self._conn.execute(
            """INSERT INTO node_updates (node, number, release, phase, reason, since_ms)
            SELECT node, ?, ?, ?, ?, ? FROM nodes WHERE code = ?
            ON CONFLICT (node, number, release) DO UPDATE SET
            since_ms = CASE WHEN node_updates.phase = excluded.phase THEN node_updates.since_ms
                ELSE excluded.since_ms END,
            phase = excluded.phase, reason = excluded.reason RETURNING node""",
            (
                said.order,
                said.release,
                said.phase,
                reason,
                now_ms,
                node,
            ),
        ).fetchone()
        if noted:
            self._conn.execute(
                """DELETE FROM node_updates WHERE node = ? AND (number, release) NOT IN
                (SELECT number, release FROM node_updates WHERE node = ?
                ORDER BY number DESC, release DESC LIMIT ?)""",
                (noted[0], noted[0], _MOST_ORDERS_OF_A_NODE),
            )
        return bool(noted)

    def note_told(self, node: str, number: int, release: int, now_ms: int) -> None:
        """Note that a node was told an order; told again, the first time counts."""
        self._conn.execute(
            """INSERT INTO node_updates (node, number, release, told_ms, phase, reason, since_ms)
            SELECT node, ?, ?, ?, '', '', ? FROM nodes WHERE code = ?
            ON CONFLICT (node, number, release) DO UPDATE SET
            told_ms = coalesce(node_updates.told_ms, excluded.told_ms)""",
            (number, release, now_ms, now_ms, node),
        )

    def told(self, node: str, number: int) -> Told | None:
        """What a node was told and has said of an order; None for nothing."""
        row = self._conn.execute(
            """SELECT told_ms, phase FROM node_updates JOIN nodes USING (node)
            WHERE code = ? AND number = ? ORDER BY told_ms IS NULL""",
            (node, number),
        ).fetchone()
        return None if row is None else Told(*row)

    def fetching(self, orders: Sequence[int], since_ms: int) -> int:
        """How many nodes were told one of these orders since then, and are fetching or have not
        answered."""
        if not orders:
            return 0
        marks = ", ".join("?" * len(orders))
        row = self._conn.execute(
            f"""SELECT count(*) FROM node_updates WHERE number IN ({marks})
            AND phase IN ('', 'preparing') AND told_ms > ?""",  # noqa: S608 - as above
            (*orders, since_ms),
        ).fetchone()
        return int(row[0])

    def outcomes(self, rollout: Rollout) -> tuple[int, int]:
        """How many nodes have the release in force by this rollout, and how many refused it."""
        found = dict(
            self._conn.execute(
                """SELECT phase, count(*) FROM node_updates
                WHERE number = ? AND release = ? GROUP BY phase""",
                (rollout.order, rollout.release),
            ).fetchall()
        )
        return found.get("done", 0), found.get("refused", 0)

    def refusals(self, rollout: Rollout) -> list[tuple[str, str]]:
        """The nodes that refused the release in this rollout, by name, each with its reason."""
        return self._conn.execute(
            """SELECT code, reason FROM node_updates JOIN nodes USING (node)
            WHERE number = ? AND release = ? AND phase = 'refused' ORDER BY code""",
            (rollout.order, rollout.release),
        ).fetchall()

    def switched(self, rollout: Rollout) -> list[str]:
        """The nodes that have the release in force by this rollout or on trial, by name."""
        rows = self._conn.execute(
            """SELECT code FROM node_updates JOIN nodes USING (node)
            WHERE number = ? AND release = ? AND phase IN ('trying', 'done') ORDER BY code""",
            (rollout.order, rollout.release),
        )
        return [node for (node,) in rows]

    def has_site(self, place: str) -> bool:
        """Whether a site is known that is this place, or lies in it."""
        found = self._conn.execute(
            "SELECT 1 FROM sites WHERE code = ? OR code LIKE ? LIMIT 1", (place, f"{place}-%")
        )
        return found.fetchone() is not None

    def software_told(self, today: str) -> dict[str, str]:
        """What each node should run: the software of the newest rollout that told it, unless that
        was given up before the node had switched. One that has said of it that it is done, with
        later software than that, came with it on its card, and keeps it. Nodes that were told
        nothing are left out, and those of sites that have ended or that were retired."""
        rows = self._conn.execute(
            f"""SELECT nodes.code, rollouts.software, nodes.software, said.phase FROM (
                SELECT node, max(rollout) AS rollout FROM node_updates
                JOIN rollouts ON number = 2 * rollout AND node_updates.release = rollouts.release
                WHERE told_ms IS NOT NULL
                AND (state IN ('running', 'paused') OR phase IN ('trying', 'done'))
                GROUP BY node) AS told
            JOIN rollouts USING (rollout) JOIN nodes USING (node) JOIN sites USING (site)
            JOIN node_updates AS said ON said.node = told.node
                AND said.number = 2 * told.rollout AND said.release = rollouts.release
            WHERE {STILL_RUNNING}""",  # noqa: S608 - our own condition
            {"today": today},
        )
        return {
            node: runs if phase == "done" and is_later(runs or "", given) else given
            for node, given, runs, phase in rows
        }

    def software_run(self, today: str) -> set[str]:
        """What hubs said last that they run, those of sites that have ended left out."""
        rows = self._conn.execute(
            f"""SELECT DISTINCT software FROM nodes JOIN sites USING (site)
            WHERE software <> '' AND {STILL_RUNNING}""",  # noqa: S608 - as above
            {"today": today},
        )
        return {software for (software,) in rows}

    def releases_held(self, today: str) -> set[int]:
        """The releases that hubs fetch or have on trial, and the last two that each has had in
        force: what it runs, and what it may go back to; those of sites that have ended left
        out."""
        rows = self._conn.execute(
            f"""SELECT DISTINCT release FROM (SELECT release, phase,
                row_number() OVER (PARTITION BY node ORDER BY number DESC) AS of_all,
                row_number() OVER (PARTITION BY node, phase ORDER BY number DESC) AS of_phase
                FROM node_updates JOIN nodes USING (node) JOIN sites USING (site)
                WHERE {STILL_RUNNING}) AS said
            WHERE release > 0 AND (phase = 'done' AND of_phase <= 2
                OR phase NOT IN ('done', 'refused') AND of_all = 1)""",  # noqa: S608 - as above
            {"today": today},
        )
        return {release for (release,) in rows}

    def to_be_stopped(self, rollout: Rollout) -> list[str]:
        """The nodes that were told the rollout's order, have not switched as far as is known, and
        were not told that it is taken back."""
        rows = self._conn.execute(
            """SELECT code FROM node_updates JOIN nodes USING (node)
            WHERE number = ? AND told_ms IS NOT NULL AND phase IN ('', 'preparing', 'waiting')
            AND NOT EXISTS (SELECT 1 FROM node_updates AS later
                WHERE later.node = node_updates.node AND later.number >= ?) ORDER BY code""",
            (rollout.order, rollout.stop_order),
        )
        return [row[0] for row in rows]


class UpdateReader:
    """Reads how hubs of `scope` fare with updates, over one connection."""

    def __init__(self, conn: Connection, scope: Scope) -> None:
        self._visible = Visible(conn, scope)
        self._book = UpdateBook(conn)

    def rollouts(self) -> list[Rollout]:
        """All rollouts, the newest first; which are whose is for the caller to see by hubs."""
        return self._book.rollouts()

    def hubs(
        self, rollout: Rollout, where: Where, *, heard_since_ms: int, today: str
    ) -> list[HubUpdate]:
        """Every hub heard of, with what is known of it and this rollout, by name; silent are those
        offline, or not heard since then. One of a site that has ended is left out, unless the site
        is asked for by its code and the hub was told of this rollout."""
        rows = self._visible.query(
            f"""SELECT visible.code, province, nodes.code, coalesce(software, ''),
                CASE WHEN online = 1 AND heard_ms >= :heard_since THEN 0 ELSE 1 END,
                CASE WHEN {_ALTERED} THEN 1 ELSE 0 END,
                CASE WHEN given.told_ms IS NULL THEN 0 ELSE 1 END,
                CASE WHEN taken.node IS NULL THEN 0 ELSE 1 END,
                coalesce(given.phase, ''), coalesce(given.reason, ''), given.since_ms
            FROM visible JOIN nodes USING (site)
            LEFT JOIN node_updates AS given ON given.node = nodes.node
                AND given.number = :given AND given.release = :release
            LEFT JOIN node_updates AS taken ON taken.node = nodes.node
                AND taken.number = :taken AND taken.release = 0
            WHERE {IN_SERVICE}
                AND ({STILL_THERE} OR (:by_code = 1 AND given.told_ms IS NOT NULL))
            ORDER BY nodes.code""",  # noqa: S608 - as above
            where,
            heard_since=heard_since_ms,
            given=rollout.order,
            taken=rollout.stop_order,
            release=rollout.release,
            today=today,
            by_code=int(where.site is not None),
        )
        return [
            HubUpdate(*row[:4], *map(bool, row[4:8]), *row[8:])  # as the struct's fields
            for row in rows
        ]

    def software(self, where: Where, today: str) -> list[tuple[str, str, int]]:
        """Province, version, and how many hubs there said last that they run it, those of sites
        that have ended left out."""
        return [
            (province, software, hubs)
            for province, software, hubs in self._visible.query(
                f"""SELECT province, software, count(*) FROM visible JOIN nodes USING (site)
                WHERE software <> '' AND {STILL_RUNNING}
                GROUP BY province, software ORDER BY province, 3 DESC""",  # noqa: S608 - as above
                where,
                today=today,
            )
        ]


def _rollout(row: Sequence[Any]) -> Rollout:
    values = dict(zip(Rollout.__struct_fields__, row, strict=True))
    values["places"] = tuple(str(values["places"]).split())
    values["urgent"] = bool(values["urgent"])
    values["state"] = RolloutState(values["state"])
    return Rollout(**values)
