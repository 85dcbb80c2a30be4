"""What an updater has to remember, in small files that are whole or not there."""

import logging
from pathlib import Path
from typing import TypeVar

import msgspec

from contract.decoders import from_json
from contract.wire import UpdateState
from runtime.private_file import write_private

logger = logging.getLogger(__name__)

PLAN = "plan.json"
TRIAL = "trial.json"
_RESTART = "restart.json"
_READABLE = 0o644

_Note = TypeVar("_Note")


class Plan(msgspec.Struct, frozen=True):
    """What was ordered, and how far it has come. The hub reads `state`, and the fetcher the rest.

    `sources` are addresses of wheelhouses, or folders where a person at the machine said so.
    `is_back` says that this release is meant also where it is older than the one that runs.
    """

    state: UpdateState
    manifest: bytes
    sources: tuple[str, ...]
    urgent: bool = False
    is_back: bool = False


class Trial(msgspec.Struct, frozen=True):
    """A release on trial: how often it was started, in which boot the last time, and when.

    `since_s` is that boot's monotonic clock; `units` were running before or tried to, and those
    that were `well` must be again: what was ill already must not keep its cure away.
    """

    order: int
    release: int
    starts: int
    boot: str
    since_s: float
    units: tuple[str, ...]
    well: tuple[str, ...]


class RestartDue(msgspec.Struct, frozen=True):
    """`current` was switched, and these units still run what was there before; in this boot."""

    boot: str
    units: tuple[str, ...]


class Notebook:
    """The notes of one node, in a folder of its own that others may read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def plan(self) -> Plan | None:
        """What is to be done, None for nothing."""
        return self._read(PLAN, Plan)

    def keep_plan(self, plan: Plan) -> None:
        """Remember, durably. Raises OSError."""
        self._write(PLAN, plan)

    @property
    def trial(self) -> Trial | None:
        """The trial that was begun last, None for none."""
        return self._read(TRIAL, Trial)

    def keep_trial(self, trial: Trial) -> None:
        """Remember, durably. Raises OSError."""
        self._write(TRIAL, trial)

    def end_trial(self) -> None:
        """Forget it."""
        (self._folder / TRIAL).unlink(missing_ok=True)

    @property
    def restart_due(self) -> RestartDue | None:
        """Whether services must be started anew, None for no."""
        return self._read(_RESTART, RestartDue)

    def keep_restart_due(self, due: RestartDue) -> None:
        """Remember, durably. Raises OSError."""
        self._write(_RESTART, due)

    def restarted(self) -> None:
        """Forget it."""
        (self._folder / _RESTART).unlink(missing_ok=True)

    def _read(self, name: str, kind: type[_Note]) -> _Note | None:
        try:
            return from_json((self._folder / name).read_bytes(), kind)
        except FileNotFoundError:
            return None
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            logger.warning("%s cannot be read, and is left out: %s", self._folder / name, error)
            return None

    def _write(self, name: str, note: msgspec.Struct) -> None:
        write_private(self._folder / name, msgspec.json.encode(note), _READABLE)
