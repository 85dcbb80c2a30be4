"""What a hub says of the machines beside it and of its software's files, and how seldom."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.codec import decode_message
from contract.wire import MOST_MACHINES, SiteMachine, Status, UpdateState
from edge.node_identity import Identity
from edge.store.journal import Journal
from edge.upstream.sender import HEARTBEAT_S, Sender
from edge.upstream.vitals import Vitals
from tests.edge.running_site import TestClock

NODE = "01-00097-01-h1"
HALL, SPEAKER = SiteMachine("10.0.0.2", "1.0", "hall"), SiteMachine("10.0.0.3", "1.0", "speaker")
NEWER_HALL = SiteMachine("10.0.0.2", "1.1", "hall")
DAY_S = 86_400
FINGERPRINT = "1a2b3c4d5e6f"


class Line:
    """A line that keeps what is said, while it can be said."""

    def __init__(self) -> None:
        self.connected = True
        self.takes = True
        self.said: list[bytes] = []

    def publish(self, _topic: str, payload: bytes, *, retain: bool = False) -> bool:
        assert retain
        if self.takes:
            self.said.append(payload)
        return self.takes


class TalkingHub:
    """A hub's sender with machines beside it, on time moved by hand."""

    def __init__(self, journal: Journal, *machines: SiteMachine) -> None:
        self.machines = machines
        self.update: UpdateState | None = None
        self.fingerprint: str | None = None
        self.clock = TestClock()
        self.line = Line()
        self.now_s = 0.0
        self.sender = Sender(
            journal,
            self.line,
            Identity(NODE, "1.1", "c1"),
            clock=self.clock,
            vitals=Vitals(
                update=lambda: self.update,
                machines=lambda: self.machines,
                fingerprint=lambda: self.fingerprint,
            ),
        )
        self.sender.line_changed(connected=True)

    def beat(self) -> tuple[SiteMachine, ...] | None:
        """What the next heartbeat says of machines."""
        return self.status().machines

    def status(self) -> Status:
        """The next heartbeat."""
        self.sender.turn(self.now_s)
        self.now_s += HEARTBEAT_S
        return decode_message(self.line.said[-1], Status)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "journal.db")
    yield opened
    opened.close()


def test_machines_are_said_once_and_again_when_one_of_them_changes(journal: Journal) -> None:
    hub = TalkingHub(journal, HALL, SPEAKER)
    assert [hub.beat(), hub.beat()] == [(HALL, SPEAKER), None]
    hub.machines = (NEWER_HALL, SPEAKER)
    assert [hub.beat(), hub.beat()] == [(NEWER_HALL, SPEAKER), None]
    hub.machines = ()
    assert [hub.beat(), hub.beat()] == [(), None]


def test_a_new_connection_hears_them_all_and_so_does_who_waits_an_hour(journal: Journal) -> None:
    hub = TalkingHub(journal, HALL)
    assert [hub.beat(), hub.beat()] == [(HALL,), None]
    hub.sender.line_changed(connected=True)
    assert [hub.beat(), hub.beat()] == [(HALL,), None]
    assert [hub.beat() for _ in range(18)].count((HALL,)) == 1


def test_the_softwares_fingerprint_waits_for_a_heartbeat_and_is_said_as_seldom(
    journal: Journal,
) -> None:
    hub = TalkingHub(journal)
    assert hub.status().fingerprint is None
    hub.fingerprint = FINGERPRINT
    hub.sender.turn(hub.now_s - 1)
    assert len(hub.line.said) == 1
    assert [hub.status().fingerprint for _ in range(2)] == [FINGERPRINT, None]
    hub.sender.line_changed(connected=True)
    assert [hub.status().fingerprint for _ in range(2)] == [FINGERPRINT, None]
    assert [hub.status().fingerprint for _ in range(18)].count(FINGERPRINT) == 1
    hub.sender.publish_status(online=False)
    assert decode_message(hub.line.said[-1], Status).fingerprint is None


def test_what_could_not_be_said_is_said_later(journal: Journal) -> None:
    hub = TalkingHub(journal, HALL)
    hub.beat()
    hub.machines = (NEWER_HALL,)
    hub.line.takes = False
    hub.sender.turn(hub.now_s)
    hub.line.takes = True
    assert hub.beat() == (NEWER_HALL,)


def test_what_the_centre_waits_for_is_said_within_a_minute_and_nothing_else(
    journal: Journal,
) -> None:
    hub = TalkingHub(journal, HALL)
    hub.sender.turn(0)
    assert hub.sender.turn(60) == 60
    assert len(hub.line.said) == 1
    hub.machines = (NEWER_HALL,)
    hub.sender.turn(119)
    assert len(hub.line.said) == 1
    hub.sender.turn(120)
    hub.update = UpdateState(4, 7, "waiting", "people")
    hub.sender.turn(180)
    hub.clock.synced = False
    for now_s in (240, 300, 360):
        hub.sender.turn(now_s)
    statuses = [decode_message(said, Status) for said in hub.line.said]
    assert [(one.machines, one.update, one.synced) for one in statuses] == [
        ((HALL,), None, True),
        ((NEWER_HALL,), None, True),
        (None, hub.update, True),
        (None, hub.update, False),
    ]


def test_a_day_of_a_large_site_costs_a_fraction_of_its_heartbeats(journal: Journal) -> None:
    def day(*machines: SiteMachine, fingerprint: str | None = None) -> int:
        hub = TalkingHub(journal, *machines)
        hub.fingerprint = fingerprint
        while hub.now_s < DAY_S:
            hub.beat()
        return sum(map(len, hub.line.said))

    many = [SiteMachine(f"10.0.0.{n}", "1.0", f"display-{n}") for n in range(20)]
    assert len(many) < MOST_MACHINES
    assert day(*many) - day() < 20_000
    assert 0 < day(fingerprint=FINGERPRINT) - day() < 500
