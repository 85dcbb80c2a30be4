"""Keeps a node's certificate fresh: enrols a new machine, and renews at half life."""

import logging
import secrets
import threading
from collections.abc import Callable
from pathlib import Path

from contract.codec import ContractError, decode_message, encode_message
from contract.stamp import Stamp
from contract.wire import VERSION, Certificate, CertificateRequest
from edge.identity.enrolment import CentreUnreachable, EnrolmentRefused, enrol
from edge.identity.folder import Held, IdentityError, IdentityFolder
from runtime.backoff import Backoff
from runtime.clock import Clock
from runtime.enrolment import EnrolmentToken

logger = logging.getLogger(__name__)

_LOOK_S = 30.0
_NO_LINE_S = 2.0
_ASK_AGAIN_NS = 3600 * 1_000_000_000
_UNSURE_AGAIN_NS = 24 * _ASK_AGAIN_NS
_ENROL_BACKOFF = Backoff(first_s=2.0, cap_s=120.0)


class IdentityKeeper:
    """Sees to the certificate in a thread of its own.

    `publish(payload)` asks over the broker, and returns False when there is no connection; hand
    what comes back to `answered`. Without a synchronised clock nobody here can tell how old the
    certificate is, so the centre is asked once a day and decides. `centre` and `token_file` are
    for a machine that has no certificate yet.
    """

    def __init__(
        self,
        folder: IdentityFolder,
        node: str,
        clock: Clock,
        publish: Callable[[bytes], bool],
        *,
        centre: str,
        token_file: Path,
    ) -> None:
        self._folder = folder
        self._node = node
        self._clock = clock
        self._publish = publish
        self._centre = centre
        self._token_file = token_file
        self._failures = 0
        self._asked: Stamp | None = None
        self._answers: list[bytes] = []
        self._said: set[str] = set()
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=f"identity-{node}", daemon=True)

    def start(self) -> None:
        """Begin to see to it."""
        self._thread.start()

    def stop(self) -> None:
        """End; an enrolment under way is waited for."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def answered(self, payload: bytes) -> None:
        """Take what the centre answers to a renewal, from any thread."""
        self._answers.append(payload)
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            pause_s = _LOOK_S
            try:
                self._take_answers()
                held = self._folder.held()
                if held is None:
                    pause_s = self._enrol()
                elif not self._renew(held, self._clock.stamp()):
                    pause_s = _NO_LINE_S
            except IdentityError as error:
                self._say_once(f"the certificate cannot be seen to: {error}")
            self._wake.wait(pause_s)

    def _enrol(self) -> float:
        """Try once; returns after how many seconds to try again."""
        try:
            token = EnrolmentToken.parse(self._token_file.read_text("ascii"))
            enrol(self._centre, token, self._folder, self._node)
        except FileNotFoundError:
            self._say_once(f"not enrolled, and there is no token in {self._token_file}")
            return _LOOK_S
        except (OSError, ValueError) as error:
            self._say_once(f"not enrolled, and {self._token_file} is of no use: {error}")
            return _LOOK_S
        except EnrolmentRefused as refused:
            self._say_once(f"the centre refuses to enrol this node: {refused}")
        except CentreUnreachable as error:
            self._say_once(f"the centre cannot be reached to enrol, trying again: {error}")
        else:
            logger.info("%s: enrolled; its certificate is in use from now on", self._node)
            self._failures = 0
            return _LOOK_S
        self._failures += 1
        return _ENROL_BACKOFF.pause_s(self._failures, secrets.SystemRandom().random)

    def _renew(self, held: Held, now: Stamp) -> bool:
        """Ask if it is due; False when there is no connection to ask over."""
        if not self._is_due(held, now):
            return True
        request = self._folder.asking().data
        asked = CertificateRequest(
            VERSION, self._node, request, held.fingerprint, held.proof(request)
        )
        if not self._publish(encode_message(asked)):
            return False
        self._asked = now
        return True

    def _is_due(self, held: Held, now: Stamp) -> bool:
        again_ns = _ASK_AGAIN_NS if now.synced else _UNSURE_AGAIN_NS
        if self._asked is not None and now.mono_ns - self._asked.mono_ns < again_ns:
            return False
        if not now.synced:
            return True
        begun, over = held.certificate.not_valid_before_utc, held.certificate.not_valid_after_utc
        now_s = now.wall_ms / 1000
        if now_s > over.timestamp():
            self._say_once(
                f"the certificate was over on {over}: nothing can be sent, all is kept in the"
                " journal; ask the centre for a new token and run: thutu-hub enrol"
            )
            return False
        return now_s > (begun.timestamp() + over.timestamp()) / 2

    def _take_answers(self) -> None:
        while self._answers:
            payload = self._answers.pop(0)
            try:
                answer = decode_message(payload, Certificate)
                renewed = self._folder.take(answer.chain, self._folder.root())
            except (ContractError, IdentityError) as error:
                logger.warning("%s: an answer that is no certificate: %s", self._node, error)
                continue
            if renewed:
                logger.info("%s: certificate renewed; the next connection uses it", self._node)

    def _say_once(self, words: str) -> None:
        if words not in self._said:
            self._said.add(words)
            logger.warning("%s: %s", self._node, words)
