"""Which node this is."""

from typing import NamedTuple


class Identity(NamedTuple):
    """Which node this is, and which software and configuration it runs."""

    node: str
    software: str
    config: str
