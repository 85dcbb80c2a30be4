"""Names of sites, nodes, counters, services and tickets: strings whose leading zeros count."""

import re
from typing import Annotated, NamedTuple

from msgspec import Meta


def whole(pattern: str) -> str:
    """A regular expression for text that is `pattern` from end to end.

    In Python `$` alone would let a line feed follow.
    """
    return rf"^(?:{pattern})$(?!\n)"


SiteId = Annotated[
    str,
    Meta(
        pattern=whole(r"[0-9]{2}-[0-9]{5}-[0-9]{2}"),
        description="Province, commune-level unit and site, e.g. `01-00097-01`.",
    ),
]
NodeId = Annotated[
    str,
    Meta(
        pattern=whole(r"[0-9]{2}-[0-9]{5}-[0-9]{2}-[hs][1-9]"),
        description="A hub (`h`) or satellite (`s`) of a site, e.g. `01-00097-01-h1`.",
    ),
]
CounterId = Annotated[
    str, Meta(pattern=whole(r"[1-9][0-9]?"), description="A counter's number within its site.")
]
ServiceId = Annotated[
    str,
    Meta(
        pattern=whole(r"[a-z0-9][a-z0-9-]{0,23}"),
        description="A service of the site's catalogue, e.g. `1`.",
    ),
]
TicketNumber = Annotated[
    str,
    Meta(
        pattern=whole(r"0?[1-9][0-9]{3,6}"),
        description="Service group, then order in the day, e.g. `1025`; `0` before it in training.",
    ),
]
Series = Annotated[
    str, Meta(pattern=whole(r"[1-9]"), description="The first digit of a ticket's number.")
]
Name = Annotated[
    str,
    Meta(
        pattern=whole(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}"),
        description="A device, a staff pseudonym, a priority class or a reason.",
    ),
]
Day = Annotated[
    str,
    Meta(
        pattern=whole(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
        description="A business day: the site's calendar day, ISO 8601.",
    ),
]

_NODE = re.compile(r"(([0-9]{2})-([0-9]{5})-[0-9]{2})-([hs][1-9])")


class NodeName(NamedTuple):
    """The parts of a node's name."""

    site: str
    province: str
    unit: str
    part: str


def split_node(node: str) -> NodeName:
    """Split `01-00097-01-h1` into site, province, unit and part.

    Raises ValueError when `node` is not the name of a node.
    """
    match = _NODE.fullmatch(node)
    if match is None:
        raise ValueError(f"{node!r} is not the name of a node such as 01-00097-01-h1")
    return NodeName(match[1], match[2], match[3], match[4])
