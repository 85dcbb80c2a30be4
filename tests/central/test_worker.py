"""Several ingest workers against a real broker and a real PostgreSQL, killed and replaced."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from central.broker import CENTRE, EmbeddedBroker
from central.rollup.folder import Folder
from central.service import Centre
from central.settings import CentralSettings
from central.store.database import writing
from central.store.postgres import Postgres
from central.store.postgres_connection import LANE_LOCKS, Claim
from central.store.protocol import OwnedElsewhereError, StoreError
from central.store.rollup import SqlRollupStore
from central.worker import IngestWorker, Share
from contract.topics import LANES
from runtime.mqtt import MqttSettings
from runtime.settings import SettingsError, load_settings
from tests.central.busy_day import Morning, morning
from tests.central.test_centre import Hub, hub
from tests.waiting import until

NODES = tuple(f"01-{unit:05d}-01-h1" for unit in range(100, 900, 100))


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(tmp_path / "broker", NODES) as running:
        yield running


@pytest.fixture
def mornings() -> list[Morning]:
    return [morning(node, tickets=20, seed=place) for place, node in enumerate(NODES, 1)]


@contextmanager
def worker(
    folder: Path, where: Postgres, mqtt: MqttSettings, number: int, workers: int
) -> Iterator[IngestWorker]:
    running = IngestWorker(folder, where, mqtt, Share(number, workers))
    running.start()
    try:
        yield running
    finally:
        running.stop()


def test_every_lane_has_one_worker_whatever_their_number() -> None:
    for workers in range(1, LANES + 1):
        shares = [Share(number, workers).lanes for number in range(1, workers + 1)]
        assert sorted(lane for lanes in shares for lane in lanes) == list(range(LANES))


def test_workers_share_the_nation_and_take_over_from_each_other(
    tmp_path: Path, broker: EmbeddedBroker, where: Postgres, mornings: list[Morning]
) -> None:
    mqtt = broker.settings(CENTRE)
    with ExitStack() as stack:
        hubs = [stack.enter_context(hub(broker, made.journal)) for made in mornings]
        second = stack.enter_context(worker(tmp_path, where, mqtt, 2, 2))
        with worker(tmp_path, where, mqtt, 1, 2) as first:
            until(lambda: len(first.lanes) + len(second.lanes) == LANES)
            send_all(hubs, 1, 30)
            heir = stack.enter_context(worker(tmp_path, where, mqtt, 1, 2))
            send_all(hubs, 20, 45)
            assert heir.lanes == frozenset()
        until(lambda: heir.lanes == Share(1, 2).lanes)
        for one in hubs:
            one.send_until_committed(40, len(one.journal.rows))
    assert stored(where) == {made.journal.node: made.journal.rows for made in mornings}
    assert folded_tickets(where) == sum(made.issued for made in mornings)


def test_another_number_of_workers_takes_lane_by_lane(
    tmp_path: Path, broker: EmbeddedBroker, where: Postgres, mornings: list[Morning]
) -> None:
    mqtt = broker.settings(CENTRE)
    with ExitStack() as stack:
        hubs = [stack.enter_context(hub(broker, made.journal)) for made in mornings]
        with worker(tmp_path, where, mqtt, 1, 1) as only:
            send_all(hubs, 1, 30)
            new = [
                stack.enter_context(worker(tmp_path, where, mqtt, number, 3))
                for number in (1, 2, 3)
            ]
            send_all(hubs, 25, 45)
            assert len(only.lanes) == LANES
        until(lambda: sum(len(one.lanes) for one in new) == LANES)
        for one in hubs:
            one.send_until_committed(1, len(one.journal.rows))
    assert stored(where) == {made.journal.node: made.journal.rows for made in mornings}
    assert folded_tickets(where) == sum(made.issued for made in mornings)


def test_the_centre_leads_beside_workers_and_serves_their_figures(
    tmp_path: Path, broker: EmbeddedBroker, where: Postgres, mornings: list[Morning]
) -> None:
    """Hubs hear one answer: the centre takes in nothing itself, and a second one is refused."""
    mqtt = broker.settings(CENTRE)
    made = mornings[0]
    leading = Centre(tmp_path / "a", mqtt, database=where, has_workers=True)
    leading.start()
    try:
        with hub(broker, made.journal) as one:
            one.send(1, 10)
            until(lambda: httpx.get(f"{leading.url}/api/v1/health", timeout=30).status_code == 200)
            with pytest.raises(OwnedElsewhereError, match="another centre"):
                Centre(tmp_path / "b", mqtt, database=where, has_workers=True)
            assert stored(where) == {}
            with worker(tmp_path / "a", where, mqtt, 1, 1):
                one.send_until_committed(1, len(made.journal.rows))
        assert leading.is_running
    finally:
        leading.stop()
    assert stored(where) == {made.journal.node: made.journal.rows}


def test_a_centre_that_another_has_replaced_ends(tmp_path: Path, where: Postgres) -> None:
    mqtt = MqttSettings("127.0.0.1", 1, "thutu-centre")
    centre = Centre(tmp_path, mqtt, database=where, has_workers=True)
    centre._db.close()

    def other_leads() -> bool:
        try:
            held.append(where.open_for_writing(Claim.LEADER))
        except OwnedElsewhereError:
            return False
        return True

    held: list[object] = []
    until(other_leads)
    centre.start()
    until(lambda: not centre.is_running)
    centre.stop()
    for one in held:
        one.close()  # type: ignore[attr-defined] # what was opened above


def test_sqlite_has_one_writer(tmp_path: Path) -> None:
    mqtt = MqttSettings("127.0.0.1", 1, "thutu-centre")
    with pytest.raises(StoreError, match="PostgreSQL only"):
        Centre(tmp_path, mqtt, has_workers=True)


def test_kill_9_of_a_worker_costs_no_row(
    tmp_path: Path, broker: EmbeddedBroker, where: Postgres, mornings: list[Morning]
) -> None:
    """The second process with the same share waits, and takes over within seconds."""
    config = configured(tmp_path, broker.settings(CENTRE), where._url)
    with ExitStack() as stack:
        hubs = [stack.enter_context(hub(broker, made.journal)) for made in mornings]
        with ingesting(config, "1") as process:
            until(lambda: owned_lanes(where) == LANES, within_s=30)
            send_all(hubs, 1, 30)
            stack.enter_context(worker(tmp_path, where, broker.settings(CENTRE), 1, 1))
            for one in hubs:
                one.send(31, 40)
            process.kill()
        for one in hubs:
            one.send_until_committed(20, len(one.journal.rows))
    assert stored(where) == {made.journal.node: made.journal.rows for made in mornings}
    assert folded_tickets(where) == sum(made.issued for made in mornings)


@pytest.mark.parametrize("number", ["0", "2"])
def test_a_worker_must_be_one_of_them(
    tmp_path: Path, broker: EmbeddedBroker, where: Postgres, number: str
) -> None:
    config = configured(tmp_path, broker.settings(CENTRE), where._url)
    with ingesting(config, number) as process:
        said = process.communicate(timeout=30)[1]
    assert process.returncode == 1
    assert f"worker {number} of 1: give [ingest] workers" in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[ingest]\nworkers = 2", "SQLite has one writer"),
        ("[ingest]\nworkers = 65", "ingest.workers"),
        ("[store]\nfolder = 'x'\nread_url = 'postgresql:///x'", "replica of the PostgreSQL"),
        (
            "[ingest]\nworkers = 2\n[store]\nfolder = 'x'\nurl = 'postgresql:///x'\n"
            "[embedded_broker]",
            "a broker that all reach",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    tmp_path: Path, text: str, words: str
) -> None:
    whole = text if "[store]" in text else f"{text}\n[store]\nfolder = 'x'"
    if "[embedded_broker]" not in whole:
        whole += "\n[mqtt]\nhost = 'x'\nport = 1\nclient_id = 'x'"
    file = tmp_path / "central.toml"
    file.write_text(whole)
    with pytest.raises(SettingsError, match=re.escape(words)):
        load_settings(file, CentralSettings, "THUTU_CENTRAL")


def owned_lanes(where: Postgres) -> int:
    """How many lanes have an owner on this database."""
    question = """SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = ?
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
    with writing(where) as db:
        return int(db.execute(question, (LANE_LOCKS,)).fetchone()[0])


