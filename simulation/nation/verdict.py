"""Whether the centre holds exactly what the hubs wrote, row by row and figure by figure."""

from collections.abc import Iterable, Sequence
from typing import Any

from central.scope import Scope
from central.store.cells import DayTotal, merge_totals
from central.store.connection import Connection
from central.store.database import Location, reading
from central.store.totals import Totals
from contract.codec import decode_entry
from simulation.nation.hub import NationHub
from simulation.recount import Count, quantile, recount

_QUANTILE_ERROR = 0.015
_ALWAYS = ("0001-01-01", "9999-12-31")


def hold_against(database: Location, hubs: Sequence[NationHub], day: str) -> dict[str, Any]:
    """JSON values: `events` and `figures` of hubs and centre, and their `differences`.

    A row is lost when the centre's contiguous prefix does not reach it, and altered when the
    chain's hash over that prefix is not the hub's. Raises StoreError.
    """
    with reading(database) as conn:
        events = _events(conn, hubs)
        given = _ratings_held(conn)
        days = Totals(conn, Scope()).days(*_ALWAYS)
    counted = _counted(hubs)
    told = merge_totals(list(days.values()))
    figures = _figures(counted, given, told)
    return {
        "events": events,
        "figures": figures,
        "tickets_on_another_day": told.issued - days.get(day, DayTotal()).issued,
        "differences": _differences(events, figures),
    }


def _events(conn: Connection, hubs: Iterable[NationHub]) -> dict[str, int]:
    held = {
        (node, epoch): (watermark, chain)
        for node, epoch, watermark, chain in conn.execute(
            "SELECT nodes.code, epoch, watermark, chain FROM journals JOIN nodes USING (node)"
        )
    }
    rows, duplicates = conn.execute(
        "SELECT (SELECT count(*) FROM events), (SELECT sum(duplicates) FROM journals)"
    ).fetchone()
    written = sent = lost = altered = 0
    for hub in hubs:
        journal = hub.journal
        watermark, chain = held.get((hub.node, journal.epoch), (0, journal.hash_at(0)))
        written += journal.last_seq
        sent += hub.sent
        lost += journal.last_seq - watermark
        altered += watermark > journal.last_seq or chain != journal.hash_at(watermark)
    return {
        "written": written,
        "sent": sent,
        "held": rows,
        "lost": lost,
        "journals_altered": altered,
        "duplicates_recognised": duplicates or 0,
    }


def _ratings_held(conn: Connection) -> int:
    """Single events, for the figures count ratings by fives."""
    found = conn.execute(
        """SELECT count(*) FROM events JOIN kinds USING (kind)
        WHERE name = 'RatingGiven' AND training = 0"""
    )
    return int(found.fetchone()[0])


def _counted(hubs: Iterable[NationHub]) -> list[Count]:
    return [recount(decode_entry(body) for body in hub.journal.bodies) for hub in hubs]


def _figures(
    counts: Sequence[Count], given: int, told: DayTotal
) -> dict[str, dict[str, float | None]]:
    waits_ms = [ms for count in counts for ms in count.waits_ms]
    pairs: dict[str, tuple[float | None, float | None]] = {
        "tickets": (sum(c.issued for c in counts), told.issued),
        "calls": (sum(c.called for c in counts), told.called),
        "services": (sum(c.finished for c in counts), told.finished),
        "visits": (sum(c.visits for c in counts), told.visits),
        "no_shows": (sum(c.no_shows for c in counts), told.no_shows),
        "voided": (sum(c.voided for c in counts), told.voids),
        "transfers": (sum(c.transferred for c in counts), told.transfers),
        "second_waits": (sum(len(c.second_waits_ms) for c in counts), told.second_wait.n),
        "ratings": (sum(len(c.ratings) for c in counts), given),
        "ratings_by_fives": (sum(c.ratings_by_fives for c in counts), told.answers),
        "waits": (len(waits_ms), told.wait.n),
        "waits_total_ms": (sum(waits_ms), told.wait.ms),
    }
    for share, theirs in zip((0.5, 0.9), told.wait.quantiles((0.5, 0.9)), strict=True):
        pairs[f"wait_p{share * 100:.0f}_ms"] = (quantile(waits_ms, share), theirs)
    return {name: {"hubs": ours, "centre": theirs} for name, (ours, theirs) in pairs.items()}


def _differences(events: dict[str, int], figures: dict[str, dict[str, float | None]]) -> list[str]:
    found = []
    if events["lost"] or events["journals_altered"] or events["held"] != events["written"]:
        found.append(f"events: {events}")
    for name, pair in figures.items():
        ours, theirs = pair["hubs"], pair["centre"]
        exact = not name.startswith("wait_p")
        if ours != theirs and (exact or not _close(ours, theirs)):
            found.append(f"{name}: {ours} at the hubs, {theirs} at the centre")
    return found


def _close(ours: float | None, theirs: float | None) -> bool:
    if ours is None or theirs is None:
        return ours is theirs
    return abs(theirs - ours) <= max(1.0, ours * _QUANTILE_ERROR)
