"""Answers hubs on new cards over the broker."""

import logging
import queue
import threading
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.recovery.site_state import site_state
from central.store.database import Location, reading
from central.store.protocol import StoreError
from contract.codec import ContractError, decode_message, encode_message
from contract.topics import down, parse_up
from contract.wire import VERSION, StatePart, StateRequest
from runtime.clock import Clock
from runtime.sealed import seal

logger = logging.getLogger(__name__)

_REQUESTS_WAITING = 50
_PART_BYTES = 12_000
_AGAIN_MS = 10_000
_WINDOW_FULL_S = 0.05
_TRIES_A_PART = 600


class StateDesk:
    """A thread that gives a node the rows of its own day when it asks on its own topic.

    A node is answered every ten seconds at most. `publish` is as in `Committer`.
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
        self._requests: queue.Queue[tuple[str, bytes] | None] = queue.Queue(_REQUESTS_WAITING)
        self._answered_ms: dict[str, int] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="state-desk", daemon=True)

    def put(self, topic: str, payload: bytes) -> None:
        """Hand over a request; what is too much is dropped, for hubs ask again."""
        try:
            self._requests.put_nowait((topic, payload))
        except queue.Full:
            logger.warning("too many hubs ask for their state at once; %s will ask again", topic)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Give up what is asked now, and end."""
        self._stopping.set()
        try:
            self._requests.put_nowait(None)
        except queue.Full:
            logger.info("hubs that asked for their state will ask again")
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set() and (asked := self._requests.get()) is not None:
            try:
                self._answer(*asked)
            except (ContractError, ValueError) as error:
                logger.warning("a request for a hub's state cannot be read: %s", error)
            except StoreError as error:
                logger.warning("a hub's state cannot be read: %s", error)

    def _answer(self, topic: str, payload: bytes) -> None:
        node = parse_up(topic).node
        asked = decode_message(payload, StateRequest)
        now_ms = self._clock.stamp().wall_ms
        if asked.node != node or asked.version != VERSION:
            logger.warning("%s asked for the state of %s and gets none", node, asked.node)
            return
        if abs(now_ms - self._answered_ms.get(node, -_AGAIN_MS)) < _AGAIN_MS:
            return
        self._answered_ms[node] = now_ms
        with reading(self._database) as conn:
            sealed = seal(self._key, site_state(conn, node, now_ms))
        pieces = [sealed[at : at + _PART_BYTES] for at in range(0, len(sealed), _PART_BYTES)]
        for part, data in enumerate(pieces):
            message = StatePart(VERSION, asked.request, part, len(pieces), data)
            if not self._publish_patiently(down(node, "state"), encode_message(message)):
                return
        logger.info("%s was given its state: %d bytes", node, len(sealed))

    def _publish_patiently(self, topic: str, payload: bytes) -> bool:
        for _ in range(_TRIES_A_PART):
            if self._publish(topic, payload):
                return True
            if self._stopping.wait(_WINDOW_FULL_S):
                break
        return False
