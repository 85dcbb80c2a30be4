"""Asking the centre for what it holds of a hub's day."""

from collections.abc import Callable
from threading import Timer
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.codec import decode_message, encode_message
from contract.wire import VERSION, SiteState, StatePart, StateRequest
from edge.upstream import ask_centre
from runtime.mqtt import MqttSettings
from runtime.sealed import seal

NODE = "01-00097-01-h1"
KEY = Ed25519PrivateKey.generate()
HELD = SiteState(VERSION, NODE, 0, {"1": 1012}, ())


class QuickLink:
    """Carries messages a moment before it tells that it is up, to a centre that answers one of the
    requests that come together."""

    def __init__(
        self,
        _settings: MqttSettings,
        on_message: Callable[[str, bytes], None],
        on_state: Callable[[bool], None],
        **_others: Any,
    ) -> None:
        self._on_message = on_message
        self._timers = [Timer(0.1, on_state, (True,))]

    def start(self) -> None:
        self._timers[0].start()

    def stop(self) -> None:
        for timer in self._timers:
            timer.join()

    def publish(self, topic: str, payload: bytes) -> bool:
        if len(self._timers) == 1:
            asked = decode_message(payload, StateRequest)
            answer = StatePart(VERSION, asked.request, 0, 1, seal(KEY, HELD))
            self._timers.append(Timer(0.3, self._on_message, (topic, encode_message(answer))))
            self._timers[-1].start()
        return True


def test_it_asks_once_on_a_line_that_carries_before_it_is_known_to_be_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ask_centre, "MqttLink", QuickLink)
    key = KEY.public_key().public_bytes_raw()
    nowhere = MqttSettings("127.0.0.1", 1883, NODE)
    assert ask_centre.ask_centre(nowhere, NODE, key, 2.0) == HELD
