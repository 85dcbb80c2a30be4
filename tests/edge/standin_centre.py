"""A centre of a few lines: stores what comes, and says, when it feels like it, how far it got."""

import queue
import random
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from contract.codec import CHAIN_START, chain, decode_message, encode_message
from contract.topics import down, parse_up, up
from contract.wire import VERSION, Ack, Batch, Status
from runtime.backoff import Backoff
from runtime.mqtt import MqttLink, MqttSettings
from tests.waiting import until

AT_ONCE = Backoff(first_s=0.02, cap_s=0.1)


class StandInCentre:
    """Stores entries by number and answers through a persistent session, which is there from the
    start: what a hub sends before would go to nobody.

    `drop` is the chance that an answer is never given; `longest_delay_s` how late it may be.
    Whatever contradicts itself ends up in `contradictions`.
    """

    def __init__(
        self, port: int, *, drop: float = 0.0, longest_delay_s: float = 0.0, seed: int = 0
    ) -> None:
        self.stored: dict[int, bytes] = {}
        self.watermark = 0
        self.duplicates = 0
        self.batches: list[int] = []
        self.statuses: list[Status] = []
        self.contradictions: list[str] = []
        self._hashes = [CHAIN_START]
        self._drop = drop
        self._longest_delay_s = longest_delay_s
        self._random = random.Random(seed)
        self._to_answer: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()
        self._answering = threading.Thread(target=self._answer)
        self._stopping = threading.Event()
        self._link = MqttLink(
            MqttSettings("127.0.0.1", port, "centre"),
            persistent=True,
            subscriptions=(up("+", "events"), up("+", "status")),
            on_message=self._on_message,
            on_state=lambda _connected: None,
            backoff=AT_ONCE,
        )

    def __enter__(self) -> Self:
        self._link.start()
        until(lambda: self.connected)
        self._answering.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._to_answer.put(None)
        self._answering.join()
        self._link.stop()

    @property
    def connected(self) -> bool:
        return self._link.connected

    def reached(self, seq: int) -> Callable[[], bool]:
        """Whether everything up to `seq` is stored, to be asked later."""
        return lambda: self.watermark >= seq

    def say(self, node: str, answer: Ack | bytes) -> None:
        """Give any answer at all."""
        payload = answer if isinstance(answer, bytes) else encode_message(answer)
        assert self._link.publish(down(node, "ack"), payload)

    def _on_message(self, topic: str, payload: bytes) -> None:
        if parse_up(topic).what == "status":
            self.statuses.append(decode_message(payload, Status))
            return
        if len(payload) > 20_000:
            self.contradictions.append(f"a batch of {len(payload)} bytes")
        batch = decode_message(payload, Batch)
        self._store(batch)
        self._to_answer.put((batch.node, batch.epoch))

    def _store(self, batch: Batch) -> None:
        self.batches.append(len(batch.entries))
        if chain(batch.chain_before, batch.entries) != batch.chain_after:
            self.contradictions.append(f"the chain of batch {batch.first_seq} is broken")
        for seq, entry in enumerate(map(bytes, batch.entries), batch.first_seq):
            self.duplicates += seq in self.stored
            if self.stored.setdefault(seq, entry) != entry:
                self.contradictions.append(f"two different entries {seq}")
        while entry := self.stored.get(self.watermark + 1, b""):
            self._hashes.append(chain(self._hashes[-1], (entry,)))
            self.watermark += 1
        before = self._hashes[batch.first_seq - 1 : batch.first_seq]
        if before and before != [batch.chain_before]:
            self.contradictions.append(f"batch {batch.first_seq} does not continue the chain")

    def _answer(self) -> None:
        while (asked := self._to_answer.get()) is not None:
            node, epoch = asked
            watermark = self.watermark
            self._stopping.wait(self._random.random() * self._longest_delay_s)
            if self._random.random() >= self._drop:
                self._link.publish(
                    down(node, "ack"), encode_message(Ack(VERSION, epoch, watermark))
                )
