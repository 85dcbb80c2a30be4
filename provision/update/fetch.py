"""Fetching a release, by whoever has no rights: what comes is believed by its hash alone.

A file that is there is not fetched again, one that was cut goes on where it stopped (RFC 9110,
14.2), and the disk keeps room for the queue.
"""

import hashlib
import http.client
import logging
import shutil
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, NamedTuple

from contract.wire import Release, ReleaseFile, release_file
from provision.update.decide import RESERVE_BYTES
from provision.update.environment import is_whole
from runtime.clock import Clock
from runtime.sealed import SealError, unseal

logger = logging.getLogger(__name__)

_CHUNK = 1 << 16
_SILENCE_S = 60.0
_MOST_MANIFEST_BYTES = 5_000_000


class FetchError(Exception):
    """Not everything could be had; what came stays, for the next time."""


class _Wanted(NamedTuple):
    """A file by its name in a wheelhouse, of `most` bytes; `is_in` says whether a file is it, and
    `what` in words what it is."""

    name: str
    most: int
    is_in: Callable[[Path], bool]
    what: str


class Fetcher:
    """Brings wheelhouses' files into `folder`, laid out as there.

    `most_bytes_s` leaves the line to others; 0 takes all of it. `context` is for servers by HTTPS,
    None trusts whom the system does; `token` is for a hub, which lets in whom it knows.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        most_bytes_s: int = 0,
        context: ssl.SSLContext | None = None,
        token: str = "",
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._most_bytes_s = most_bytes_s
        self._context = context
        self._asks_with = {"Authorization": f"Bearer {token}"} if token else {}

    def fetch(
        self,
        number: int,
        manifest: bytes,
        target: str,
        sources: Sequence[str],
        kept: Sequence[ReleaseFile] = (),
    ) -> None:
        """Fetch a release's manifest, whose SHA-256 is `manifest`, and its wheels for `target`;
        what other releases left is removed, but for wheels among `kept`. Raises FetchError and
        OSError."""
        path = self._folder / release_file(number)
        if not _is(path, manifest):
            path.unlink(missing_ok=True)
            wanted = _Wanted(
                path.name, _MOST_MANIFEST_BYTES, partial(_is, digest=manifest), "the one ordered"
            )
            self._from_any(sources, wanted, path)
        try:
            release = unseal(path.read_bytes(), Release).message
        except SealError as error:
            raise FetchError(f"{path.name}: {error}") from error
        files = release.files_for(target)
        self._remove_others(path, (*files, *kept))
        missing = [file for file in files if not is_whole(self._folder / file.path, file)]
        room = shutil.disk_usage(self._folder).free - RESERVE_BYTES
        if sum(file.size for file in missing) > room:
            raise FetchError(f"the disk has {max(room, 0)} bytes to spare, which is not enough")
        for file in missing:
            self._fetch_wheel(sources, file)

    def keep_only(self, files: Sequence[ReleaseFile]) -> None:
        """Remove every release but the wheels among these, which another release may share.

        Raises OSError.
        """
        self._remove_others(None, files)

    def _fetch_wheel(self, sources: Sequence[str], file: ReleaseFile) -> None:
        path = self._folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.part")
        wanted = _Wanted(
            file.path, file.size, partial(is_whole, file=file), "what the release promises"
        )
        self._from_any(sources, wanted, part)
        part.replace(path)

    def _from_any(self, sources: Sequence[str], wanted: _Wanted, into: Path) -> None:
        """Each source goes on where the one before broke off."""
        said = []
        for source in sources:
            try:
                self._from(source, wanted, into)
            except (OSError, ValueError, http.client.HTTPException) as error:
                said.append(f"{source}: {error or type(error).__name__}")
            else:
                return
        raise FetchError("; ".join(said) or "no source is named")

    def _from(self, source: str, wanted: _Wanted, into: Path) -> None:
        """What goes on from a wrong beginning is asked for once more, from its own."""
        has_beginning = into.exists() and into.stat().st_size > 0
        if source.startswith(("https://", "http://")):
            self._download(f"{source.rstrip('/')}/{wanted.name}", into, wanted.most)
        else:
            _copy(Path(source) / wanted.name, into, wanted.most)
        if wanted.is_in(into):
            return
        into.unlink()
        if not has_beginning:
            raise OSError(f"{wanted.name} came, and is not {wanted.what}")
        self._from(source, wanted, into)

    def _download(self, url: str, into: Path, most: int) -> None:
        with into.open("ab") as file:
            have = file.tell()
            if have >= most:
                return
            headers = {**self._asks_with, "Range": f"bytes={have}-"}
            request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the scheme was looked at
            try:
                answer = urllib.request.urlopen(  # noqa: S310 - as above
                    request, timeout=_SILENCE_S, context=self._context
                )
            except urllib.error.HTTPError as error:
                with error:
                    if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                        return
                    raise OSError(f"{url}: {error.code} {error.reason}") from error
            with closing(answer):
                if answer.status != HTTPStatus.PARTIAL_CONTENT:
                    file.truncate(0)  # it cannot go on in the middle, and sends all
                    have = 0
                self._save(answer, file, most - have)
                length = answer.headers.get("Content-Length")
                if length is not None and file.tell() < min(have + int(length), most):
                    raise OSError(f"{url}: the line broke off after {file.tell()} bytes")

    def _save(self, answer: BinaryIO, file: BinaryIO, most: int) -> None:
        for chunk in _chunks(answer, most):
            file.write(chunk)
            if self._most_bytes_s:
                self._clock.sleep(len(chunk) / self._most_bytes_s)

    def _remove_others(self, manifest: Path | None, files: Sequence[ReleaseFile]) -> None:
        kept = {(self._folder / file.path).parent for file in files}
        for other in self._folder.glob(release_file(0).replace("0", "*")):
            if other != manifest:
                other.unlink()
        for folder in self._folder.glob("wheels/*"):
            if folder not in kept:
                shutil.rmtree(folder)


def _copy(there: Path, into: Path, most: int) -> None:
    """From a stick, which may hold more than was promised, or no file at all by that name."""
    if not there.is_file():
        raise FileNotFoundError(f"{there}: no such file")
    with there.open("rb") as source, into.open("wb") as file:
        for chunk in _chunks(source, most):
            file.write(chunk)


def _chunks(answer: BinaryIO, most: int) -> Iterator[bytes]:
    while most > 0 and (chunk := answer.read(min(_CHUNK, most))):
        yield chunk
        most -= len(chunk)


def _is(path: Path, digest: bytes) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).digest() == digest
    except OSError:
        return False
