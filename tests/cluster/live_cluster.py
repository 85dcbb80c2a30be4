"""The distributed form of the centre, of which part after part is killed under load.

`make test-cluster` runs this in some ten minutes: three NATS servers, which know everybody by a
certificate, three workers, the centre that leads them, and PostgreSQL with a synchronous replica.
After each death every hub writes a row, and what counts as recovery is that all of them are
confirmed.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import httpx
import psycopg
import pytest

from central.access.accounts import create_token
from central.rollup.business_day import day_of
from central.store.database import reading, writing
from central.store.postgres import Postgres
from runtime.clock import SystemClock
from simulation.nation.verdict import hold_against
from tests.central.test_lanes import figures, rebuilt
from tests.cluster.load import Load
from tests.cluster.parts import Broker, Brokers, Centre, Program
from tests.postgres import PostgresServer, confirm_by_replica, postgres_server
from tests.waiting import until

TODAY = date.fromisoformat(day_of(SystemClock().stamp().wall_ms))
DAY = TODAY + timedelta(days=7 - TODAY.weekday())
"""The next Monday: hubs live ahead of the true time, in which their certificates begin."""
SITES = int(os.environ.get("CLUSTER_SITES", "200"))
SPEED = float(os.environ.get("CLUSTER_SPEED", "60"))
RECOVERS_S = 180.0
FROZEN_S = 15.0
AWAY_S = 5.0
WATERMARKS = """SELECT nodes.code, max(watermark) FROM journals JOIN nodes USING (node)
    GROUP BY nodes.code"""
ENTRIES = """SELECT nodes.code, entry FROM events JOIN journals USING (journal)
    JOIN nodes USING (node) ORDER BY nodes.code, seq"""

Trouble = Callable[[], AbstractContextManager[None]]


class Reader:
    """Somebody who looks at the national overview without a pause."""

    def __init__(self, url: str, token: str) -> None:
        self._client = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=5
        )
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._seen_s = time.monotonic()
        self._longest_s = 0.0
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
        self._thread.start()

    def longest_s(self) -> float:
        """For how long there was no answer, at most, since this was last asked."""
        with self._lock:
            longest_s = max(self._longest_s, time.monotonic() - self._seen_s)
            self._longest_s = 0.0
            return longest_s

    @property
    def answered_s(self) -> float:
        """When the last answer came, in monotonic seconds."""
        with self._lock:
            return self._seen_s

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._thread.join()
        self._client.close()

    def _run(self) -> None:
        while not self._stopping.wait(0.1):
            with suppress(httpx.HTTPError):
                if self._client.get("/api/v1/overview").status_code == httpx.codes.OK:
                    with self._lock:
                        now_s = time.monotonic()
                        self._longest_s = max(self._longest_s, now_s - self._seen_s)
                        self._seen_s = now_s


class Ground:
    """Everything that runs, and what has to hold whatever of it is killed."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.primary = stack.enter_context(postgres_server())
        self.replica = stack.enter_context(self.primary.replica())
        name = self.primary.new_database().removeprefix("postgresql:///").partition("?")[0]
        copy_url = self.replica.url(name)
        second_replica = self.replica.sockets / "replica"
        sockets = f"{self.primary.sockets},{self.replica.sockets},{second_replica}"
        url = f"postgresql:///{name}?host={sockets}&user=postgres&target_session_attrs=read-write"
        self.database = stack.enter_context(closing(Postgres(url, copy_url)))
        self._name = name
        with writing(self.database) as db:
            now_ms = SystemClock().stamp().wall_ms
            token = create_token(db, "reader", "national", None, now_ms, who="operator")
        confirm_by_replica(self.primary)
        self.load = Load(SITES, SPEED, DAY)
        self.brokers = Brokers(folder, [hub.node for hub in self.load.hubs])
        self.centre = Centre(folder / "centre", self.brokers.centre_settings(), url, copy_url)
        self.programs: list[Program] = [*self.brokers.all, *self.centre.programs]
        for program in self.programs:
            stack.callback(program.stop)
            program.start()
        stack.callback(self.load.stop)
        self.load.start([self.brokers.node_settings(hub.node) for hub in self.load.hubs])
        self.reader = Reader(self.centre.url, token)
        stack.callback(self.reader.stop)

    def wait(self, happened: Callable[[], bool]) -> float:
        """Wait for it while programs that have ended are started again; returns seconds."""

        def looked() -> bool:
            for program in self.programs:
                program.look()
            return happened()

        return until(looked, within_s=RECOVERS_S)

    def brokers_are_whole(self) -> bool:
        """Whether each broker has all."""
        return all(broker.is_healthy for broker in self.brokers.all)

    def confirmed(self, written: dict[str, int]) -> bool:
        """Whether every hub has heard that these rows are durable."""
        return all(hub.journal.cursor >= written[hub.node] for hub in self.load.hubs)

    def heard(self) -> dict[str, int]:
        """What each hub believes to be durable."""
        return {hub.node: hub.journal.cursor for hub in self.load.hubs}

    def wait_for_all(self) -> float:
        """Let each hub write a row, and wait until all are confirmed; returns seconds."""
        written = self.load.write_everywhere()
        return self.wait(lambda: self.confirmed(written))

    def suffer(self, what: str, trouble: Trouble) -> None:
        """Let something be killed under load, and say how long it took to recover."""
        self.wait(self.brokers_are_whole)
        self.reader.longest_s()
        began_s = time.monotonic()
        with trouble():
            broken_s = time.monotonic()
            self.wait_for_all()
            took_s = time.monotonic() - began_s
            self.wait(lambda: self.reader.answered_s > broken_s)
            without_page_s = self.reader.longest_s()
        heard = self.heard()
        with reading(self.database) as conn:
            assert beyond(dict(conn.execute(WATERMARKS).fetchall()), heard) == {}
        rows = sum(heard.values())
        print(
            f"{what:<54} all confirmed after {took_s:5.1f} s, without a page for "
            f"{without_page_s:4.1f} s; {rows} rows confirmed, all held",
            flush=True,
        )

    # --- troubles -----------------------------------------------------------------------------

    @contextmanager
    def broker_dies(self, broker: Broker) -> Iterator[None]:
        """A server of the cluster is away until all is well without it."""
        self.programs.remove(broker)
        broker.kill()
        yield
        broker.start()
        self.programs.append(broker)

    @contextmanager
    def program_dies(self, program: Program) -> Iterator[None]:
        """Systemd starts it again after two seconds."""
        program.kill()
        yield

    @contextmanager
    def program_leaves(self, program: Program) -> Iterator[None]:
        """Another has to take its place."""
        self.programs.remove(program)
        program.leave()
        yield

    @contextmanager
    def program_stands_still(self, program: Program) -> Iterator[None]:
        """It is stopped for a while."""
        with program.frozen():
            time.sleep(FROZEN_S)
        yield

    @contextmanager
    def server_dies(self, server: PostgresServer) -> Iterator[None]:
        """It is started again after a while; until then nothing is confirmed."""
        server.kill()
        self.nothing_is_confirmed()
        server.start()
        yield

    @contextmanager
    def server_stands_still(self, server: PostgresServer) -> Iterator[None]:
        """It is stopped for a while."""
        with server.frozen():
            time.sleep(FROZEN_S)
        yield

    @contextmanager
    def replica_takes_over(self) -> Iterator[None]:
        """The primary is lost for good; what hubs have heard of is in the replica."""
        self.primary.kill()
        heard = self.heard()
        self.assert_replica_holds(self.replica, heard)
        promote(self.replica)
        yield

    @contextmanager
    def both_fail(self, second: PostgresServer) -> Iterator[None]:
        """The replica is away when the primary loses power and comes back with rows that only it
        has; then it is lost, and the replica has to go on."""
        second.kill()
        self.nothing_is_confirmed()
        self.replica.kill()
        self.replica.start()
        self.nothing_is_confirmed()
        self.replica.kill()
        heard = self.heard()
        second.start()
        self.assert_replica_holds(second, heard)
        promote(second)
        yield

    def nothing_is_confirmed(self) -> None:
        """Let hubs write for a while and hear nothing but what was said before."""
        time.sleep(1)  # answers that are on their way
        before = self.heard()
        self.load.write_everywhere()
        began_s = time.monotonic()
        self.wait(lambda: time.monotonic() - began_s >= AWAY_S)
        assert self.heard() == before, "a row is confirmed that only one server has"

    def assert_replica_holds(self, replica: PostgresServer, heard: dict[str, int]) -> None:
        """Before anybody can send it again."""
        with psycopg.connect(replica.url(self._name), autocommit=True) as conn:
            # What it has received it applies by and by; from nobody else can it get anything.
            until(lambda: not beyond(dict(conn.execute(WATERMARKS).fetchall()), heard))


