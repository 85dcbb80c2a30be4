"""The form in which benchmarks speak."""

import json
import statistics
from collections.abc import Sequence


def quantile(values: Sequence[float], q: float) -> float:
    """The `q`-quantile of at least two values, 0 < q < 1."""
    cuts = statistics.quantiles(values, n=1000, method="inclusive")
    return cuts[min(998, max(0, round(q * 1000) - 1))]


def line(
    name: str, value: float, unit: str, baseline: str = "", baseline_value: float | None = None
) -> str:
    """One JSON line; `ratio` is the value over its baseline's value."""
    ratio = None if not baseline_value else round(value / baseline_value, 3)
    return json.dumps(
        {
            "name": name,
            "value": round(value, 4),
            "unit": unit,
            "baseline": baseline or None,
            "baseline_value": None if baseline_value is None else round(baseline_value, 4),
            "ratio": ratio,
        }
    )
