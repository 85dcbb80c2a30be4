"""What shall go wrong in a simulated day, and when."""

import re
from datetime import time
from typing import NamedTuple

from simulation.site import FAULTS

_FORM = re.compile(r"(?P<at>[0-9]{2}:[0-9]{2})=(?P<fault>[a-z-]+)(?:@(?P<site>[1-9]))?")


class Fault(NamedTuple):
    """One of FAULTS at a site (1 is the first), at a time of day."""

    at: time
    name: str
    site: int


def read_fault(text: str) -> Fault:
    """A fault as people write it: `HH:MM=FAULT`, or `HH:MM=FAULT@SITE`. Raises ValueError."""
    match = _FORM.fullmatch(text)
    if match is None or match["fault"] not in FAULTS:
        raise ValueError(
            f"{text!r} is not HH:MM=FAULT[@SITE] with FAULT one of {', '.join(FAULTS)}"
        )
    return Fault(time.fromisoformat(match["at"]), match["fault"], int(match["site"] or 1))
