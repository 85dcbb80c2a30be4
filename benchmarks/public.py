"""10,000 citizens open their ticket's page at once while the centre ingests 2,000 events a second:
how soon they see it, and what that does to ingest; where the pages have a program of their own
(`thutu-central public`), and where the centre itself serves them. Readers are a process of their
own, behind as many addresses as a proxy would tell of; all of them share the machine."""

import asyncio
import multiprocessing
import re
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.ingest_load import Load, day_of_hubs
from benchmarks.report import line, quantile
from benchmarks.running_centre import Hubs, running, running_public, until
from central.broker import CENTRE, EmbeddedBroker
from central.rollup.business_day import day_of
from contract.codec import decode_message
from contract.wire import Batch
from runtime.clock import SystemClock

_SITES, _EVENTS, _PER_MESSAGE = 300, 640, 8
_EVENTS_PER_S = 2_000
_FIRST_MESSAGES = _SITES * 2
_WITHOUT_S = 7.0
_READERS, _CONNECTIONS = 10_000, 200
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


def main() -> None:
    """Measure and print."""
    load = day_of_hubs(_SITES, _EVENTS, _PER_MESSAGE, day=day_of(SystemClock().stamp().wall_ms))
    with (
        tempfile.TemporaryDirectory(prefix="thutu-bench-") as folder,
        EmbeddedBroker(Path(folder) / "broker") as broker,
    ):
        settings = broker.settings(CENTRE)
        centre = Path(folder) / "centre"
        with running(centre, settings) as program, running_public(centre) as public:
            stream = _Stream(Hubs(settings), load)
            until(lambda: stream.acknowledged() >= _FIRST_MESSAGES)
            for name, url in (("public", public.url), ("public.within", program.url)):
                _measure(name, stream, partial(_all_read, url, load))
            stream.stop()


def _measure(name: str, stream: "_Stream", read_all: Callable[[], list[float]]) -> None:
    without = stream.during(lambda: time.sleep(_WITHOUT_S))
    read: list[float] = []
    with_readers = stream.during(lambda: read.extend(read_all()))
    without += stream.during(lambda: time.sleep(_WITHOUT_S))
    assert len(read) == _READERS + 1
    took_s = read.pop()
    print(line(f"{name}.pages.rate", _READERS / took_s, "pages/s"))
    for label, q in (("p50", 0.5), ("p99", 0.99)):
        print(line(f"{name}.page.{label}_ms", quantile(read, q) * 1000, "ms"))
        idle = quantile(without, q) * 1000
        busy = quantile(with_readers, q) * 1000
        print(line(f"{name}.ingest.ack.{label}_ms", busy, "ms", "no readers", idle))


class _Stream:
    """Publishes messages at a steady rate from a thread of its own, and knows when each was
    acknowledged."""

    def __init__(self, hubs: Hubs, load: Load) -> None:
        self._hubs = hubs
        self._messages = [(*message, *_end(message[1])) for message in load.messages]
        self._published: list[tuple[float, str, int]] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def acknowledged(self) -> int:
        """How many messages have been acknowledged."""
        return self._hubs.held() // _PER_MESSAGE

    def during(self, work: Callable[[], object]) -> list[float]:
        """Seconds from publication to acknowledgement of what was published during `work`."""
        first = len(self._published)
        work()
        published = self._published[first:]
        until(lambda: self.acknowledged() >= first + len(published))
        lags_s = []
        for at_s, node, last in published:
            acks = self._hubs.committed[node]
            lags_s.append(next(when_s for when_s, held in acks if held >= last) - at_s)
        return lags_s

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._thread.join()
        self._hubs.close()
        assert len(self._published) < len(self._messages), "the stream ended before the readers"

    def _run(self) -> None:
        start = time.perf_counter()
        for turn, (topic, payload, node, last) in enumerate(self._messages):
            due = start + turn * _PER_MESSAGE / _EVENTS_PER_S
            if self._stopping.wait(max(0.0, due - time.perf_counter())):
                return
            self._hubs.publish(topic, payload)
            self._published.append((time.perf_counter(), node, last))


def _end(payload: bytes) -> tuple[str, int]:
    batch = decode_message(payload, Batch)
    return batch.node, batch.first_seq + len(batch.entries) - 1


def _all_read(url: str, load: Load) -> list[float]:
    """How long each reader waited for the page, in seconds, and at last all together."""
    sites = sorted({topic.split("/")[3][:11] for topic, _ in load.messages})
    paths = [
        f"/t/{sites[reader % len(sites)]}/{load.day}/{1001 + reader // len(sites)}"
        for reader in range(_READERS)
    ]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        pool.apply(len, ((),))  # started before the clock is
        return pool.apply(_read_all, (urlsplit(url).netloc, paths))


def _read_all(where: str, paths: list[str]) -> list[float]:
    return asyncio.run(_readers(where, paths))


async def _readers(where: str, paths: list[str]) -> list[float]:
    times_s: list[float] = []
    start = time.perf_counter()
    left = iter(enumerate(paths))

    async def read_some() -> None:
        host, port = where.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        for number, path in left:
            address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
            request = f"GET {path} HTTP/1.1\r\nHost: {where}\r\nX-Forwarded-For: {address}\r\n\r\n"
            writer.write(request.encode())
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            length = _LENGTH.search(head)
            assert length
            body = await reader.readexactly(int(length[1]))
            assert path.rpartition("/")[2].encode() in body
            times_s.append(time.perf_counter() - start)
        writer.close()

    await asyncio.gather(*(read_some() for _ in range(_CONNECTIONS)))
    return [*times_s, time.perf_counter() - start]


if __name__ == "__main__":
    main()
