"""What the orders of one commit have done so far; nothing of it is durable yet."""

from contract.codec import encode_entry
from contract.commands import Answer
from contract.events import Entry
from contract.refusals import Refused
from edge.core.house import House, Turn
from edge.store.journal import NewRow


class Draft:
    """What the orders of one commit have done so far; nothing of it is durable yet."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.entries: list[Entry] = []
        self.rows: list[NewRow] = []
        self.said: dict[bytes, tuple[str, Answer | Refused]] = {}

    def take(self, turn: Turn) -> None:
        """Go on from `turn`, all of it or nothing."""
        rows = [NewRow(encode_entry(entry), entry.command_id) for entry in turn.entries]
        self.house = turn.house
        self.entries.extend(turn.entries)
        self.rows.extend(rows)
