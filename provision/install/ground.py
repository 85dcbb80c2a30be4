"""Laying files on a disk so that nobody's work is lost, and taking them away again."""

import hashlib
import json
import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from provision.install.plan import File, Item, Link
from runtime.worded_error import WordedError

BESIDE = ".thutu-new"
_MANIFEST = "var/lib/thutu-install/manifest.json"
_PUBLIC = 0o644


class Done(StrEnum):
    """What became of one file."""

    UNCHANGED = "unchanged"
    LAID = "laid"
    REPLACED = "replaced"
    BESIDE = "beside"
    """Somebody edited it: theirs stays, and the new one is beside it."""
    STAYS_EDITED = "stays_edited"
    """The same, since an earlier time."""
    REMOVED = "removed"
    KEPT = "kept"
    """Somebody edited it, so it is not removed."""


class DamagedNoteError(WordedError):
    """The note of what was laid cannot be read; nothing was changed."""

    section = "install_refused"


class Ground:
    """A root folder, and the note in it of what was laid there.

    With `dry` everything is found out and nothing is changed.
    """

    def __init__(self, root: Path, *, dry: bool) -> None:
        """Read the note. Raises DamagedNoteError."""
        self._root = root
        self._dry = dry
        self._note = root / _MANIFEST
        try:
            self._laid: dict[str, str] = json.loads(self._note.read_text("utf-8"))
        except FileNotFoundError:
            self._laid = {}
        except json.JSONDecodeError as error:
            raise DamagedNoteError("note_damaged", file=self._note) from error

    def lay(self, items: Sequence[Item]) -> list[tuple[str, Done]]:
        """Lay down what is missing or outdated; returns each path with what became of it."""
        done = [(item.path, self._lay(item)) for item in items]
        self._remember()
        return done

    def clear(self) -> list[tuple[str, Done]]:
        """Remove everything that was laid and is not edited, links first."""
        done = []
        for path in sorted(self._laid, key=lambda path: (not self._at(path).is_symlink(), path)):
            done.append((path, self._remove(path)))
            beside = self._at(path + BESIDE)
            if beside.exists() and not self._dry:
                beside.unlink()
        if not self._dry:
            self._note.unlink(missing_ok=True)
        return done

    def _lay(self, item: Item) -> Done:
        found, wanted = self._print_of(self._at(item.path)), _print(item)
        laid = self._laid.get(item.path)
        if found in (None, laid) or found == wanted:
            self._laid[item.path] = wanted
            self._drop_what_is_beside(item)
            if found == wanted:
                return Done.UNCHANGED
            self._write(item, self._at(item.path))
            return Done.LAID if found is None else Done.REPLACED
        beside = self._at(item.path + BESIDE)
        if self._print_of(beside) == wanted:
            return Done.STAYS_EDITED
        self._write(item, beside)
        return Done.BESIDE

    def _drop_what_is_beside(self, item: Item) -> None:
        if not self._dry:
            self._at(item.path + BESIDE).unlink(missing_ok=True)

    def _write(self, item: Item, target: Path) -> None:
        """Whole or not at all, also when power is cut."""
        if self._dry:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        part.unlink(missing_ok=True)
        if isinstance(item, Link):
            part.symlink_to(item.target)
        else:
            with part.open("xb") as file:
                file.write(item.content)
                os.fchmod(file.fileno(), _PUBLIC)
                os.fsync(file.fileno())
        part.replace(target)

    def _remove(self, path: str) -> Done:
        target = self._at(path)
        found = self._print_of(target)
        if found not in (None, self._laid[path]):
            return Done.KEPT
        if not self._dry:
            target.unlink(missing_ok=True)
        return Done.REMOVED

    def _remember(self) -> None:
        text = json.dumps(self._laid, indent=1, sort_keys=True) + "\n"
        if not self._dry:
            note = File(_MANIFEST, text.encode())
            if self._print_of(self._note) != _print(note):
                self._write(note, self._note)

    def _at(self, path: str) -> Path:
        return self._root / path

    @staticmethod
    def _print_of(path: Path) -> str | None:
        if path.is_symlink():
            return _print(Link("", str(path.readlink())))
        return _print(File("", path.read_bytes())) if path.exists() else None


def _print(item: Item) -> str:
    """A fingerprint; a link's differs from that of a file with its words."""
    if isinstance(item, Link):
        return f"link {item.target}"
    return hashlib.sha256(item.content).hexdigest()
