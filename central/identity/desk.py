"""The centre's desk for identities: answers nodes, and makes a revocation felt within minutes."""

import logging
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from central.identity.own_certificates import renew_own
from central.identity.register import Register, RegisterError
from central.identity.registrar import Registrar, RequestRefused
from contract.codec import ContractError, decode_message, encode_message
from contract.topics import down, parse_up
from contract.wire import CertificateRequest
from runtime.authority import KEY_FILE, Authority, Revoked
from runtime.clock import Clock
from runtime.private_file import write_private

logger = logging.getLogger(__name__)

LIST_FILE = "revoked.pem"
_LIST_EVERY_MS = 24 * 3_600_000
_EVICT_FOR_MS = 5 * 60_000
_EVICT_EVERY_MS = 10_000
_LIST_READ_MS = 10_000
_MOST_WAITING = 1_000


class _Eviction(NamedTuple):
    due_ms: int
    until_ms: int


def folder_of(data: Path) -> Path:
    """Where the authority is, within the centre's data folder."""
    return data / "identity"


def has_authority(data: Path) -> bool:
    """Whether the centre in this data folder gives certificates to nodes."""
    return (folder_of(data) / KEY_FILE).exists()


def write_list(folder: Path, authority: Authority, register: Register, now_ms: int) -> None:
    """Write the list of revoked certificates for the broker. Raises RegisterError and OSError."""
    revoked = authority.list_of_revoked(register.revoked(now_ms), now_ms)
    write_private(folder / LIST_FILE, revoked, 0o644)


class IdentityDesk:
    """Answers requests, and at every turn sees to what has been revoked meanwhile.

    `publish(topic, payload)` answers over the broker; `evict(node)` ends a node's connection. The
    register may be changed by a command at the same time.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        publish: Callable[[str, bytes], bool],
        evict: Callable[[Authority, str, int], None],
    ) -> None:
        """Open authority and register in `folder`, and bring the centre's own certificates up to
        date. Raises AuthorityError, RegisterError and OSError."""
        self._folder = folder
        self._clock = clock
        self._publish = publish
        self._evict = evict
        self._authority = Authority.load(folder)
        renew_own(folder, self._authority, self._clock.stamp().wall_ms)
        self._register = Register(folder)
        self._registrar = Registrar(self._authority, self._register, clock)
        self._lock = threading.Lock()
        self._requests: queue.Queue[tuple[str, bytes]] = queue.Queue(_MOST_WAITING)
        self._shut_out = self._register.shut_out()
        self._evictions: dict[str, _Eviction] = {}
        self._replaced: dict[str, int] = {}
        self._listed: list[Revoked] = []
        self._list_due_ms = 0

    def close(self) -> None:
        """Close the register."""
        with self._lock:
            self._register.close()

    def is_shut_out(self, node: str) -> bool:
        """Whether a node had certificates, and none of them is valid any more."""
        return node in self._shut_out

    def answer(self, payload: bytes) -> bytes:
        """Answer one request, from any thread.

        Raises ContractError, RequestRefused, and RegisterError when it should be asked again.
        """
        asked = decode_message(payload, CertificateRequest)
        with self._lock:
            answer = self._registrar.answer(asked)
            self._shut_out = self._register.shut_out()
        return encode_message(answer)

    def put(self, topic: str, payload: bytes) -> None:
        """Hand over a renewal from the broker, from any thread; a hub asks again if it is lost."""
        try:
            self._requests.put_nowait((topic, payload))
        except queue.Full:
            logger.warning("too many renewals at once; %s will ask again", topic)

    def turn(self) -> None:
        """Answer who waits, and do what is due. Raises AuthorityError, RegisterError, OSError."""
        for _ in range(self._requests.qsize()):
            self._renew(*self._requests.get())
        self._look(self._clock.stamp().wall_ms)

    def _renew(self, topic: str, payload: bytes) -> None:
        try:
            node = parse_up(topic).node
            if decode_message(payload, CertificateRequest).node != node:
                raise ContractError("the request is of another node than its topic")
            answer = self.answer(payload)
        except (ValueError, RequestRefused, RegisterError) as error:
            logger.warning("no certificate for who asks on %s: %s", topic, error)
            return
        if not self._publish(down(node, "certificate"), answer):
            logger.info("%s: its certificate could not be sent now; it will ask again", node)

    def _look(self, now_ms: int) -> None:
        """See what a command has revoked, and do what is due."""
        with self._lock:
            self._shut_out = self._register.shut_out()
            revoked = self._register.revoked(now_ms)
            replaced = self._register.replaced(now_ms - _EVICT_FOR_MS)
            if now_ms >= self._list_due_ms or revoked != self._listed:
                write_list(self._folder, self._authority, self._register, now_ms)
                self._listed = revoked
                renewed = renew_own(self._folder, self._authority, now_ms)
                if renewed:
                    logger.info("own certificates renewed: %s", ", ".join(renewed))
                self._list_due_ms = now_ms + _LIST_EVERY_MS
        self._end_connections(self._shut_out, now_ms)
        self._end_replaced(replaced, now_ms)

    def _end_connections(self, shut_out: frozenset[str], now_ms: int) -> None:
        """End each again and again for minutes, for the broker may read the list later than we
        write it; and once more in each process, for it may have happened before."""
        for node in self._evictions.keys() - shut_out:
            del self._evictions[node]
        for node in shut_out:
            known = self._evictions.get(node)
            if known is None:
                logger.warning("%s is shut out: what it sends goes to quarantine", node)
            until_ms = known.until_ms if known else now_ms + _EVICT_FOR_MS
            if known is None or known.due_ms <= now_ms < until_ms:
                self._evictions[node] = _Eviction(now_ms + _EVICT_EVERY_MS, until_ms)
                self._evict(self._authority, node, now_ms)

    def _end_replaced(self, replaced: dict[str, int], now_ms: int) -> None:
        """End the connection of a node that was enrolled anew, once, when a broker beside us has
        read the list: the former machine cannot come back, and the new one does by itself."""
        due = {node: at_ms for node, at_ms in replaced.items() if now_ms - at_ms >= _LIST_READ_MS}
        for node, at_ms in due.items():
            if self._replaced.get(node) != at_ms:
                self._evict(self._authority, node, now_ms)
        self._replaced = due
