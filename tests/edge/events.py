"""What a hub's journal says."""

from contract.codec import decode_entry
from contract.events import AnyEvent
from edge.hub import Hub


def events_of(hub: Hub) -> list[AnyEvent]:
    """All events of the journal, the oldest first."""
    return [decode_entry(row.body).event for row in hub.journal.rows()]
