"""The releases that the centre has: a wheelhouse in its folder, laid out as publishers make it."""

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from hashlib import file_digest, sha256
from pathlib import Path
from typing import NamedTuple

from contract.wire import VERSION, Release, ReleaseFile, release_file
from runtime.private_file import sync_folder, write_private
from runtime.sealed import SealError, signer, unseal_from
from runtime.worded_error import WordedError

FOLDER = "releases"
_PUBLIC = 0o644


class ReleaseError(WordedError):
    """A release that cannot be taken or used; nothing was changed."""

    section = "release_refused"


class Kept(NamedTuple):
    """A release of the shelf, and the SHA-256 of its manifest."""

    release: Release
    manifest: bytes


class ReleaseShelf:
    """Releases by number in `folder`/releases, believed only with a seal of one of `publishers`
    (Ed25519, 32 bytes each)."""

    def __init__(self, folder: Path, publishers: Sequence[bytes]) -> None:
        self._folder = folder / FOLDER
        self._publishers = tuple(publishers)

    def add(self, wheelhouse: Path, *, with_wheels: bool = True) -> list[Kept]:
        """Take what a publisher's wheelhouse holds and is not here yet: wheels first, each as it
        was promised and durable, then the manifest. `with_wheels` false where hubs fetch them
        elsewhere.

        Returns the new releases. Raises ReleaseError and OSError.
        """
        found = sorted(wheelhouse.glob("release-*.thutu"))
        if not found:
            raise ReleaseError("none", folder=wheelhouse)
        offered = [(path.read_bytes(), self._believed(path)) for path in found]
        new = [(sealed, release) for sealed, release in offered if self._is_new(sealed, release)]
        for sealed, release in new:
            if with_wheels:
                for file in release.files:
                    self._take(wheelhouse / file.path, file)
            self._write(release_file(release.number), sealed)
        return [Kept(release, sha256(sealed).digest()) for sealed, release in new]

    def releases(self) -> list[Kept]:
        """All releases, the newest first. Raises ReleaseError for one that is damaged."""
        paths = self._folder.glob("release-*.thutu")
        found = [Kept(self._believed(path), sha256(path.read_bytes()).digest()) for path in paths]
        return sorted(found, key=lambda kept: kept.release.number, reverse=True)

    def get(self, number: int) -> Kept:
        """One release. Raises ReleaseError when it is not here, or damaged."""
        found = next((kept for kept in self.releases() if kept.release.number == number), None)
        if found is None:
            raise ReleaseError("unknown", release=number)
        return found

    def remove(self, releases: Sequence[Release]) -> None:
        """Remove releases, and the wheels that no other one has. Raises ReleaseError and OSError;
        what was broken off is done by removing them again."""
        gone = {release.number for release in releases}
        stay = {
            file.path
            for kept in self.releases()
            if kept.release.number not in gone
            for file in kept.release.files
        }
        for release in releases:
            for path in {file.path for file in release.files} - stay:
                (self._folder / path).unlink(missing_ok=True)
                with suppress(OSError):  # another wheel lies there, or none ever did
                    (self._folder / path).parent.rmdir()
            (self._folder / release_file(release.number)).unlink(missing_ok=True)

    def _believed(self, path: Path) -> Release:
        if not self._publishers:
            raise ReleaseError("no_publisher")
        sealed = path.read_bytes()
        try:
            publisher = signer(sealed, Release)
            if publisher not in self._publishers:
                raise ReleaseError("foreign", file=path, public_key=publisher.hex())
            release = unseal_from(sealed, Release, publisher)
        except SealError as error:
            raise ReleaseError("not_believed", file=path, what=error) from error
        if release.version != VERSION or path.name != release_file(release.number):
            raise ReleaseError(
                "other_number", file=path, release=release.number, form=release.version
            )
        return release

    def _is_new(self, sealed: bytes, release: Release) -> bool:
        """Raises ReleaseError for another one of a number that is taken."""
        path = self._folder / release_file(release.number)
        if not path.exists():
            return True
        if path.read_bytes() != sealed:
            raise ReleaseError("taken", release=release.number)
        return False

    def _take(self, source: Path, file: ReleaseFile) -> None:
        target = self._folder / file.path
        if target.exists():
            return
        if source.stat().st_size != file.size:
            raise ReleaseError("not_as_promised", file=source)
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        part = target.with_name(f".{file.name}.part")
        shutil.copyfile(source, part)
        with part.open("rb") as copied:
            is_whole = file_digest(copied, "sha256").digest() == file.sha256
            os.fsync(copied.fileno())
        if not is_whole:
            part.unlink()
            raise ReleaseError("not_as_promised", file=source)
        part.chmod(_PUBLIC)
        part.replace(target)
        for folder in (target.parent, *target.parent.parents[:2]):
            sync_folder(folder)

    def _write(self, name: str, data: bytes) -> None:
        write_private(self._folder / name, data, _PUBLIC)
