"""Whose certificates are all revoked, for programs beside the one that keeps the register."""

import logging
from collections.abc import Collection
from pathlib import Path

from central.identity.desk import folder_of, has_authority
from central.identity.register import Register, RegisterError
from runtime.clock import Clock

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 2.0


class ShutOut:
    """What the register in a centre's data folder says, at most two seconds ago; nobody where the
    folder has no authority. Raises RegisterError. Used by one thread."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._clock = clock
        self._register = Register(folder_of(folder)) if has_authority(folder) else None
        self._nodes: Collection[str] = ()
        self._look_at_s = 0.0
        self._complained = False

    def has(self, node: str) -> bool:
        """Whether a node had certificates, and none of them is valid any more."""
        return node in self._nodes

    def look(self) -> None:
        """Read the register again when it is time; what was read last stands while it cannot be."""
        now_s = self._clock.stamp().mono_s
        if self._register is None or now_s < self._look_at_s:
            return
        self._look_at_s = now_s + _LOOK_EVERY_S
        try:
            self._nodes = self._register.shut_out()
            self._complained = False
        except RegisterError as error:
            if not self._complained:
                self._complained = True
                logger.warning("who is revoked cannot be read, trying again: %s", error)

    def close(self) -> None:
        """Close the register."""
        if self._register is not None:
            self._register.close()
