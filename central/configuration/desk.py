"""Gives each hub the configuration that it lacks, when it says what it has."""

import logging
from collections.abc import Callable

from central.configuration.shelf import ConfigurationError, Shelf
from contract.codec import ContractError, decode_message
from contract.topics import down, parse_up
from contract.wire import Status
from runtime.clock import Clock

logger = logging.getLogger(__name__)

_AGAIN_MS = 600_000


class ConfigurationDesk:
    """Hears every status, in the line's thread. `publish(topic, payload)` retains the message."""

    def __init__(self, shelf: Shelf, clock: Clock, publish: Callable[[str, bytes], bool]) -> None:
        self._shelf = shelf
        self._clock = clock
        self._publish = publish
        self._given: dict[str, tuple[int, int]] = {}

    def hear(self, topic: str, payload: bytes) -> None:
        """Publish a hub's configuration if it reports another one; the same again only after ten
        minutes, for a hub may refuse it, or wait until nobody is in the house. Never raises."""
        try:
            node = parse_up(topic).node
            status = decode_message(payload, Status)
            wanted = self._shelf.get(node)
            sealed = self._shelf.sealed(node)
        except (ContractError, ValueError):
            return  # the ingest says what is wrong with it
        except (ConfigurationError, OSError) as error:
            logger.warning("no configuration can be given: %s", error)
            return
        if wanted is None or sealed is None or not status.online or status.config == wanted.label:
            return
        now_ms = self._clock.stamp().wall_ms
        number, given_ms = self._given.get(node, (0, 0))
        if number == wanted.number and abs(now_ms - given_ms) < _AGAIN_MS:
            return
        if self._publish(down(node, "config"), sealed):
            self._given[node] = (wanted.number, now_ms)
            logger.info("%s was given configuration %s", node, wanted.label)
