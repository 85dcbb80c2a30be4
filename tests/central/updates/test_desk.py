"""The desk against either database, with hubs that answer as their software would."""

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.access.audit import first_broken
from central.scope import Scope
from central.store.access import AccessStore
from central.store.connection import Database
from central.store.database import Location, reading, transaction
from central.store.ingest import SqlIngestStore
from central.store.rows import Heard
from central.store.updates import UpdateBook, UpdateReader
from central.store.visible import Where
from central.updates.desk import RolloutDesk
from central.updates.progress import Progress, progress_of
from central.updates.rollout import Rollout, RolloutState
from central.updates.settings import UpdateSettings
from contract.codec import encode_message
from contract.stamp import Stamp
from contract.topics import down
from contract.wire import VERSION, Phase, Release, Status, Update, UpdateState
from runtime.sealed import unseal_from
from tests.central.journal import DAY
from tests.central.updates.test_rollout import ROLLOUT

NODES = [f"01-{unit:05}-01-h1" for unit in range(1, 9)]
SOURCES = ("https://centre.example/releases",)
KEY = Ed25519PrivateKey.generate()


class Clock:
    def __init__(self) -> None:
        self.now_ms = 1_795_134_600_000

    def stamp(self) -> Stamp:
        return Stamp(self.now_ms, self.now_ms * 1_000_000, "b0", synced=True)

    def sleep(self, seconds: float) -> None:
        self.now_ms += round(seconds * 1000)


class Ground:
    """A desk, a broker that keeps what is retained, and hubs' words."""

    def __init__(self, location: Location, db: Database, at_once: int) -> None:
        self.location, self.db = location, db
        self.clock = Clock()
        self.is_line_up = True
        self.retained: dict[str, Update] = {}
        self.published: list[str] = []
        self.settings = UpdateSettings(sources=SOURCES, at_once=at_once)
        self.desk = self.new_desk()
        store = SqlIngestStore(db)
        with store.transaction():
            for node in NODES:
                store.journal(node, "00000000000000aa")

    def new_desk(self) -> RolloutDesk:
        return RolloutDesk(self.location, KEY, self.clock, self.publish, self.settings)

    def publish(self, topic: str, payload: bytes) -> bool:
        if not self.is_line_up:
            return False
        update = unseal_from(payload, Update, KEY.public_key().public_bytes_raw())
        assert topic == down(update.node, "update")
        self.retained[update.node] = update
        self.published.append(update.node)
        return True

    def begin(self, rollout: Rollout) -> None:
        with transaction(self.db.conn):
            UpdateBook(self.db.conn).add(rollout)

    def change(self, rollout: Rollout) -> None:
        with transaction(self.db.conn):
            UpdateBook(self.db.conn).change(rollout)

    def rollout(self, number: int = 1) -> Rollout:
        with reading(self.location) as conn:
            found = UpdateBook(conn).rollout(number)
        assert found is not None
        return found

    def say(self, node: str, said: UpdateState | None = None, software: str = "6.0") -> None:
        self.desk.hear(self.status(node, said, software))

    @staticmethod
    def status(
        node: str, said: UpdateState | None, software: str, fingerprint: str | None = None
    ) -> Status:
        return Status(
            VERSION,
            node,
            online=True,
            epoch="00000000000000aa",
            software=software,
            update=said,
            fingerprint=fingerprint,
        )

    def all_say(self, *nodes: str, phase: Phase | None = None, reason: str = "") -> None:
        for node in nodes or NODES:
            told = self.retained.get(node)
            said = None
            if told is not None and phase is not None:
                said = UpdateState(told.number, told.release, phase, reason)
            self.say(node, said, "7.0" if phase == "done" else "6.0")
        self.desk.turn()


@pytest.fixture
def ground(location: Location, each_db: Database) -> Ground:
    return Ground(location, each_db, at_once=3)


def test_so_many_fetch_at_once_and_the_next_when_one_has_come_through(ground: Ground) -> None:
    ground.begin(ROLLOUT)
    ground.all_say()
    assert sorted(ground.retained) == NODES[:3]
    assert ground.retained[NODES[0]] == Update(VERSION, NODES[0], 2, 7, bytes(32), SOURCES)
    ground.all_say()
    assert len(ground.retained) == 3

    ground.all_say(NODES[0], phase="waiting")
    ground.all_say(*NODES[3:])
    assert sorted(ground.retained) == NODES[:4]

    # Also after a restart of the centre; and nobody keeps the others waiting for ever.
    ground.desk = ground.new_desk()
    ground.all_say(*NODES[4:])
    assert len(ground.retained) == 4
    ground.clock.sleep(7200)
    ground.all_say(*NODES[4:])
    assert len(ground.retained) == 7


def test_the_same_is_said_again_only_after_ten_minutes(ground: Ground) -> None:
    ground.begin(ROLLOUT)
    for _ in range(3):
        ground.all_say(NODES[0])
    ground.clock.sleep(600)
    ground.all_say(NODES[0])
    assert ground.published == [NODES[0]] * 2
    ground.all_say(NODES[0], phase="preparing")
    ground.clock.sleep(600)
    ground.all_say(NODES[0], phase="preparing")
    assert ground.published == [NODES[0]] * 2


def test_what_the_broker_did_not_take_is_not_noted(ground: Ground) -> None:
    ground.begin(ROLLOUT)
    ground.is_line_up = False
    ground.all_say()
    ground.is_line_up = True
    ground.all_say(*NODES[5:])
    assert sorted(ground.retained) == NODES[5:]


