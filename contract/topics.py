"""MQTT topics between a node and the centre: `thutu/v1/{node}/up|down/{what}`."""

from typing import Literal, NamedTuple

from contract.ids import split_node

ROOT = "thutu/v1"
Up = Literal["events", "status", "renew", "state"]
Down = Literal["ack", "certificate", "state", "config"]


class Source(NamedTuple):
    """What a node's topic says: which node speaks, and of what."""

    node: str
    what: str


def up(node: str, what: Up) -> str:
    """The topic on which `node` reports; `+` for every node."""
    return f"{ROOT}/{node}/up/{what}"


def down(node: str, what: Down) -> str:
    """The topic on which the centre answers `node`."""
    return f"{ROOT}/{node}/down/{what}"


def parse_up(topic: str) -> Source:
    """Read node and subject from an upward topic.

    Raises ValueError when the topic is not one of ours or names no node.
    """
    parts = topic.split("/")
    if len(parts) != 5 or parts[:2] != ROOT.split("/") or parts[3] != "up":
        raise ValueError(f"{topic!r} is not an upward topic")
    split_node(parts[2])
    return Source(parts[2], parts[4])
