"""Asking the centre, over the ordinary line, what it holds of this hub's day."""

import logging
import secrets
import threading

from contract.codec import ContractError, decode_message, encode_message
from contract.topics import down, up
from contract.wire import VERSION, SiteState, StatePart, StateRequest
from runtime.clock import SystemClock
from runtime.mqtt import MqttLink, MqttSettings
from runtime.sealed import SealError, unseal_from

logger = logging.getLogger(__name__)

_AGAIN_S = 15.0
_REQUEST_BYTES = 16


class NoAnswerError(Exception):
    """The centre cannot be reached, or gave no answer that can be believed, in time."""


def ask_centre(
    settings: MqttSettings, node: str, centre_key: bytes, within_s: float = 90.0
) -> SiteState:
    """Ask, and wait for the whole answer. Raises NoAnswerError.

    Only for a hub that does not run: it takes the hub's place at the broker. `centre_key` is the
    public key by which the answer must be signed.
    """
    asking = _Asking(settings, node)
    try:
        sealed = asking.answer(within_s)
    finally:
        asking.close()
    try:
        state = unseal_from(sealed, SiteState, centre_key)
    except SealError as error:
        raise NoAnswerError(str(error)) from error
    if (state.version, state.node) != (VERSION, node):
        raise NoAnswerError(f"the answer is version {state.version} for {state.node}")
    return state


class _Asking:
    """Asks with every connection, and again until every part of one answer is there. Not before
    the first is known of: the centre answers one of two that come together, and not the later."""

    def __init__(self, settings: MqttSettings, node: str) -> None:
        self._node = node
        self._broker = str(settings)
        self._clock = SystemClock()
        self._request = b""
        self._parts: dict[int, bytes] = {}
        self._wanted = 0
        self._changed = threading.Condition()
        self._connections = 0
        self._seen = 0
        self._link = MqttLink(
            settings,
            persistent=False,
            subscriptions=(down(node, "state"),),
            on_message=self._take,
            on_state=self._follow,
        )
        self._link.start()

    def answer(self, within_s: float) -> bytes:
        """The bytes of the whole answer."""
        give_up_s = self._clock.stamp().mono_s + within_s
        with self._changed:
            while self._clock.stamp().mono_s < give_up_s:
                self._seen = self._connections
                if self._seen:
                    self._ask()
                wait_s = min(_AGAIN_S, give_up_s - self._clock.stamp().mono_s)
                self._changed.wait_for(self._has_news, max(0.0, wait_s))
                if self._is_whole():
                    return b"".join(self._parts[part] for part in range(self._wanted))
        words = "no answer" if self._connections else "no connection"
        raise NoAnswerError(f"{self._broker}: {words} within {within_s:.0f} s")

    def close(self) -> None:
        """Leave the broker."""
        self._link.stop()

    def _ask(self) -> None:
        """Ask anew: parts of two answers do not fit together."""
        self._request = secrets.token_bytes(_REQUEST_BYTES)
        self._parts.clear()
        self._wanted = 0
        asked = encode_message(StateRequest(VERSION, self._node, self._request))
        self._link.publish(up(self._node, "state"), asked)

    def _has_news(self) -> bool:
        return self._is_whole() or self._connections != self._seen

    def _is_whole(self) -> bool:
        return 0 < self._wanted == len(self._parts)

    def _take(self, _topic: str, payload: bytes) -> None:
        try:
            part = decode_message(payload, StatePart)
        except ContractError as error:
            logger.warning("an unreadable answer of the centre: %s", error)
            return
        with self._changed:
            if part.request == self._request and part.part < part.parts:
                self._wanted = part.parts
                self._parts[part.part] = part.data
                self._changed.notify_all()

    def _follow(self, connected: bool) -> None:
        with self._changed:
            self._connections += connected
            self._changed.notify_all()
