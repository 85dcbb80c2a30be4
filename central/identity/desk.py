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


class _Revocation(NamedTuple):
    node: str
    at_ms: int
    shut_out: bool


class _Eviction(NamedTuple):
    next_ms: int
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
        self._evictions: dict[_Revocation, _Eviction] = {}
        self._listed: list[Revoked] = []
        self._listed_ms = -_LIST_EVERY_MS

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
            # A clock that was put back would leave a list that is not valid yet.
            is_due = not 0 <= now_ms - self._listed_ms < _LIST_EVERY_MS
            if is_due or revoked != self._listed:
                write_list(self._folder, self._authority, self._register, now_ms)
                self._listed = revoked
                renewed = renew_own(self._folder, self._authority, now_ms)
                if renewed:
                    logger.info("own certificates renewed: %s", ", ".join(renewed))
                self._listed_ms = now_ms
        self._end_a_connection(
            {_Revocation(node, at_ms, shut_out=True) for node, at_ms in self._shut_out.items()}
            | {
                _Revocation(node, at_ms, shut_out=False)
                for node, at_ms in replaced.items()
                if now_ms - at_ms >= _LIST_READ_MS
            },
            now_ms,
        )

    def _end_a_connection(self, revocations: set[_Revocation], now_ms: int) -> None:
        """End one at most, for renewals wait while a broker does not let us: first those that were
        revoked just now and not tried yet, then those that are to be tried again, then those of
        before; of each the newest, or who waits longest.

        A node that is shut out is tried again and again for minutes, for the broker may read the
        list later than we write it, and one that was before this process began once more. A node
        that was enrolled anew is tried once, when a broker beside us has read the list: the former
        machine cannot come back, and the new one does by itself.
        """
        tried = {one: last for one, last in self._evictions.items() if one in revocations}
        self._evictions = tried
        # Whoever was due in time is tried, however late: where many wait, each a second time.
        in_time = {one: last for one, last in tried.items() if last.next_ms < last.until_ms}
        again = [one for one, last in in_time.items() if last.next_ms <= now_ms]
        new = revocations - tried.keys()
        fresh = [one for one in new if one.at_ms + _EVICT_FOR_MS > now_ms]
        if again and not fresh:
            revoked = min(again, key=lambda one: tried[one].next_ms)
            until_ms = tried[revoked].until_ms
        elif new:
            revoked = max(fresh or new, key=lambda one: one.at_ms)
            goes_on = revoked.shut_out and revoked in fresh
            until_ms = now_ms + (_EVICT_FOR_MS if goes_on else 0)
            if revoked.shut_out:
                logger.warning("%s is shut out: what it sends goes to quarantine", revoked.node)
        else:
            return
        tried[revoked] = _Eviction(now_ms + _EVICT_EVERY_MS, until_ms)
        self._evict(self._authority, revoked.node, now_ms)
