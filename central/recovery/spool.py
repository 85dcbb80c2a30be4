"""The folder in which files from hubs wait for the running program that writes their events."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Protocol

from central.recovery.exports import ExportRefusedError, checked
from central.recovery.refused import forget_refused, keep_refused
from contract.topics import up
from contract.wire import Export
from runtime.sealed import write_file

logger = logging.getLogger(__name__)

_BATCHES_AT_ONCE = 100


def spool(folder: Path, export: Export, data: bytes) -> Path:
    """Lay the file `data` of a checked export ready, by a name that only the same rows have; it is
    gone once all its messages are stored or refused, or it was itself. Raises OSError."""
    waiting = waiting_in(folder)
    waiting.mkdir(mode=0o700, exist_ok=True)
    path = waiting / f"{export.node}-{export.epoch}-{export.first_seq}-{export.last_seq}.thutu"
    write_file(path, data)
    return path


def waiting_in(folder: Path) -> Path:
    """Where files wait, within the centre's data folder."""
    return folder / "imports"


class Put(Protocol):
    """Takes a message over; in any thread `settled` hears whether it was stored or refused for
    good, or `failed` what nobody thought of that storing it met, and would meet again."""

    def __call__(
        self,
        topic: str,
        payload: bytes,
        settled: Callable[[bool], object],
        failed: Callable[[Exception], object],
    ) -> None: ...


class Spool:
    """Hands the messages of files to `put`, as if they had come from the broker: of one file at a
    time, some at every turn, and again what could not be stored. Files of nodes that are another
    program's, says `owns(node)`, are left to it, also in the middle; whoever begins anew hands over
    all of a file, and the store knows the rows again. A file that meets what nobody thought of is
    put aside, whole and with the reason, or every start would meet it again."""

    def __init__(
        self, folder: Path, put: Put, owns: Callable[[str], bool] = lambda _node: True
    ) -> None:
        self._folder = folder
        self._put = put
        self._owns = owns
        self._taking: _Taking | None = None
        self._complained: set[Path] = set()

    def turn(self) -> None:
        """Go on with a file, as soon as all that was handed over is settled."""
        taking = self._taking = self._taking or self._next()
        if taking is None or len(taking.settled) < len(taking.handed):
            return
        if taking.failure:
            self._refuse(taking.path, taking.failure)
            self._taking = None
            return
        export = taking.export
        settled = zip(taking.handed, taking.settled, strict=True)
        again = [batch for batch, stored in settled if not stored]
        taking.handed = [*again, *islice(taking.batches, _BATCHES_AT_ONCE - len(again))]
        taking.settled.clear()
        if not self._owns(export.node):
            self._taking = None
        elif taking.handed:
            for batch in taking.handed:
                self._put(
                    up(export.node, "events"),
                    batch,
                    partial(self._settle, taking),
                    partial(_fail, taking),
                )
        else:
            taking.path.unlink(missing_ok=True)
            forget_refused(taking.path)
            self._taking = None
            logger.info(
                "%s: rows %d to %d came by hand", export.node, export.first_seq, export.last_seq
            )

    def _next(self) -> "_Taking | None":
        for path in sorted(waiting_in(self._folder).glob("*.thutu")):
            try:
                if not self._owns(path.name.rsplit("-", 3)[0]):
                    continue  # before it is read: whoever owns it may be at it for minutes
                export = checked(self._folder, path.read_bytes())
            except (ExportRefusedError, OSError, ValueError) as error:
                if path not in self._complained:
                    self._complained.add(path)
                    logger.warning("%s is not taken in: %s", path, error)
                continue
            except Exception as error:  # noqa: BLE001 - it is in the log and beside the file
                self._refuse(path, _said(error))
                continue
            if self._owns(export.node):
                return _Taking(path, export, iter(export.batches))
        return None

    def _settle(self, taking: "_Taking", stored: bool) -> None:
        """What is another's by now was passed over, whatever the store did."""
        taking.settled.append(stored and self._owns(taking.export.node))

    def _refuse(self, path: Path, why: str) -> None:
        kept = keep_refused(path, why)
        logger.error(
            "%s is not taken in, and kept as %s: %s. Nothing of it is lost; give it with the log "
            "to who makes this software, and import it again after an upgrade",
            path.name,
            kept,
            why,
        )


@dataclass(slots=True)
class _Taking:
    """A file of which `batches` come next; `settled` says of those `handed` over, in their order
    and as it is heard, whether they are stored; `failure` what one of them met."""

    path: Path
    export: Export
    batches: Iterator[bytes]
    handed: list[bytes] = field(default_factory=list)
    settled: list[bool] = field(default_factory=list)
    failure: str = ""


def _fail(taking: _Taking, error: Exception) -> None:
    logger.error("%s cannot be stored", taking.path, exc_info=error)
    taking.failure = _said(error)
    taking.settled.append(False)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
