"""The centre as a program behind a real broker (the embedded NATS): how soon it acknowledges at
the national peak, and what a burst costs it, beside a subscriber that throws everything away."""

import os
import threading
import time
from pathlib import Path

from msgspec.structs import replace

from benchmarks.ingest_load import day_of_hubs
from benchmarks.ingest_recount import recount
from benchmarks.report import line, quantile
from benchmarks.running_centre import Hubs, running, until
from central.broker import CENTRE, EmbeddedBroker
from central.store.database import database_of, reading
from contract.codec import decode_message
from contract.topics import up
from contract.wire import Batch
from runtime.mqtt import MqttLink, MqttSettings

_PEAK_PER_S = 285
_PEAK_FOR_S = 10
_EVENTS_PER_LIVE_MESSAGE = 3
_NATIONAL_DAY = 3_000_000
_WAIT_S = 120.0


def measure_broker(folder: Path) -> None:
    """Measure and print."""
    with EmbeddedBroker(folder / "broker") as broker:
        settings = broker.settings(CENTRE)
        with running(folder / "live", settings):
            p50, p99 = _acknowledgements(database_of(folder / "live"), settings)
        print(line("ingest.ack.p50_ms", p50, "ms"))
        print(line("ingest.ack.p99_ms", p99, "ms"), flush=True)
        _burst(folder, settings)


def _acknowledgements(database: Path, settings: MqttSettings) -> tuple[float, float]:
    per_node = _PEAK_PER_S * _PEAK_FOR_S // 50
    load = day_of_hubs(50, per_node, _EVENTS_PER_LIVE_MESSAGE)
    hubs = Hubs(settings)
    sent: list[tuple[str, int, float]] = []
    pause_s = _EVENTS_PER_LIVE_MESSAGE / _PEAK_PER_S
    begin = time.perf_counter()
    for turn, (topic, payload) in enumerate(load.messages):
        time.sleep(max(0.0, begin + turn * pause_s - time.perf_counter()))
        batch = decode_message(payload, Batch)
        sent.append((batch.node, batch.first_seq + len(batch.entries) - 1, time.perf_counter()))
        hubs.publish(topic, payload)
    until(lambda: hubs.held() == load.events)
    until(lambda: _folded(database) == load.events)
    recount(database, load)
    waits_ms = [
        1000 * (next(at for at, seq in hubs.committed[node] if seq >= last) - begun)
        for node, last, begun in sent
    ]
    hubs.close()
    return quantile(waits_ms, 0.5), quantile(waits_ms, 0.99)


def _burst(folder: Path, settings: MqttSettings) -> None:
    load = day_of_hubs(60, 3_072, 256, seed=8)
    seen = threading.Semaphore(0)
    null = MqttLink(
        replace(settings, client_id="bench-null"),
        persistent=False,
        subscriptions=(up("+", "events"),),
        on_message=lambda _topic, _payload: seen.release(),
        on_state=lambda _connected: None,
    )
    null.start()
    until(lambda: null.connected)
    hubs = Hubs(settings)
    start = time.perf_counter()
    for message in load.messages:
        hubs.publish(*message)
    for _ in load.messages:
        assert seen.acquire(timeout=_WAIT_S)
    null_rate = load.events / (time.perf_counter() - start)
    null.stop()
    with running(folder / "burst", settings) as centre:
        start, cpu_s = time.perf_counter(), _cpu_s(centre.pid)
        for message in load.messages:
            hubs.publish(*message)
        until(lambda: hubs.held() == load.events)
        rate = load.events / (time.perf_counter() - start)
        database = database_of(folder / "burst")
        until(lambda: _folded(database) == load.events)
        cpu_s = _cpu_s(centre.pid) - cpu_s
        recount(database, load)
        peak_mb = _peak_mb(centre.pid)
    hubs.close()
    print(line("ingest.broker.rate", rate, "events/s", "a subscriber that does nothing", null_rate))
    print(line("ingest.day.cpu_s", cpu_s / load.events * _NATIONAL_DAY, "s"))
    print(line("ingest.rss_mb", peak_mb, "MB"))


def _folded(database: Path) -> int:
    with reading(database) as conn:
        return int(conn.execute("SELECT coalesce(sum(folded), 0) FROM journals").fetchone()[0])


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
