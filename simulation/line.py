"""The line between a hub and its broker: a TCP proxy that can be cut, slow or flaky."""

import asyncio
import logging
import random
import socket
import struct
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from runtime.clock import SystemClock

logger = logging.getLogger(__name__)

_CHUNK_BYTES = 4096
_CHUNKS_UNDER_WAY = 64
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_Delayed = asyncio.Queue[tuple[float, bytes]]


class Line:
    """Carries TCP connections from its own `port` on the loopback interface to the target.

    It is down until `up()`. `latency_s` delays each direction; `reset_chance` is the probability
    that a chunk of at most 4096 bytes is torn apart and its connection reset; `seed` repeats it.
    """

    def __init__(
        self,
        target_host: str,
        target_port: int,
        *,
        latency_s: float = 0.0,
        reset_chance: float = 0.0,
        seed: int = 0,
    ) -> None:
        self._carrier = _Carrier((target_host, target_port), latency_s, reset_chance, seed)
        # Bound but never listening, it keeps the port while a cut line refuses connections.
        self._reservation = _bound_socket(0)
        self.port: int = self._reservation.getsockname()[1]
        self._period: _Period | None = None

    def up(self) -> None:
        """Carry connections from now on."""
        if self._period is None:
            self._period = _Period(self.port, self._carrier)

    def cut(self) -> None:
        """Reset every connection and refuse new ones."""
        if self._period is not None:
            self._period.end()
            self._period = None

    def close(self) -> None:
        """Cut the line and give its port back."""
        self.cut()
        self._reservation.close()

    def __enter__(self) -> Self:
        """Put the line up."""
        self.up()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Close the line."""
        self.close()


class _Period:
    """The time between up and cut: a listening socket, and a thread that carries connections.

    Plain sockets, no streams: asyncio's transports cannot all be closed at a moment of our
    choosing, and whatever is open at a cut has to be reset.
    """

    def __init__(self, port: int, carrier: "_Carrier") -> None:
        self._carrier = carrier
        self._listener = _bound_socket(port)
        self._listener.setblocking(False)
        self._listener.listen()
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._under_way: dict[asyncio.Task[None], tuple[socket.socket, socket.socket]] = {}
        self._thread = threading.Thread(target=self._run, name=f"line-{port}", daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._loop.add_reader(self._listener, self._accept)
        await self._over.wait()
        self._loop.remove_reader(self._listener)
        self._listener.close()
        under_way = dict(self._under_way)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        for ends in under_way.values():
            _reset(*ends)

    def _accept(self) -> None:
        try:
            near, _ = self._listener.accept()
        except OSError:  # the caller is gone already
            return
        far = socket.socket()
        for end in (near, far):
            end.setblocking(False)
        task = self._loop.create_task(self._carrier.carry(near, far))
        self._under_way[task] = (near, far)
        task.add_done_callback(self._under_way.pop)


class _Carrier:
    """Carries one connection after another in its own, imperfect way."""

    def __init__(
        self, target: tuple[str, int], latency_s: float, reset_chance: float, seed: int
    ) -> None:
        self._target = target
        self._latency_s = latency_s
        self._clock = SystemClock()
        self._reset_chance = reset_chance
        self._random = random.Random(seed)

    async def carry(self, near: socket.socket, far: socket.socket) -> None:
        """Connect `far` to the target, carry until both sides have ended, and close both."""
        try:
            await asyncio.get_running_loop().sock_connect(far, self._target)
            async with asyncio.TaskGroup() as ways:
                ways.create_task(self._one_way(near, far))
                ways.create_task(self._one_way(far, near))
        except* OSError as errors:
            logger.debug("a connection to %s was reset: %s", self._target, errors.exceptions)
            _reset(near, far)
        else:
            near.close()
            far.close()

    async def _one_way(self, source: socket.socket, sink: socket.socket) -> None:
        delayed: _Delayed = asyncio.Queue(_CHUNKS_UNDER_WAY)
        async with asyncio.TaskGroup() as ends:
            ends.create_task(self._take_in(source, delayed))
            ends.create_task(self._give_out(delayed, sink))

    async def _take_in(self, source: socket.socket, delayed: _Delayed) -> None:
        """Ends after an empty chunk, which is the end of the stream."""
        loop = asyncio.get_running_loop()
        while True:
            chunk = await loop.sock_recv(source, _CHUNK_BYTES)
            await delayed.put((self._clock.stamp().mono_s + self._latency_s, chunk))
            if not chunk:
                return

    async def _give_out(self, delayed: _Delayed, sink: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due_s, chunk = await delayed.get()
            if (wait_s := due_s - self._clock.stamp().mono_s) > 0:
                await asyncio.sleep(wait_s)
            if not chunk:
                sink.shutdown(socket.SHUT_WR)
                return
            if self._random.random() < self._reset_chance:
                await loop.sock_sendall(sink, chunk[: self._random.randrange(len(chunk))])
                raise ConnectionResetError("the line tore this connection")
            await loop.sock_sendall(sink, chunk)


def _bound_socket(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(("127.0.0.1", port))
    return bound


def _reset(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):  # closed already
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        end.close()
