"""Asking a hub's writer for a sign of life."""

from concurrent.futures import wait

from contract.commands import Order, SignOut
from edge.core.house import HUB, NO_COMMAND
from edge.hub import Hub

_REFUSED = Order(NO_COMMAND, HUB, SignOut("1"))


def writer_answers(hub: Hub, within_s: float = 5.0) -> bool:
    """Whether the writer answers an order in time.

    The order is one that the rules always refuse: it goes the whole way from the inbox to an
    answer, and leaves nothing behind.
    """
    return bool(wait({hub.submit(_REFUSED)}, within_s).done)
