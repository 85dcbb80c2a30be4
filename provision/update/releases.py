"""The releases on a machine's disk, and the links that say which runs and which is proven.

`current` is what services start, `proven` what has shown its health and decides about the other,
`previous` the one before. A release is a virtual environment that is built where it stays, for its
scripts name their folder; it counts from its mark on.
"""

import os
import shutil
from pathlib import Path

from runtime.private_file import sync_folder, write_private

CURRENT, PROVEN, PREVIOUS = "current", "proven", "previous"
_BUILT = ".complete"
_CHECKED = ".checked"


class Releases:
    """The folder of all releases, usually /opt/thutu."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def folder(self, name: str) -> Path:
        """Where the release of this name is, or would be."""
        return self._root / "releases" / name

    def named(self, link: str) -> str:
        """The name of the release that a link leads to; nothing where there is no link."""
        path = self._root / link
        return path.readlink().name if path.is_symlink() else ""

    def point(self, link: str, name: str) -> None:
        """Let a link lead to a release, in one durable step. Raises OSError."""
        self._point(link, self.folder(name))

    def point_as(self, link: str, other: str) -> None:
        """Let a link lead where another does, in one durable step. Raises OSError."""
        self._point(link, (self._root / other).readlink())

    def is_built(self, name: str) -> bool:
        """Whether a release is whole."""
        return (self.folder(name) / _BUILT).exists()

    def is_checked(self, name: str) -> bool:
        """Whether it has read this machine's settings and a copy of its journal."""
        return (self.folder(name) / _CHECKED).exists()

    def mark_built(self, name: str) -> None:
        """Say that it is whole, once every file of it is on the disk. Raises OSError."""
        os.sync()
        write_private(self.folder(name) / _BUILT, b"", 0o644)

    def mark_checked(self, name: str) -> None:
        """Say that it can read what is here. Raises OSError."""
        write_private(self.folder(name) / _CHECKED, b"", 0o644)

    def clear(self, name: str) -> None:
        """Remove a release that no link leads to, its mark first, and leave an empty folder for
        it. Raises ValueError for one that is in use, and OSError."""
        if name in map(self.named, (CURRENT, PROVEN)):
            raise ValueError(f"release {name} is in use")
        folder = self.folder(name)
        self._remove(folder)
        folder.mkdir(mode=0o755, parents=True)

    def remove_unused(self) -> None:
        """Remove every release that no link leads to."""
        kept = {self.named(link) for link in (CURRENT, PROVEN, PREVIOUS)}
        releases = self._root / "releases"
        for folder in sorted(releases.iterdir()) if releases.is_dir() else []:
            if folder.name not in kept:
                self._remove(folder)

    def _point(self, link: str, target: Path) -> None:
        part = self._root / f".{link}.part"
        part.unlink(missing_ok=True)
        part.symlink_to(target)
        part.replace(self._root / link)
        sync_folder(self._root)

    @staticmethod
    def _remove(folder: Path) -> None:
        (folder / _BUILT).unlink(missing_ok=True)
        if folder.exists():
            shutil.rmtree(folder)