def promote(server: PostgresServer) -> None:
    """Let a replica become the primary."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as conn:
        assert conn.execute("SELECT pg_promote()").fetchone() == (True,)


def beyond(watermarks: dict[str, int], heard: dict[str, int]) -> dict[str, int]:
    """What is confirmed and not there."""
    return {node: seq for node, seq in heard.items() if seq > watermarks.get(node, 0)}


@pytest.mark.timeout(3600)
def test_whatever_is_killed_nothing_acknowledged_is_lost_and_figures_stay_exact(
    tmp_path: Path,
) -> None:
    with ExitStack() as stack:
        ground = Ground(tmp_path, stack)
        centre, load = ground.centre, ground.load
        took_s = ground.wait_for_all()
        print(f"\n{SITES} hubs, {SPEED:g} times real speed; all confirmed after {took_s:.1f} s")
        for broker in sorted(ground.brokers.all, key=lambda one: one.name != ground.brokers.leader):
            role = " (leads)" if ground.brokers.leader == broker.name else ""
            ground.suffer(f"{broker.name}{role} killed", partial(ground.broker_dies, broker))
        ground.wait(ground.brokers_are_whole)
        frozen = max(ground.brokers.all, key=lambda one: one.connections)
        what = f"{frozen.name} ({frozen.connections} connections) frozen until then"
        ground.suffer(what, frozen.frozen)
        first, second, third = centre.workers
        ground.suffer(
            "worker-1 killed, its spare takes over", partial(ground.program_leaves, first)
        )
        for worker in (second, third):
            ground.suffer(f"{worker.name} killed", partial(ground.program_dies, worker))
        ground.suffer(
            f"worker-2 frozen for {FROZEN_S:g} s", partial(ground.program_stands_still, second)
        )
        ground.suffer("serve killed", partial(ground.program_dies, centre.serve))
        ground.suffer("replica killed, away for 6 s", partial(ground.server_dies, ground.replica))
        ground.suffer(
            f"replica frozen for {FROZEN_S:g} s",
            partial(ground.server_stands_still, ground.replica),
        )
        ground.suffer("primary killed, away for 6 s", partial(ground.server_dies, ground.primary))
        ground.suffer(
            f"primary frozen for {FROZEN_S:g} s",
            partial(ground.server_stands_still, ground.primary),
        )
        assert not load.is_over, "the day was too short for all this"
        ground.suffer("primary lost, replica takes over", ground.replica_takes_over)
        last = stack.enter_context(ground.replica.replica())
        confirm_by_replica(ground.replica)
        ground.suffer(
            "replica away, primary loses power and is then lost", partial(ground.both_fail, last)
        )
        load.finish()
        written = {hub.node: hub.journal.last_seq for hub in load.hubs}
        ground.wait(lambda: ground.confirmed(written))
        load.stop()
        for program in centre.programs:
            program.stop()
        verdict = hold_against(ground.database, load.hubs, DAY.isoformat())
        print(f"hubs and centre: {verdict['events']}; {len(verdict['differences'])} differences")
        assert verdict["differences"] == []
        assert stored(ground.database) == {hub.node: list(hub.journal.bodies) for hub in load.hubs}
        assert figures(ground.database) == rebuilt(ground.database)


def stored(where: Postgres) -> dict[str, list[bytes]]:
    """Every row that is held, by node."""
    found: dict[str, list[bytes]] = {}
    with reading(where) as conn:
        for node, entry in conn.execute(ENTRIES):
            found.setdefault(node, []).append(entry)
    return found
