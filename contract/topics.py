"""MQTT topics between a node and the centre: `thutu/v1/{lane}/{node}/up|down/{what}`.

A lane is a fixed share of all sites, so that several programs of a centre can each subscribe to
some lanes; MQTT 3.1.1 has no other way to share a stream that every broker knows.
"""

from functools import lru_cache
from typing import Literal, NamedTuple
from zlib import crc32

from contract.ids import split_node

ROOT = "thutu/v1"
LANES = 64
Up = Literal["events", "status", "renew", "state"]
Down = Literal["ack", "certificate", "state", "config", "update", "appointments"]
_ANY = "+"
_NODES_REMEMBERED = 10_000
_HEAD = ROOT.split("/")


class Source(NamedTuple):
    """What a node's topic says: which node speaks, and of what."""

    node: str
    what: str


def lane_of(site: str) -> int:
    """The lane of a site and of all its nodes, below LANES: fixed for ever."""
    return crc32(site.encode()) % LANES


def up(node: str, what: Up) -> str:
    """The topic on which `node` reports; `+` for every node.

    Raises ValueError for what is no node.
    """
    return f"{_place(node)}/up/{what}"


def down(node: str, what: Down) -> str:
    """The topic on which the centre answers `node`; `+` for every node.

    Raises ValueError for what is no node.
    """
    return f"{_place(node)}/down/{what}"


def up_in_lane(lane: int) -> str:
    """All that every node of a lane reports."""
    return f"{ROOT}/{_level(lane)}/{_ANY}/up/{_ANY}"


def parse_up(topic: str) -> Source:
    """Read node and subject from an upward topic.

    Raises ValueError when the topic is not one of ours, names no node, or is not in the lane of
    its node: only so has each node one reader.
    """
    parts = topic.split("/")
    if len(parts) != 6 or parts[:2] != _HEAD or parts[4] != "up":
        raise ValueError(f"{topic!r} is not an upward topic")
    node = parts[3]
    if parts[2] != _lane_level(node):
        raise ValueError(f"{topic!r} is not in the lane of its node")
    return Source(node, parts[5])


def _place(node: str) -> str:
    lane = _ANY if node == _ANY else _lane_level(node)
    return f"{ROOT}/{lane}/{node}"


@lru_cache(_NODES_REMEMBERED)
def _lane_level(node: str) -> str:
    return _level(lane_of(split_node(node).site))


def _level(lane: int) -> str:
    return f"{lane:02d}"
