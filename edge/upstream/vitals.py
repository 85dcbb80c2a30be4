"""How a node fares, as whoever reports it to the centre may ask."""

from collections.abc import Callable
from dataclasses import dataclass

from contract.wire import Health, SiteMachine, UpdateState


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Vitals:
    """Whom to ask how a node fares; each answers at once, and never fails.

    `health` is of the machine, `update` how far its update is, `appointments` up to which message
    of the centre bookings are heeded, `machines` the site's others, and `fingerprint` that of the
    software on the disk. Where nobody knows, the answer is that there is none.
    """

    health: Callable[[], Health | None] = _nothing
    update: Callable[[], UpdateState | None] = _nothing
    appointments: Callable[[], int] = int
    machines: Callable[[], tuple[SiteMachine, ...] | None] = _nothing
    fingerprint: Callable[[], str | None] = _nothing
