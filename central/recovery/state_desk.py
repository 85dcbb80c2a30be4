"""Answers hubs on new cards over the broker."""

import logging
import queue
from collections import deque
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.recovery.site_state import site_state
from central.store.database import Location, reading
from contract.codec import decode_message, encode_message
from contract.topics import down, parse_up
from contract.wire import VERSION, StatePart, StateRequest
from runtime.clock import Clock
from runtime.sealed import seal

logger = logging.getLogger(__name__)

_REQUESTS_WAITING = 50
_PART_BYTES = 12_000
_AGAIN_MS = 10_000


class StateDesk:
    """Gives a node the rows of its own day when it asks on its own topic.

    A node is answered every ten seconds at most. `publish` is as in `Committer`: what cannot be
    sent now goes at a later turn, before anything else.
    """

    def __init__(
        self,
        database: Location,
        key: Ed25519PrivateKey,
        clock: Clock,
        publish: Callable[[str, bytes], bool],
    ) -> None:
        self._database = database
        self._key = key
        self._clock = clock
        self._publish = publish
        self._requests: queue.Queue[tuple[str, bytes]] = queue.Queue(_REQUESTS_WAITING)
        self._answered_ms: dict[str, int] = {}
        self._unsent: deque[tuple[str, bytes]] = deque()

    def put(self, topic: str, payload: bytes) -> None:
        """Hand over a request; what is too much is dropped, for hubs ask again."""
        try:
            self._requests.put_nowait((topic, payload))
        except queue.Full:
            logger.warning("too many hubs ask for their state at once; %s will ask again", topic)

    def turn(self) -> None:
        """Answer who waits, as far as the line takes it. Raises StoreError."""
        while self._send() and not self._requests.empty():
            topic, payload = self._requests.get()
            try:
                self._answer(topic, payload)
            except ValueError as error:
                logger.warning("a request for a hub's state cannot be read: %s", error)

    def _send(self) -> bool:
        while self._unsent and self._publish(*self._unsent[0]):
            self._unsent.popleft()
        return not self._unsent

    def _answer(self, topic: str, payload: bytes) -> None:
        node = parse_up(topic).node
        asked = decode_message(payload, StateRequest)
        now_ms = self._clock.stamp().wall_ms
        if asked.node != node or asked.version != VERSION:
            logger.warning("%s asked for the state of %s and gets none", node, asked.node)
            return
        if abs(now_ms - self._answered_ms.get(node, -_AGAIN_MS)) < _AGAIN_MS:
            return
        with reading(self._database) as conn:
            sealed = seal(self._key, site_state(conn, node, now_ms))
        self._answered_ms[node] = now_ms
        pieces = [sealed[at : at + _PART_BYTES] for at in range(0, len(sealed), _PART_BYTES)]
        for part, data in enumerate(pieces):
            message = StatePart(VERSION, asked.request, part, len(pieces), data)
            self._unsent.append((down(node, "state"), encode_message(message)))
        logger.info("%s is given its state: %d bytes", node, len(sealed))