def test_too_many_refusals_halt_it_and_who_has_not_switched_keeps_the_old(ground: Ground) -> None:
    ground.begin(msgspec.structs.replace(ROLLOUT, most_refused=1))
    ground.all_say()
    first, second, third = sorted(ground.retained)
    ground.all_say(first, phase="refused", reason="not healthy after 2 starts")
    assert ground.rollout().state is RolloutState.RUNNING
    ground.all_say(second, phase="refused", reason="the disk is full")
    halted = ground.rollout()
    assert halted.state is RolloutState.HALTED
    assert halted.reason == "too-many-refused 2 2"
    assert (ground.retained[third].number, ground.retained[third].release) == (3, 0)
    assert ground.retained[first].number == 2
    told = len(ground.retained)
    ground.all_say(*NODES[3:])
    assert len(ground.retained) == told
    with reading(ground.location) as conn:
        (row,) = [row for row, _ in AccessStore(conn).audit(0, 10)]
        assert (row.action, row.subject) == ("rollout-halted", "1: too-many-refused 2 2")
        assert first_broken(conn) is None
        hubs = UpdateReader(conn, Scope()).hubs(halted, Where(), heard_since_ms=0, today=DAY)
    assert [hub.reason for hub in hubs if hub.phase == "refused"] == [
        "not healthy after 2 starts",
        "the disk is full",
    ]
    assert [hub.node for hub in hubs if hub.is_taken_back] == [third]


def test_a_site_that_has_ended_is_told_of_no_rollout(ground: Ground) -> None:
    sites = ((NODES[0], "2026-11-19"), (NODES[1], "2026-11-20"))
    for node, last in sites:
        ground.db.execute("UPDATE sites SET valid_to = ? WHERE code = ?", (last, node[:11]))
    ground.begin(ROLLOUT)
    ground.all_say(*NODES[:3])
    assert sorted(ground.retained) == NODES[1:3]


def test_a_stop_reaches_hubs_that_say_nothing_at_that_moment(ground: Ground) -> None:
    ground.begin(ROLLOUT)
    ground.all_say()
    ground.all_say(NODES[0], phase="trying")
    ground.change(msgspec.structs.replace(ROLLOUT, state=RolloutState.STOPPED))
    ground.desk.turn()
    assert [ground.retained[node].release for node in NODES[:3]] == [7, 0, 0]
    ground.desk.turn()
    assert len(ground.published) == 5
    # A broker that lost it: the hub still prepares, and is told again.
    ground.clock.sleep(600)
    ground.say(NODES[1], UpdateState(2, 7, "preparing"))
    ground.desk.turn()
    assert ground.published[5:] == [NODES[1]]


def test_a_release_of_the_same_software_goes_to_the_hubs_whose_files_were_altered(
    ground: Ground,
) -> None:
    again = msgspec.structs.replace(ROLLOUT, rollout=2, release=8)
    files = {NODES[0]: "0123456789ab", NODES[1]: "ffffffffffff", NODES[2]: None}
    with transaction(ground.db.conn):
        for number, published in ((7, "0123456789ab"), (8, "0123456789ab")):
            release = Release(VERSION, number, "7.0", 0, 1, 1, (), published)
            UpdateBook(ground.db.conn).note_release(release)
    store = SqlIngestStore(ground.db)
    for node, fingerprint in files.items():
        status = ground.status(node, UpdateState(2, 7, "done"), "7.0", fingerprint)
        with store.transaction():
            journal = store.journal(node, status.epoch)
            assert journal is not None
            heard = Heard(status, encode_message(status), ground.clock.now_ms)
            store.save_status(journal, heard)
        ground.desk.hear(status)
    ground.begin(again)
    ground.desk.turn()
    assert {node: update.release for node, update in ground.retained.items()} == {NODES[1]: 8}
    with reading(ground.location) as conn:
        hubs = UpdateReader(conn, Scope()).hubs(again, Where(), heard_since_ms=0, today=DAY)
    progress = [progress_of(hub, again) for hub in hubs if hub.node in files]
    assert progress == [Progress.DONE, Progress.FETCHING, Progress.DONE]


def test_a_new_rollout_has_higher_orders_than_any_hub_was_told_before(ground: Ground) -> None:
    ground.say(NODES[0], UpdateState(40, 3, "done"))
    ground.say(NODES[1], UpdateState(2**60, 3, "done"))
    ground.say("99-99999-99-h1", UpdateState(90, 3, "done"))
    ground.desk.turn()
    with reading(ground.location) as conn:
        assert UpdateBook(conn).next_rollout() == 21


def test_a_hub_cannot_make_the_centre_keep_more_and_more(ground: Ground) -> None:
    for number in range(1, 130):
        ground.say(NODES[0], UpdateState(number, 3, "done", "x" * 5000))
        ground.desk.turn()
        ground.say(NODES[0], UpdateState(200, number, "done", "\0\ud800"[:1]))
        ground.desk.turn()
    with reading(ground.location) as conn:
        found = conn.execute("SELECT count(*), max(length(reason)) FROM node_updates").fetchone()
    assert found[0] <= 100


def test_a_hub_that_has_gone_is_told_nothing(ground: Ground) -> None:
    ground.begin(ROLLOUT)
    ground.desk.hear(Status(VERSION, NODES[0], online=False, epoch="00000000000000aa"))
    ground.desk.turn()
    assert ground.retained == {}
