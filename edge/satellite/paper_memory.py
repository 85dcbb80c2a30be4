"""What a satellite's printer was given, for as long as the hub does not know what became of it.

A small file, written whole, synced and renamed into place: at first before any paper moves, so that
after a crash no slip comes out twice without a mark.
"""

import logging
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid4

import msgspec
from msgspec.structs import replace

from contract.commands import ReportPrint
from contract.decoders import from_json
from contract.slips import SlipView
from edge.store.journal import StoreError
from runtime.private_file import make_private_folder, write_private

logger = logging.getLogger(__name__)


class SlipKey(NamedTuple):
    """One copy of one ticket, of whatever day."""

    ticket: str
    copy: int


class Sheet(msgspec.Struct, frozen=True):
    """A slip that was begun, the id of the command that will report it, and its outcome once there
    is one. `told` when the hub has answered."""

    key: SlipKey
    number: str
    training: bool
    command_id: UUID
    report: ReportPrint | None = None
    told: bool = False


class PaperMemory:
    """The slips begun and not settled. One thread at a time.

    `is_new` when there was no file at first, or none that could be read. Whatever fails to be
    written is known all the same until the process ends.
    """

    def __init__(self, path: Path) -> None:
        """Read the file, if there is one. Raises StoreError when its folder cannot be used."""
        self._path = path
        try:
            make_private_folder(path.parent)
            data = path.read_bytes() if path.exists() else b""
        except OSError as error:
            raise StoreError(f"{path}: cannot be read: {error.strerror}") from error
        sheets = _decoded(path, data)
        self.is_new = sheets is None
        self._is_written = sheets is not None
        self._sheets = {sheet.key: sheet for sheet in sheets or ()}

    def __contains__(self, key: SlipKey) -> bool:
        return key in self._sheets

    def __getitem__(self, key: SlipKey) -> Sheet:
        return self._sheets[key]

    @property
    def untold(self) -> tuple[Sheet, ...]:
        """The slips whose outcome the hub has not heard, the oldest first."""
        return tuple(sheet for sheet in self._sheets.values() if not sheet.told)

    def begin(self, slip: SlipView) -> SlipKey:
        """Remember that `slip` goes to paper now. Raises StoreError: it must not, then."""
        key = key_of(slip)
        self._sheets[key] = Sheet(key, slip.number, slip.training, uuid4())
        self._write()
        return key

    def end(self, key: SlipKey, report: ReportPrint) -> None:
        """Remember what became of a slip. Raises StoreError."""
        named = replace(report, ticket=key.ticket)
        self._sheets[key] = replace(self._sheets[key], report=named)
        self._write()

    def settle(self, key: SlipKey) -> None:
        """Remember that the hub has answered the report of a slip. Raises StoreError."""
        self._sheets[key] = replace(self._sheets[key], told=True)
        self._write()

    def keep(self, open_slips: frozenset[SlipKey]) -> None:
        """Forget the told ones that the hub asks for no longer. Raises StoreError."""
        kept = {k: sheet for k, sheet in self._sheets.items() if not sheet.told or k in open_slips}
        if kept != self._sheets or not self._is_written:
            self._sheets = kept
            self._write()

    def _write(self) -> None:
        try:
            write_private(self._path, msgspec.json.encode(tuple(self._sheets.values())))
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written: {error.strerror}") from error
        self._is_written = True


def key_of(slip: SlipView) -> SlipKey:
    """What the memory knows `slip` by."""
    return SlipKey(slip.ticket, slip.copy)


def _decoded(path: Path, data: bytes) -> tuple[Sheet, ...] | None:
    if not data:
        return None
    try:
        return from_json(data, tuple[Sheet, ...])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        logger.warning("%s cannot be read and begins anew: %s", path, error)
        return None
