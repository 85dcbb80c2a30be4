"""Gives hubs the release that a rollout means for them, a few at a time, and takes it back."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.access.audit import THE_CENTRE, Deed, record
from central.rollup.business_day import day_of
from central.store.database import Location, reading, transaction, writing
from central.store.protocol import StoreError
from central.store.site_facts import ended
from central.store.updates import UpdateBook
from central.updates.reasons import too_many
from central.updates.rollout import Order, Rollout, RolloutState, order_for, too_many_refused
from central.updates.settings import UpdateSettings
from contract.ids import split_node
from contract.topics import down
from contract.wire import VERSION, Status, Update, UpdateState
from runtime.clock import Clock
from runtime.sealed import seal

logger = logging.getLogger(__name__)

_AGAIN_MS = 600_000
_FETCHES_FOR_MS = 7_200_000
_MOST = 2**40


class RolloutDesk:
    """Hears every status; decides, tells and notes in the thread of whoever gives it its turns.

    `publish(topic, payload)` retains the message, and says whether it could. Of all hubs at most
    `settings.at_once` fetch at the same time; one that has not come through within two hours
    keeps no other waiting.
    """

    def __init__(
        self,
        database: Location,
        key: Ed25519PrivateKey,
        clock: Clock,
        publish: Callable[[str, bytes], bool],
        settings: UpdateSettings,
    ) -> None:
        self._database = database
        self._key = key
        self._clock = clock
        self._publish = publish
        self._settings = settings
        self._lock = threading.Lock()
        self._heard: dict[str, Status] = {}
        self._noted: dict[str, UpdateState] = {}
        self._given: dict[str, tuple[int, int]] = {}

    def hear(self, status: Status) -> None:
        """Keep a hub's last word for the next turn; in the line's thread."""
        if status.online:
            with self._lock:
                self._heard[status.node] = status

    def turn(self) -> None:
        """Note what was heard since the last turn, halt what goes wrong, and tell who lacks an
        order. Raises StoreError; then what was heard waits for the next turn."""
        with self._lock:
            heard, self._heard = self._heard, {}
        try:
            self._note_said(heard)
            with reading(self._database) as conn:
                book = UpdateBook(conn)
                rollouts = book.rollouts()
                failing = [(one, *book.outcomes(one)) for one in rollouts if _is_running(one)]
            rollouts = self._halt(rollouts, [one for one in failing if too_many_refused(*one)])
            self._tell(rollouts, heard)
        except StoreError:
            with self._lock:
                self._heard = {**heard, **self._heard}
            raise

    def _note_said(self, heard: Mapping[str, Status]) -> None:
        news = {
            node: status.update
            for node, status in heard.items()
            if status.update is not None
            and self._noted.get(node) != status.update
            and 0 <= status.update.order < _MOST
            and 0 <= status.update.release < _MOST
        }
        if not news:
            return
        with writing(self._database) as db, transaction(db.conn):
            book, now_ms = UpdateBook(db.conn), self._clock.stamp().wall_ms
            noted = [node for node, said in news.items() if book.note_said(node, said, now_ms)]
        self._noted.update({node: news[node] for node in noted})

    def _halt(
        self, rollouts: list[Rollout], failing: Sequence[tuple[Rollout, int, int]]
    ) -> list[Rollout]:
        halted = {}
        for rollout, done, refused in failing:
            tried = done + refused
            logger.error(
                "rollout %d is halted: %d of %d hubs refused it", rollout.rollout, refused, tried
            )
            halted[rollout.rollout] = msgspec.structs.replace(
                rollout,
                state=RolloutState.HALTED,
                reason=too_many(refused, tried),
                changed_ms=self._clock.stamp().wall_ms,
            )
        if halted:
            with writing(self._database) as db, transaction(db.conn):
                for rollout in halted.values():
                    UpdateBook(db.conn).change(rollout)
                    subject = f"{rollout.rollout}: {rollout.reason}"
                    deed = Deed(THE_CENTRE, "rollout-halted", subject)
                    record(db.conn, deed, rollout.changed_ms)
        return [halted.get(one.rollout, one) for one in rollouts]

    def _tell(self, rollouts: Sequence[Rollout], heard: Mapping[str, Status]) -> None:
        if not rollouts:
            return
        now_ms = self._clock.stamp().wall_ms
        orders = [one.order for one in rollouts if _is_running(one)]
        told: list[tuple[str, Order]] = []
        with reading(self._database) as conn:
            book, over = UpdateBook(conn), ended(conn, day_of(now_ms))
            free = self._settings.at_once - book.fetching(orders, now_ms - _FETCHES_FOR_MS)
            for rollout in rollouts:
                if rollout.state.is_over:
                    stop = Order(rollout.stop_order)
                    told += ((node, stop) for node in book.to_be_stopped(rollout))
            stopped = {node for node, _ in told}
            for node in sorted(heard.keys() - stopped):
                order = self._order(book, rollouts, heard[node])
                if order is None or split_node(node).site in over:
                    continue
                if order.release and not _was_told(book, node, order):
                    if free <= 0:
                        continue
                    free -= 1
                told.append((node, order))
        given = [(node, order) for node, order in told if self._give(node, order, now_ms)]
        if given:
            with writing(self._database) as db, transaction(db.conn):
                for node, order in given:
                    UpdateBook(db.conn).note_told(node, order.number, order.release, now_ms)

    def _order(self, book: UpdateBook, rollouts: Sequence[Rollout], status: Status) -> Order | None:
        return order_for(
            status.node,
            status.software,
            status.update,
            rollouts,
            lambda number: book.told(status.node, number),
            is_altered=lambda: book.is_altered(status.node),
        )

    def _give(self, node: str, order: Order, now_ms: int) -> bool:
        """The same again only after ten minutes."""
        number, given_ms = self._given.get(node, (0, 0))
        if number == order.number and abs(now_ms - given_ms) < _AGAIN_MS:
            return False
        sources = self._settings.sources if order.release else ()
        update = Update(
            VERSION, node, order.number, order.release, order.manifest, sources, order.urgent
        )
        if not self._publish(down(node, "update"), seal(self._key, update)):
            return False
        self._given[node] = (order.number, now_ms)
        logger.info("%s was told order %d: release %d", node, order.number, order.release)
        return True


def _was_told(book: UpdateBook, node: str, order: Order) -> bool:
    known = book.told(node, order.number)
    return known is not None and known.told_ms is not None


def _is_running(rollout: Rollout) -> bool:
    return rollout.state is RolloutState.RUNNING
