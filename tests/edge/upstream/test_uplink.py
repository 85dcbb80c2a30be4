"""From a real journal through real brokers and bad lines to a centre: nothing is lost."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest

from contract.codec import encode_entry
from contract.events import Entry, TicketCalled
from contract.stamp import Stamp
from contract.wire import VERSION, Ack
from edge.node_identity import Identity
from edge.store.journal import Journal, NewRow, Row, StoreError
from edge.upstream.outbox import OutboxLimits
from edge.upstream.uplink import Uplink
from runtime.clock import SystemClock
from runtime.mqtt import MqttSettings
from simulation.line import Line
from tests.brokers import (
    EVERY_KIND,
    EVERY_KIND_AND_VERSION,
    IOTCORE_5,
    MOSQUITTO,
    NATS,
    Broker,
    BrokerKind,
    running,
)
from tests.edge.standin_centre import AT_ONCE, StandInCentre
from tests.waiting import until

NODE = "01-00097-01-h1"
IMPATIENT = OutboxLimits(patience_s=0.4, longest_patience_s=0.8)


class WatchedJournal(Journal):
    """A journal that notes how many rows were ever read at once."""

    most_read = 0

    def read(self, after: int, limit: int) -> list[Row]:
        rows = super().read(after, limit)
        self.most_read = max(self.most_read, len(rows))
        return rows


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[WatchedJournal]:
    opened = WatchedJournal(tmp_path / "journal.db")
    yield opened
    opened.close()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Broker]:
    with running(MOSQUITTO, tmp_path) as broker:
        yield broker


@contextmanager
def uplink_of(
    journal: Journal,
    port: int,
    *,
    protocol: Literal["auto", "5", "3.1.1"] = "auto",
    limits: OutboxLimits = IMPATIENT,
    heartbeat_s: float = 60.0,
    keepalive_s: int | None = None,
) -> Iterator[Uplink]:
    uplink = Uplink(
        journal,
        MqttSettings("127.0.0.1", port, NODE, protocol=protocol, keepalive_s=keepalive_s),
        Identity(NODE, "1.2.3", "c4"),
        clock=SystemClock(),
        line_clock=SystemClock(),
        limits=limits,
        heartbeat_s=heartbeat_s,
        backoff=AT_ONCE,
    )
    uplink.start()
    try:
        yield uplink
    finally:
        uplink.stop()


def append(journal: Journal, count: int) -> None:
    """Append calls that compress badly enough for 500 of them not to fit into one message."""
    first = journal.last_seq + 1
    journal.append([NewRow(encode_entry(_call(seq)), b"") for seq in range(first, first + count)])


def _call(seq: int) -> Entry:
    noise = hashlib.sha256(seq.to_bytes(4)).digest()
    stamp = Stamp(1_795_134_600_000 + seq * 7_000, int.from_bytes(noise[:6]), "b0", synced=True)
    called = TicketCalled(f"1{seq % 1000:03}", "3", "1", None, None, "chosen", noise.hex())
    return Entry(seq, stamp, "k1", noise[16:], False, called)


def assert_all_is_there(journal: Journal, centre: StandInCentre) -> None:
    assert centre.contradictions == []
    assert centre.stored == {row.seq: row.body for row in journal.rows()}


# --- sending ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "version"), EVERY_KIND_AND_VERSION, ids=str)
def test_entries_reach_the_centre_and_its_word_moves_the_cursor(
    kind: BrokerKind, version: Literal["5", "3.1.1"], journal: Journal, tmp_path: Path
) -> None:
    append(journal, 700)
    with (
        running(kind, tmp_path) as broker,
        StandInCentre(broker.port) as centre,
        uplink_of(journal, broker.port, protocol=version) as uplink,
    ):
        assert uplink.unsent == 700
        until(lambda: uplink.unsent == 0)
        assert uplink.connected
        until(lambda: journal.cursor == 700)
    assert_all_is_there(journal, centre)


def test_a_new_event_is_noticed_within_a_second(journal: Journal, mosquitto: Broker) -> None:
    with StandInCentre(mosquitto.port) as centre, uplink_of(journal, mosquitto.port) as uplink:
        until(lambda: uplink.connected and centre.connected)
        for seq in range(1, 6):
            append(journal, 1)
            uplink.notify()
            assert until(lambda: centre.watermark == journal.last_seq) < 1
            assert centre.batches[-1] == 1, seq


def test_a_burst_travels_together(journal: Journal, mosquitto: Broker) -> None:
    with StandInCentre(mosquitto.port) as centre, uplink_of(journal, mosquitto.port) as uplink:
        until(lambda: uplink.connected and centre.connected)
        for _ in range(10):
            append(journal, 1)
            uplink.notify()
        assert until(lambda: centre.watermark == 10) < 1
    assert len(centre.batches) <= 3


def test_without_the_centres_word_nothing_counts_as_sent(
    journal: Journal, mosquitto: Broker
) -> None:
    append(journal, 10)
    with (
        StandInCentre(mosquitto.port, drop=1.0) as centre,
        uplink_of(journal, mosquitto.port) as uplink,
    ):
        until(lambda: centre.duplicates >= 1)
        assert (uplink.unsent, journal.cursor) == (10, 0)
    assert_all_is_there(journal, centre)


def test_words_that_cannot_be_meant_are_refused_and_named_once(
    journal: Journal, mosquitto: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    append(journal, 10)
    with (
        StandInCentre(mosquitto.port, drop=1.0) as centre,
        uplink_of(journal, mosquitto.port) as uplink,
    ):
        until(lambda: uplink.connected and centre.watermark == 10)
        for _ in range(3):
            centre.say(NODE, Ack(VERSION, journal.epoch, 11))
            centre.say(NODE, Ack(VERSION, "0" * 16, 10))
            centre.say(NODE, Ack(VERSION, journal.epoch, -1))
            centre.say(NODE, Ack(VERSION + 1, journal.epoch, 10))
            centre.say(NODE, b"\xc1 no answer")
        centre.say(NODE, Ack(VERSION, journal.epoch, 7))
        until(lambda: uplink.unsent == 3)
        until(lambda: journal.cursor == 7)
    assert caplog.text.count("refused Ack") == 3


def test_a_watermark_already_known_is_not_waited_for(journal: Journal, mosquitto: Broker) -> None:
    """After a restart the uplink goes on behind the cursor, and sends nothing twice."""
    append(journal, 10)
    journal.advance(10)
    append(journal, 1)
    with StandInCentre(mosquitto.port) as centre, uplink_of(journal, mosquitto.port):
        until(lambda: 11 in centre.stored)
    assert set(centre.stored) == {11}


# --- status -----------------------------------------------------------------------------------


def test_birth_heartbeat_and_goodbye(journal: Journal, mosquitto: Broker) -> None:
    append(journal, 10)
    with StandInCentre(mosquitto.port, drop=1.0) as centre:
        with uplink_of(journal, mosquitto.port, heartbeat_s=0.2):
            until(lambda: len(centre.statuses) >= 3)
        until(lambda: not centre.statuses[-1].online)
        birth, goodbye = centre.statuses[0], centre.statuses[-1]
        assert (birth.online, birth.software, birth.config) == (True, "1.2.3", "c4")
        assert (birth.epoch, birth.last_seq, birth.unsent) == (journal.epoch, 10, 10)
        assert birth.wall_ms > 1_700_000_000_000
        assert (goodbye.last_seq, goodbye.unsent) == (10, 10)
    with StandInCentre(mosquitto.port) as latecomer:
        until(lambda: len(latecomer.statuses) > 0)
        assert latecomer.statuses[0] == goodbye


@pytest.mark.parametrize(("keepalive_s", "asked_s"), [(None, 90), (45, 45)])
def test_the_keepalive_is_above_the_heartbeat_unless_it_is_set(
    keepalive_s: int | None, asked_s: int, journal: Journal, mosquitto: Broker, tmp_path: Path
) -> None:
    with uplink_of(journal, mosquitto.port, keepalive_s=keepalive_s) as uplink:
        until(lambda: uplink.connected)
    log = (tmp_path / "broker" / "broker.log").read_text("utf-8")
    assert f"as {NODE} (p5, c1, k{asked_s})" in log


@pytest.mark.parametrize("kind", EVERY_KIND, ids=str)
def test_a_cut_line_is_told_by_the_will_and_its_return_by_a_birth(
    kind: BrokerKind, journal: Journal, tmp_path: Path
) -> None:
    with (
        running(kind, tmp_path) as broker,
        StandInCentre(broker.port) as centre,
        Line("127.0.0.1", broker.port) as line,
        uplink_of(journal, line.port) as uplink,
    ):
        until(lambda: uplink.connected and centre.connected)
        until(lambda: len(centre.statuses) > 0)
        line.cut()
        until(lambda: not centre.statuses[-1].online)
        until(lambda: not uplink.connected)
        line.up()
        until(lambda: centre.statuses[-1].online)


# --- misfortune -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [NATS, MOSQUITTO], ids=str)
def test_days_of_backlog_drain_through_a_line_that_tears(
    kind: BrokerKind,
    journal: WatchedJournal,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """20,000 entries; connections are reset in mid-stream and cut, answers are lost and late.

    Not through iotcore: rumqttd 0.20 may panic when a connection is reset at a bad moment, and
    then closes every new one (server/broker.rs, an unwrap of "Disconnected", a poisoned lock).
    """
    append(journal, 20_000)
    limits = OutboxLimits(in_flight_entries=3_000, patience_s=0.4, longest_patience_s=0.8)
    with (
        running(kind, tmp_path) as broker,
        StandInCentre(broker.port, drop=0.2, longest_delay_s=0.02, seed=7) as centre,
        Line("127.0.0.1", broker.port, latency_s=0.002, reset_chance=0.03, seed=7) as line,
        uplink_of(journal, line.port, limits=limits) as uplink,
    ):
        for share in (5_000, 10_000, 15_000):
            until(centre.reached(share), within_s=60)
            line.cut()
            line.up()
        until(lambda: uplink.unsent == 0, within_s=60)
        until(lambda: journal.cursor == 20_000)
    assert caplog.text.count("lost: ") > 6
    assert journal.most_read <= 500
    assert_all_is_there(journal, centre)


@pytest.mark.parametrize("kind", [NATS, MOSQUITTO, IOTCORE_5], ids=str)
def test_a_broker_that_forgets_everything_loses_nothing(
    kind: BrokerKind, journal: Journal, tmp_path: Path
) -> None:
    append(journal, 5_000)
    broker = Broker(kind, tmp_path / "broker")
    broker.start()
    try:
        with (
            StandInCentre(broker.port, longest_delay_s=0.01) as centre,
            uplink_of(journal, broker.port) as uplink,
        ):
            for share in (1_000, 3_000):
                until(centre.reached(share), within_s=30)
                broker.kill()
                broker.wipe()
                append(journal, 100)
                uplink.notify()
                broker.start()
            until(lambda: uplink.unsent == 0, within_s=30)
        assert_all_is_there(journal, centre)
    finally:
        broker.kill()


def test_a_centre_that_returns_after_its_silence_gets_everything(
    journal: Journal, mosquitto: Broker
) -> None:
    append(journal, 2_000)
    with uplink_of(journal, mosquitto.port) as uplink:
        until(lambda: uplink.connected)
        with StandInCentre(mosquitto.port, drop=1.0) as mute:
            until(lambda: len(mute.batches) > 1)
        with StandInCentre(mosquitto.port) as centre:
            until(lambda: uplink.unsent == 0)
    assert_all_is_there(journal, centre)


def test_a_journal_that_cannot_be_read_is_named_once_and_tried_again(
    journal: Journal,
    mosquitto: Broker,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    append(journal, 3)
    attempts: list[int] = []
    read = Journal.read

    def read_at_last(self: Journal, after: int, limit: int) -> list[Row]:
        attempts.append(after)
        if len(attempts) < 5:
            raise StoreError("the disk is busy")
        return read(self, after, limit)

    monkeypatch.setattr(Journal, "read", read_at_last)
    monkeypatch.setattr("edge.upstream.uplink._TROUBLE_S", 0.02)
    with StandInCentre(mosquitto.port) as centre, uplink_of(journal, mosquitto.port) as uplink:
        until(lambda: uplink.unsent == 0)
    assert_all_is_there(journal, centre)
    assert caplog.text.count("nothing is sent now; it is tried again") == 1
