"""Laying files on a disk so that nobody's work is lost, and taking them away again.

The note of what was laid tells ours from what somebody edited. Before files change, it names what
was there and what will be; so a cut at any moment is mended by laying the same again, or others.
"""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

import msgspec

from contract.decoders import from_json
from provision.install.plan import NOTES, ROLES_NOTE, File, Item, Link
from runtime.private_file import sync_folder, write_private
from runtime.worded_error import WordedError

BESIDE = ".thutu-new"
_MANIFEST = f"{NOTES}/manifest.json"
_RELEASE = f"{NOTES}/release"
_PUBLIC = 0o644
_ABSENT = ""


class Done(StrEnum):
    """What became of one file."""

    UNCHANGED = "unchanged"
    LAID = "laid"
    REPLACED = "replaced"
    BESIDE = "beside"
    """Somebody edited it: theirs stays, and the new one is beside it."""
    STAYS_EDITED = "stays_edited"
    """The same, since an earlier time."""
    STAYS_AWAY = "stays_away"
    """Somebody took it away, and it stays so."""
    REMOVED = "removed"
    KEPT = "kept"
    """Somebody edited it, so it is not removed."""


_AS_IT_SHOULD_BE = (Done.UNCHANGED, Done.LAID, Done.REPLACED)
_WRITTEN = (Done.LAID, Done.REPLACED)
_NOT_OURS = (Done.BESIDE, Done.STAYS_EDITED)


class DamagedNoteError(WordedError):
    """The note of what was laid cannot be read, or is gone; nothing was changed."""

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
            self._laid = from_json(self._note.read_bytes(), dict[str, list[str]])
        except FileNotFoundError:
            self._laid = {}
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise DamagedNoteError("note_damaged", file=self._note) from error

    @property
    def is_settled(self) -> bool:
        """Whether the last laying came to its end."""
        return self._at(_RELEASE).is_symlink()

    def check_note(self) -> None:
        """Raises DamagedNoteError where something was laid and no note says what."""
        if not self._laid and self._at(ROLES_NOTE).exists():
            raise DamagedNoteError("note_gone", file=self._note)

    def superfluous(self, items: Sequence[Item], others: Collection[str]) -> list[str]:
        """What was laid, is not among `items`, and does not belong to `others` by now."""
        return sorted(self._laid.keys() - {item.path for item in items} - {*others})

    def lay(
        self, items: Sequence[Item], superfluous: Sequence[str] = (), *, again: bool = False
    ) -> list[tuple[str, Done]]:
        """Lay down what is missing or outdated and remove what is superfluous; returns each path
        with what became of it. With `again` what somebody took away stays away.

        It is over when it is settled. Raises OSError.
        """
        judged = [(item, self._judge(item, again=again)) for item in items]
        self._begin([item for item, how in judged if how in _WRITTEN], superfluous)
        done = []
        for item, how in judged:
            self._lay(item, how)
            done.append((item.path, how))
        for path in superfluous:
            done.append((path, self._remove(path)))
            del self._laid[path]
        return done

    def settle(self, release: Path) -> None:
        """Note that everything lies there as `release` has it; to be said when those who read it
        were told. Raises OSError."""
        self._remember()
        self._write(Link(_RELEASE, str(release)))

    def clear(self, links: Collection[str]) -> list[tuple[str, Done]]:
        """Remove everything that was laid and is not edited, links first; and `links`, wherever
        they lead by now."""
        self._unsettle()
        for link in links:
            if self._at(link).is_symlink():
                self._laid[link] = [self._print_of(link)]
        by_kind = sorted(self._laid, key=lambda path: (not self._at(path).is_symlink(), path))
        done = [(path, self._remove(path)) for path in by_kind]
        if not self._dry:
            self._note.unlink(missing_ok=True)
        return done

    def _judge(self, item: Item, *, again: bool) -> Done:
        found, wanted = self._print_of(item.path), _print(item)
        ours = self._laid.get(item.path, [_ABSENT])
        if found == wanted:
            return Done.UNCHANGED
        if found == _ABSENT:
            return Done.STAYS_AWAY if again and _ABSENT not in ours else Done.LAID
        if found in ours:
            return Done.REPLACED
        is_beside = self._print_of(item.path + BESIDE) == wanted
        return Done.STAYS_EDITED if is_beside else Done.BESIDE

    def _begin(self, written: Sequence[Item], superfluous: Sequence[str]) -> None:
        """Note what is ours from now on, whether the cut comes before or after each change."""
        if not written and not superfluous:
            return
        for item in written:
            ours = {*self._laid.get(item.path, ()), self._print_of(item.path), _print(item)}
            self._laid[item.path] = sorted(ours)
        for path in superfluous:
            self._laid[path] = sorted({*self._laid[path], _ABSENT})
        self._remember()
        self._unsettle()

    def _lay(self, item: Item, how: Done) -> None:
        if how in _NOT_OURS:  # but what is beside it
            self._laid.setdefault(item.path, [_ABSENT])
        if how is Done.BESIDE:
            self._write(replace(item, path=item.path + BESIDE))
        elif how in _AS_IT_SHOULD_BE:
            self._write(item)
            self._laid[item.path] = [_print(item)]
            self._drop(item.path + BESIDE)

    def _write(self, item: Item) -> None:
        """Whole or not at all, also when power is cut; what is there already is not touched."""
        if self._dry or self._print_of(item.path) == _print(item):
            return
        target = self._at(item.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(item, File):
            write_private(target, item.content, _PUBLIC)
            return
        part = target.with_name(f".{target.name}.new")
        part.unlink(missing_ok=True)
        part.symlink_to(item.target)
        part.replace(target)
        sync_folder(target.parent)

    def _remove(self, path: str) -> Done:
        self._drop(path + BESIDE)
        if self._print_of(path) not in (_ABSENT, *self._laid[path]):
            return Done.KEPT
        self._drop(path)
        return Done.REMOVED

    def _drop(self, path: str) -> None:
        if not self._dry:
            self._at(path).unlink(missing_ok=True)

    def _unsettle(self) -> None:
        if not self._dry and self.is_settled:
            self._drop(_RELEASE)
            sync_folder(self._note.parent)

    def _remember(self) -> None:
        text = json.dumps(self._laid, indent=1, sort_keys=True) + "\n"
        self._write(File(_MANIFEST, text.encode()))

    def _at(self, path: str) -> Path:
        return self._root / path

    def _print_of(self, path: str) -> str:
        at = self._at(path)
        if at.is_symlink():
            return _print(Link("", str(at.readlink())))
        return _print(File("", at.read_bytes())) if at.exists() else _ABSENT


def _print(item: Item) -> str:
    """A fingerprint; a link's differs from that of a file with its words."""
    if isinstance(item, Link):
        return f"link {item.target}"
    return hashlib.sha256(item.content).hexdigest()