@contextmanager
def ingesting(config: Path, number: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "central", "--config", str(config), "ingest", number],
        env={**os.environ, "LC_ALL": "en_GB.UTF-8"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def configured(folder: Path, mqtt: MqttSettings, url: str) -> Path:
    file = folder / "central.toml"
    file.write_text(
        f"""
        [store]
        folder = "{folder}"
        url = "{url}"
        [ingest]
        workers = 1
        [mqtt]
        host = "{mqtt.host}"
        port = {mqtt.port}
        client_id = "{mqtt.client_id}"
        username = "{mqtt.username}"
        password = "{mqtt.password}"
        protocol = "3.1.1"
        """
    )
    return file


def send_all(hubs: list[Hub], first: int, last: int) -> None:
    for one in hubs:
        one.send_until_committed(first, last)


def stored(where: Postgres) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    with where.reading() as conn:
        for node, entry in conn.execute(
            """SELECT nodes.code, entry FROM events JOIN journals USING (journal)
            JOIN nodes USING (node) ORDER BY nodes.code, seq"""
        ):
            found.setdefault(node, []).append(entry)
    return found


def folded_tickets(where: Postgres) -> int:
    """How many tickets the nation's figures have, which are those of a rebuild."""
    question = "SELECT day, province, issued, called, finished, wait_ms FROM totals ORDER BY 1, 2"
    with writing(where) as db:
        grown = db.execute(question).fetchall()
        tickets = db.execute("SELECT sum(issued) FROM totals WHERE province = ''").fetchone()[0]
        Folder(SqlRollupStore(db)).rebuild()
        assert db.execute(question).fetchall() == grown
    return int(tickets)
