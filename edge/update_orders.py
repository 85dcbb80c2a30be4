"""The centre's orders to update, handed to the program that does it, and what became of them.

The hub has no right to change software. It lays down what it heard; `thutu-update` believes the
centre's seal on it and nothing else.
"""

import logging
from pathlib import Path

import msgspec

from contract.decoders import from_json
from contract.wire import Update, UpdateState
from runtime.private_file import write_private
from runtime.sealed import SealError, unseal_from

logger = logging.getLogger(__name__)

_READABLE = 0o644


class _Kept(msgspec.Struct, frozen=True):
    state: UpdateState


class UpdateOrders:
    """What a hub says and hears of updates. None of it ever raises."""

    def __init__(self, node: str, centre_key: bytes, order_file: Path, state_file: Path) -> None:
        self._node = node
        self._centre_key = centre_key
        self._order_file = order_file
        self._state_file = state_file

    def hear(self, sealed: bytes) -> None:
        """Hand over what came on `down/update`, unless it is not the centre's word to this node."""
        if not sealed:
            return
        try:
            update = unseal_from(sealed, Update, self._centre_key)
            if update.node != self._node:
                logger.warning("an order to update is for %s, and not taken", update.node)
                return
            if self._order_file.is_file() and self._order_file.read_bytes() == sealed:
                return
            write_private(self._order_file, sealed, _READABLE)
        except (SealError, OSError) as error:
            logger.warning("an order to update is not taken: %s", error)

    def state(self) -> UpdateState | None:
        """How far the last one has come; None where nothing is known."""
        try:
            return from_json(self._state_file.read_bytes(), _Kept).state
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            logger.warning("%s cannot be read: %s", self._state_file, error)
            return None
