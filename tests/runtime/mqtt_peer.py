"""A link to a broker for tests, and everything it was told."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from runtime.backoff import Backoff
from runtime.mqtt import MqttLink, MqttSettings, Will

AT_ONCE = Backoff(first_s=0.02, cap_s=0.1)
Protocol = Literal["auto", "5", "3.1.1"]
CONNACK_5 = b"\x20\x03\x00\x00\x00"


class Peer:
    """A link, and everything it was told."""

    def __init__(
        self,
        port: int,
        client_id: str,
        *subscriptions: str,
        protocol: Protocol = "auto",
        persistent: bool = False,
        will: Will | None = None,
        username: str = "",
        password: str = "",
        files: Mapping[str, Path] = MappingProxyType({}),
    ) -> None:
        self.received: list[tuple[str, bytes]] = []
        self.states: list[bool] = []
        self.link = MqttLink(
            MqttSettings(
                "127.0.0.1",
                port,
                client_id,
                username,
                password,
                protocol=protocol,
                **files,  # type: ignore[arg-type]  # only names of files
            ),
            persistent=persistent,
            subscriptions=subscriptions,
            on_message=lambda topic, payload: self.received.append((topic, payload)),
            on_state=self.states.append,
            will=will,
            backoff=AT_ONCE,
        )

    def __enter__(self) -> "Peer":
        self.link.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.link.stop()

    def connected(self) -> bool:
        return self.link.connected

    def was_lost(self, times: int) -> Callable[[], bool]:
        return lambda: self.states.count(False) == times

    def has(self, topic: str, payload: bytes) -> Callable[[], bool]:
        return lambda: (topic, payload) in self.received
