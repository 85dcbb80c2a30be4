"""Gives each hub the configuration that it lacks, when it says what it has."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.catalogue.catalogue import PROCEDURES, catalogue_of
from central.catalogue.handled import NO_CATALOGUE, Handled
from central.configuration.book import ConfigurationBook, ConfigurationError
from central.configuration.decided import Decided, Standing
from central.rollup.business_day import day_of
from central.store.connection import Connection
from central.store.database import Location, reading, transaction, writing
from central.store.editions import Editions
from central.store.protocol import StoreError
from central.store.site_facts import ended
from contract.ids import split_node
from contract.topics import down
from contract.wire import Status
from runtime.clock import Clock

logger = logging.getLogger(__name__)

_AGAIN_MS = 600_000
_AT_ONCE = 50


class ConfigurationDesk:
    """Hears every status; asks, signs and tells in the thread of whoever gives it its turns.

    `publish(topic, payload)` retains the message, and says whether it could. The same is given
    again only after ten minutes, for a hub may refuse it, or wait until nobody is in the house.
    A hub that runs what this centre has not made, as after a restored backup, is given nothing, and
    neither is one of a site that has ended.
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
        self._handled = NO_CATALOGUE
        self._lock = threading.Lock()
        self._heard: dict[str, str] = {}
        self._given: dict[str, tuple[str | None, int]] = {}
        self._unknown: dict[str, str] = {}

    def hear(self, status: Status) -> None:
        """Keep what a hub runs for the next turn, unless it goes before; in the line's thread."""
        with self._lock:
            if status.online:
                self._heard[status.node] = status.config
            else:
                self._heard.pop(status.node, None)

    def turn(self) -> None:
        """Give those heard since the last turn what they lack. Raises StoreError; then what was
        heard waits for the next turn."""
        with self._lock:
            heard, self._heard = self._heard, {}
        if not heard:
            return
        try:
            with reading(self._database) as conn:
                over = ended(conn, day_of(self._clock.stamp().wall_ms))
                heard = {node: heard[node] for node in heard if split_node(node).site not in over}
                handled = self._catalogue(conn)
                book = ConfigurationBook(conn)
                should = {node: book.should_run(node, handled) for node in heard}
            self._follow(
                {node: heard[node] for node in heard if should[node].is_ahead(heard[node])}
            )
            lacking = [node for node in heard if self._is_to_be_given(node, heard[node], should)]
            for first in range(0, len(lacking), _AT_ONCE):
                self._give(lacking[first : first + _AT_ONCE])
        except StoreError:
            with self._lock:
                self._heard = {**heard, **self._heard}
            raise

    def _is_to_be_given(self, node: str, runs: str, should: Mapping[str, Decided]) -> bool:
        standing, wanted = should[node].standing(runs), should[node].label
        if standing is Standing.UNKNOWN and self._unknown.get(node) != runs:
            self._unknown[node] = runs
            logger.warning(
                "%s runs configuration %s, which this centre has not made, and is given none: "
                "restore a newer backup, or publish its configuration again",
                node,
                runs,
            )
        label, given_ms = self._given.get(node, ("", 0))
        is_new = label != wanted or abs(self._clock.stamp().wall_ms - given_ms) >= _AGAIN_MS
        return standing is Standing.OLDER and is_new

    def _follow(self, ahead: Mapping[str, str]) -> None:
        if ahead:
            with writing(self._database) as db, transaction(db.conn):
                for node, runs in ahead.items():
                    ConfigurationBook(db.conn).follow(node, runs, self._handled)

    def _give(self, nodes: Sequence[str]) -> None:
        """Sign, store and publish; not too many at once, for others wait to write meanwhile."""
        made: dict[str, tuple[str | None, bytes]] = {}
        with writing(self._database) as db, transaction(db.conn):
            book = ConfigurationBook(db.conn)
            for node in nodes:
                try:
                    sealed = book.renew(self._key, node, self._handled)
                except ConfigurationError as error:
                    logger.warning("%s is given no configuration: %s", node, error)
                    continue
                if sealed is not None:
                    made[node] = book.should_run(node, self._handled).label, sealed
        for node, (label, sealed) in made.items():
            if self._publish(down(node, "config"), sealed):
                self._given[node] = label, self._clock.stamp().wall_ms
                logger.info("%s was given configuration %s", node, label)

    def _catalogue(self, conn: Connection) -> Handled:
        """The parts of the newest edition, which is read once."""
        if Editions(conn, PROCEDURES).number() != self._handled.edition:
            self._handled = Handled(catalogue_of(conn))
        return self._handled
