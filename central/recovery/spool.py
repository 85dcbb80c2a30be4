"""The folder in which files from hubs wait for the running program that writes their events."""

import logging
from collections.abc import Callable
from pathlib import Path

from central.recovery.exports import ExportRefusedError, checked
from contract.topics import up
from contract.wire import Export
from runtime.sealed import write_file

logger = logging.getLogger(__name__)


def spool(folder: Path, export: Export, data: bytes) -> Path:
    """Lay the file `data` of a checked export ready, by a name that only the same rows have; it is
    gone once its messages are handed over. Raises OSError."""
    waiting = _waiting(folder)
    waiting.mkdir(mode=0o700, exist_ok=True)
    path = waiting / f"{export.node}-{export.epoch}-{export.first_seq}-{export.last_seq}.thutu"
    write_file(path, data)
    return path


class Spool:
    """Hands the messages of files to `put`, as if they had come from the broker. Files of nodes
    that are another program's, says `owns(node)`, are left to it."""

    def __init__(
        self,
        folder: Path,
        put: Callable[[str, bytes], None],
        owns: Callable[[str], bool] = lambda _node: True,
    ) -> None:
        self._folder = folder
        self._put = put
        self._owns = owns
        self._complained: set[Path] = set()

    def turn(self) -> None:
        """Take what lies there."""
        for path in sorted(_waiting(self._folder).glob("*.thutu")):
            try:
                self._take(path)
            except (ExportRefusedError, OSError) as error:
                if path not in self._complained:
                    self._complained.add(path)
                    logger.warning("%s is not taken in: %s", path, error)

    def _take(self, path: Path) -> None:
        export = checked(self._folder, path.read_bytes())
        if not self._owns(export.node):
            return
        for batch in export.batches:
            self._put(up(export.node, "events"), batch)
        path.unlink()
        logger.info(
            "%s: rows %d to %d came by hand", export.node, export.first_seq, export.last_seq
        )


def _waiting(folder: Path) -> Path:
    return folder / "imports"
