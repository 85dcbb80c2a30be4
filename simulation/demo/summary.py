"""What a simulated day came to, counted at the hubs and held against the centre."""

from typing import Any

from contract.codec import decode_entry
from edge.store.journal import Journal
from simulation.recount import Count, quantile, recount

_QUANTILE_ERROR = 0.015


def site_summary(journal: Journal, turned_away: dict[str, int]) -> dict[str, Any]:
    """One site's day from its journal: JSON values, durations in seconds."""
    count = recount(decode_entry(row.body) for row in journal.rows())
    return {
        "tickets": count.issued,
        "numbers": count.numbers,
        "turned_away": turned_away,
        "visits": count.visits,
        "services": count.finished,
        "no_shows": count.no_shows,
        "transfers": count.transferred,
        "voided": count.voided,
        "wait_p50_s": _seconds(quantile(count.waits_ms, 0.5)),
        "wait_p90_s": _seconds(quantile(count.waits_ms, 0.9)),
        "signature_wait_p50_s": _seconds(quantile(count.second_waits_ms, 0.5)),
        "waits_s": [_seconds(ms) for ms in count.waits_ms],
        "counters": _counters(count),
        "ratings": {
            "count": len(count.ratings),
            "by_fives": count.ratings_by_fives,
            "levels": {str(level): count.ratings.count(level) for level in (4, 3, 2, 1)},
            "response_rate": _rounded(count.response_rate, 3),
            "presses_ignored": count.presses_ignored,
        },
    }


def compare(counted: dict[str, Any], told: dict[str, Any]) -> list[str]:
    """Where the centre's figures of a site's day differ from `counted`; empty when they agree.

    Counts must be equal, quantiles within 1.5 %.
    """
    figures = told["site"]["figures"]
    pairs = {
        "tickets": (counted["tickets"], figures["issued"]),
        "services": (counted["services"], figures["finished"]),
        "visits": (counted["visits"], figures["visits"]),
        "no_shows": (counted["no_shows"], figures["no_shows"]),
        "voided": (counted["voided"], figures["voids"]),
        "transfers": (counted["transfers"], figures["transfers"]),
        "presses ignored": (counted["ratings"]["presses_ignored"], told["ignored_presses"]),
        "waits": (len(counted["waits_s"]), figures["wait"]["n"]),
    }
    if told["ratings"]["answers"] is not None:
        pairs["ratings"] = (counted["ratings"]["by_fives"], told["ratings"]["answers"])
    heard = {str(counter["counter"]): counter for counter in told["counters"]}
    for counter in counted["counters"]:
        theirs = heard.get(counter["counter"], {})
        pairs[f"counter {counter['counter']}"] = (counter["finished"], theirs.get("finished"))
    differences = [
        f"{name}: {ours} here, {theirs} there"
        for name, (ours, theirs) in pairs.items()
        if ours != theirs
    ]
    for name in ("p50", "p90"):
        ours, theirs = counted[f"wait_{name}_s"], figures["wait"][f"{name}_ms"]
        if not _close(ours, theirs):
            differences.append(f"wait {name}: {ours} s here, {theirs} ms there")
    return differences


def _close(seconds: float | None, ms: float | None) -> bool:
    if seconds is None or ms is None:
        return seconds is ms
    return abs(ms - seconds * 1000) <= max(1.0, seconds * 1000 * _QUANTILE_ERROR)


def _counters(count: Count) -> list[dict[str, Any]]:
    return [
        {
            "counter": id_,
            "finished": counter.finished,
            "open_h": round(counter.open_ms / 3_600_000, 2),
            "busy_h": round(counter.busy_ms / 3_600_000, 2),
            "per_open_hour": _rounded(counter.per_open_hour, 2),
        }
        for id_, counter in count.counters.items()
    ]


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
