"""Hubs on new cards are answered as fast as the line takes it, and one cannot stop the others."""

from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.ingest.intake import Intake, Received
from central.recovery.state_desk import StateDesk
from central.store.database import Location, open_for_writing
from central.store.ingest import SqlIngestStore
from central.store.protocol import StoreError
from contract import events as e
from contract.codec import decode_message, encode_message
from contract.topics import down, up
from contract.wire import VERSION, SiteState, StatePart, StateRequest
from runtime.sealed import unseal
from tests.central.journal import DAY, MORNING_MS, NODE, OTHER_NODE, Journal
from tests.edge.running_site import TestClock

REQUEST, NEXT_REQUEST = b"r" * 16, b"s" * 16
TICKETS = 400


class Asked:
    """A desk that answers over a line which takes `room` more messages."""

    def __init__(self, database: Location) -> None:
        self.clock = TestClock(MORNING_MS + 3_600_000)
        self.room = 0
        self.sent: list[tuple[str, bytes]] = []
        self.desk = StateDesk(database, Ed25519PrivateKey.generate(), self.clock, self._publish)

    def ask(self, node: str, request: bytes, topic_of: str | None = None) -> None:
        payload = encode_message(StateRequest(VERSION, node, request))
        self.desk.put(up(topic_of or node, "state"), payload)

    def turn(self, room: int) -> None:
        self.room = room
        self.desk.turn()

    def parts(self, node: str, request: bytes) -> list[StatePart]:
        said = [
            decode_message(p, StatePart) for topic, p in self.sent if topic == down(node, "state")
        ]
        return [part for part in said if part.request == request]

    def _publish(self, topic: str, payload: bytes) -> bool:
        if self.room == 0:
            return False
        self.room -= 1
        self.sent.append((topic, payload))
        return True


@pytest.fixture
def asked(location: Location) -> Asked:
    journal = Journal()
    journal.open_day(DAY)
    for number in range(1, TICKETS + 1):
        journal.add(e.TicketIssued(f"1{number:03}", ("1",)), number * 1000)
    with closing(open_for_writing(location)) as db:
        Intake(SqlIngestStore(db)).commit(
            [Received(journal.events_topic, journal.all(), MORNING_MS)]
        )
    return Asked(location)


def test_a_full_window_delays_the_parts_and_loses_none(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("central.recovery.state_desk._PART_BYTES", 1000)
    asked.ask(NODE, REQUEST)
    asked.ask(OTHER_NODE, REQUEST)
    for room in (0, 1, 0, 1, 100):
        asked.turn(room)
    parts = asked.parts(NODE, REQUEST)
    assert [part.part for part in parts] == list(range(parts[0].parts))
    assert len(parts) == parts[0].parts > 2
    state = unseal(b"".join(part.data for part in parts), SiteState).message
    assert state.orders == {"1": TICKETS}
    assert len(asked.parts(OTHER_NODE, REQUEST)) == 1


def test_who_asks_for_another_gets_nothing_and_the_next_is_answered(
    asked: Asked, caplog: pytest.LogCaptureFixture
) -> None:
    asked.ask(NODE, REQUEST, topic_of=OTHER_NODE)
    asked.desk.put(up(OTHER_NODE, "state"), b"nonsense")
    asked.desk.put("nonsense", b"")
    asked.ask(OTHER_NODE, REQUEST)
    asked.turn(100)
    assert len(asked.sent) == len(asked.parts(OTHER_NODE, REQUEST)) == 1
    assert f"{OTHER_NODE} asked for the state of {NODE} and gets none" in caplog.text
    assert caplog.text.count("cannot be read") == 2


def test_who_asks_again_within_ten_seconds_has_its_answer_already(asked: Asked) -> None:
    asked.ask(OTHER_NODE, REQUEST)
    asked.ask(OTHER_NODE, NEXT_REQUEST)
    asked.turn(100)
    assert len(asked.sent) == 1
    asked.clock.later(11)
    asked.ask(OTHER_NODE, NEXT_REQUEST)
    asked.turn(100)
    assert len(asked.parts(OTHER_NODE, NEXT_REQUEST)) == 1


def test_a_database_that_is_away_costs_nobody_the_ten_seconds(tmp_path: Path) -> None:
    asked = Asked(tmp_path / "centre.db")
    asked.ask(OTHER_NODE, REQUEST)
    with pytest.raises(StoreError):
        asked.turn(100)
    open_for_writing(tmp_path / "centre.db").close()
    asked.ask(OTHER_NODE, NEXT_REQUEST)
    asked.turn(100)
    assert len(asked.parts(OTHER_NODE, NEXT_REQUEST)) == 1
