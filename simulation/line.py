"""The line between a hub and its broker: a TCP proxy that can be cut, slow or flaky."""

import asyncio
import logging
import random
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Self

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
        self._target = (target_host, target_port)
        self._latency_s = latency_s
        self._reset_chance = reset_chance
        self._random = random.Random(seed)
        # Bound but never listening, it keeps the port while a cut line refuses connections.
        self._reservation = _bound_socket(0)
        self.port: int = self._reservation.getsockname()[1]
        self._period: _Period | None = None

    def up(self) -> None:
        """Carry connections from now on."""
        if self._period is None:
            self._period = _Period(self.port, self._carry)

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

    async def _carry(self, near: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        outs = [near_out]
        end: Callable[[asyncio.StreamWriter], None] = _reset
        try:
            far, far_out = await asyncio.open_connection(*self._target)
            outs.append(far_out)
            async with asyncio.TaskGroup() as ways:
                ways.create_task(self._one_way(near, far_out))
                ways.create_task(self._one_way(far, near_out))
            end = asyncio.StreamWriter.close
        except* OSError as errors:
            logger.debug("line %s: %s", self.port, errors)
        finally:
            for out in outs:
                end(out)

    async def _one_way(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        delayed: _Delayed = asyncio.Queue(_CHUNKS_UNDER_WAY)
        async with asyncio.TaskGroup() as ends:
            ends.create_task(self._take_in(source, delayed))
            ends.create_task(self._give_out(delayed, sink))

    async def _take_in(self, source: asyncio.StreamReader, delayed: _Delayed) -> None:
        now_s = asyncio.get_running_loop().time
        while chunk := await source.read(_CHUNK_BYTES):
            await delayed.put((now_s() + self._latency_s, chunk))
        await delayed.put((now_s() + self._latency_s, b""))

    async def _give_out(self, delayed: _Delayed, sink: asyncio.StreamWriter) -> None:
        now_s = asyncio.get_running_loop().time
        while True:
            due_s, chunk = await delayed.get()
            if (wait_s := due_s - now_s()) > 0:
                await asyncio.sleep(wait_s)
            if not chunk:
                sink.write_eof()
                return
            if self._random.random() < self._reset_chance:
                sink.write(chunk[: self._random.randrange(len(chunk))])
                raise ConnectionResetError("the line tore this connection")
            sink.write(chunk)
            await sink.drain()


class _Period:
    """The time between up and cut: a listening socket, and a thread that carries connections."""

    def __init__(
        self,
        port: int,
        carry: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]],
    ) -> None:
        self._carry = carry
        self._listener = _bound_socket(port)
        self._listener.listen()
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name=f"line-{port}", daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._accept, sock=self._listener)
        await self._over.wait()
        server.close()
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _accept(self, near: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._carry(near, near_out))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)


def _bound_socket(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(("127.0.0.1", port))
    return bound


def _reset(out: asyncio.StreamWriter) -> None:
    sock = out.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    out.transport.abort()
