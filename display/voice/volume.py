"""How loud the voice is at which time of day. Pure."""

from collections.abc import Mapping

from contract.local_time import local_time

_FULL = 100


def percent_at(volume: Mapping[str, int], now_ms: int | None) -> int:
    """The volume by a table of times of the site's day ("07:00") from which each percent holds.

    Before the first time of a day the last one of the day before holds. While no clock can be
    trusted (None) the loudest holds, for a call too loud does less harm than one unheard. An
    empty table means 100.
    """
    if now_ms is None or not volume:
        return max(volume.values(), default=_FULL)
    now = local_time(now_ms)
    passed = [since for since in volume if since <= f"{now:%H:%M}"]
    return volume[max(passed or volume)]
