"""Gives each hub the configuration that it lacks, when it says what it has."""

import logging
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.catalogue.handled import Handled
from central.configuration.shelf import ConfigurationError, Shelf
from contract.codec import ContractError, decode_message
from contract.topics import down, parse_up
from contract.wire import Status
from runtime.clock import Clock

logger = logging.getLogger(__name__)

_AGAIN_MS = 600_000


class ConfigurationDesk:
    """Hears every status, in the line's thread. `handled` is the catalogue as it is then;
    `publish(topic, payload)` retains the message."""

    def __init__(
        self,
        shelf: Shelf,
        key: Ed25519PrivateKey,
        handled: Callable[[], Handled],
        clock: Clock,
        publish: Callable[[str, bytes], bool],
    ) -> None:
        self._shelf = shelf
        self._key = key
        self._handled = handled
        self._clock = clock
        self._publish = publish
        self._given: dict[str, tuple[str, int]] = {}

    def hear(self, topic: str, payload: bytes) -> None:
        """Publish a hub's configuration if it reports another one; the same again only after ten
        minutes, for a hub may refuse it, or wait until nobody is in the house. Never raises."""
        try:
            node = parse_up(topic).node
            status = decode_message(payload, Status)
            handled = self._handled()
            wanted = self._shelf.should_run(node, handled)
            if wanted is None or not status.online or status.config == wanted.label:
                return
            now_ms = self._clock.stamp().wall_ms
            label, given_ms = self._given.get(node, ("", 0))
            if label == wanted.label and abs(now_ms - given_ms) < _AGAIN_MS:
                return
            sealed = self._shelf.renew(self._key, node, handled)
        except (ContractError, ValueError):
            return  # the ingest says what is wrong with it
        except (ConfigurationError, OSError) as error:
            logger.warning("no configuration can be given: %s", error)
            return
        if sealed is not None and self._publish(down(node, "config"), sealed):
            self._given[node] = (wanted.label, now_ms)
            logger.info("%s was given configuration %s", node, wanted.label)
