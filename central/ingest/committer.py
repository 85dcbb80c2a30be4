"""The thread between the broker and the store: commit, acknowledge, then fold."""

import logging
import threading
from collections.abc import Callable

from central.ingest.inbox import Inbox
from central.ingest.intake import Intake, Received
from central.rollup.folder import Folder
from central.store.protocol import StoreError
from contract.codec import encode_message
from contract.topics import down
from contract.wire import VERSION, Ack
from runtime.clock import Clock

logger = logging.getLogger(__name__)

_MOST_WAITING = 2_000
_MESSAGES_AT_ONCE = 200
_WORTH_A_COMMIT = 20
_GATHER_S = 0.01
_FOLD_FROM_ENTRIES = 20_000
_FOLD_AFTER_TURNS = 10
_QUIET_S = 0.02
_IDLE_S = 0.2
_AFTER_ERROR_S = 2.0


class Committer:
    """Takes messages from any thread, up to a bound beyond which `put` waits, and owns the
    writing connection. One that comes alone is committed at once; those that follow each other wait
    some milliseconds to share a commit.

    `publish(topic, payload)` returns False when nothing was sent now: the acknowledgement, replaced
    by any later one of its node, is then tried again. `turned` is called at every turn of the
    thread's loop; `prepare` too, before anything is stored, and may say by a StoreError that
    nothing can be.
    """

    def __init__(
        self,
        intake: Intake,
        folder: Folder,
        clock: Clock,
        publish: Callable[[str, bytes], bool],
        turned: Callable[[], object] = bool,
        *,
        prepare: Callable[[], object] = bool,
    ) -> None:
        self._intake = intake
        self._folder = folder
        self._clock = clock
        self._publish = publish
        self._turned = turned
        self._prepare = prepare
        self._inbox = Inbox(_MOST_WAITING, _WORTH_A_COMMIT)
        self._unsent: dict[tuple[str, str], int] = {}
        self._stopping = threading.Event()
        self._unfolded_turns = 0
        self._complained = False
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)

    def put(
        self,
        topic: str,
        payload: bytes,
        settled: Callable[[bool], object] = bool,
        failed: Callable[[Exception], object] | None = None,
    ) -> None:
        """Hand over a message; waits while the bound is reached, so that the broker keeps what
        cannot be stored yet. `settled` and `failed` are called in the committing thread: see
        `Received`."""
        self._inbox.put(Received(topic, payload, self._clock.stamp().wall_ms, settled, failed))

    def start(self) -> None:
        """Begin to commit."""
        self._thread.start()

    def stop(self) -> None:
        """Commit and fold what has been handed over, and end."""
        self._stopping.set()
        self._thread.join()

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def is_healthy(self) -> bool:
        """Whether messages are being committed."""
        return self.is_alive and not self._complained

    def _run(self) -> None:
        wait_s, gather_s = _IDLE_S, 0.0
        while not (self._stopping.is_set() and not self._inbox and wait_s == _IDLE_S):
            self._turned()
            messages = self._inbox.take(_MESSAGES_AT_ONCE, wait_s, gather_s)
            gather_s = _GATHER_S if messages else 0.0
            try:
                self._settle(messages)
                self._acknowledge()
                wait_s = self._fold(quiet=not messages)
            except StoreError as error:
                wait_s = _IDLE_S
                self._forget()
                self._complain(error)

    def _settle(self, messages: list[Received]) -> None:
        unsettled = list(messages)
        try:
            self._prepare()
            try:
                self._commit(messages)
            except StoreError:
                raise
            except Exception:  # noqa: BLE001 - one of them met it, and is found alone
                self._settle_one_by_one(unsettled)
            else:
                unsettled.clear()
                for message in messages:
                    message.settled(True)
        finally:
            for message in unsettled:
                message.settled(False)

    def _settle_one_by_one(self, unsettled: list[Received]) -> None:
        """Nobody thought of what one of these messages meets: who brought that one hears of it, or
        it goes to quarantine unacknowledged; the others are stored."""
        while unsettled:
            message = unsettled[0]
            self._forget()
            try:
                self._commit([message])
            except StoreError:
                raise
            except Exception as error:
                if message.failed is None:
                    logger.exception("what came on %r cannot be stored", message.topic)
                    self._intake.set_aside(message, error)
                else:
                    message.failed(error)
            else:
                message.settled(True)
            del unsettled[0]

    def _forget(self) -> None:
        self._intake.forget()
        self._folder.forget()

    def _commit(self, messages: list[Received]) -> None:
        if not messages:
            return
        for done in self._intake.commit(messages):
            self._unsent[done.node, done.epoch] = done.watermark
        self._complained = False

    def _fold(self, *, quiet: bool) -> float:
        """Fold when nothing has come for a moment, or much is held; in a steady stream only every
        so many turns, for whatever comes meanwhile is acknowledged later. Returns for how long to
        wait for messages: `_IDLE_S` once nothing is left to be folded."""
        self._unfolded_turns += 1
        rested = quiet or self._unfolded_turns >= _FOLD_AFTER_TURNS
        if (rested and not self._inbox) or self._intake.recent.held >= _FOLD_FROM_ENTRIES:
            self._unfolded_turns = 0
            return 0.0 if self._folder.step() else _IDLE_S
        return _QUIET_S

    def _acknowledge(self) -> None:
        for (node, epoch), watermark in list(self._unsent.items()):
            ack = encode_message(Ack(VERSION, epoch, watermark))
            if not self._publish(down(node, "ack"), ack):
                return
            del self._unsent[node, epoch]

    def _complain(self, error: StoreError) -> None:
        """Say once that the store fails; the hubs keep what is not acknowledged, and send again."""
        if not self._complained:
            logger.error("nothing can be stored, and nothing is acknowledged: %s", error)
            self._complained = True
        self._stopping.wait(_AFTER_ERROR_S)
