"""The fingerprint of the software: of what a wheel brings, and of what lies on the disk.

Both are made of the same lines, a file's path and the hash of its content as a wheel's RECORD has
them (packaging.python.org, "Recording installed projects"), so whoever has installed a wheel and
changed nothing has its fingerprint, on every processor and Python. The files of our packages count,
also those that somebody added; what installers and Python write beside them does not.
"""

import csv
import logging
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import file_digest, sha256
from importlib.metadata import Distribution, distribution
from pathlib import Path

logger = logging.getLogger(__name__)

_DIGITS = 12
_SETTLED_S = 60.0


def recorded_fingerprint(record: str) -> str:
    """The fingerprint of the wheel with this RECORD; empty where it brings no package."""
    return _fingerprint(_recorded(record))


def installed_fingerprint(installed: Distribution) -> str:
    """The fingerprint of what lies on the disk now; empty where no package was installed, as with
    who develops. A file that cannot be read counts as altered. Raises OSError for a folder,
    and ValueError for a list of files that nobody can read."""
    root = Path(str(installed.locate_file("")))
    packages = {path.partition("/")[0] for path in _recorded(installed.read_text("RECORD") or "")}
    paths = [path for package in packages for path in (root / package).rglob("*")]
    return _fingerprint(
        {
            path.relative_to(root).as_posix(): _hash(path)
            for path in paths
            if path.suffix != ".pyc" and path.is_file()
        }
    )


class SoftwareWatch:
    """Reads the software once, in a thread of its own, `after_s` seconds after the start: nobody's
    first ticket waits for it."""

    def __init__(
        self, read: Callable[[], str] | None = None, *, after_s: float = _SETTLED_S
    ) -> None:
        self._read = read or _own_fingerprint
        self._found: str | None = None
        self._timer = threading.Timer(after_s, self._look)
        self._timer.daemon = True

    def start(self) -> None:
        """Begin to wait."""
        self._timer.start()

    def fingerprint(self) -> str | None:
        """What was found; None before."""
        return self._found

    def close(self) -> None:
        """Wait no more."""
        self._timer.cancel()

    def _look(self) -> None:
        try:
            self._found = self._read()
        except (OSError, ValueError) as error:
            logger.warning("whether the software is as it was published is not known: %s", error)


def _own_fingerprint() -> str:
    return installed_fingerprint(distribution("thutu"))


def _recorded(record: str) -> dict[str, str]:
    """The hashes of the files in packages, by path: no script, and nothing of the `.dist-info`."""
    rows = [row for row in csv.reader(record.splitlines()) if len(row) == 3]
    return {
        path: digest
        for path, digest, _ in rows
        if "/" in path and path.partition("/")[0].isidentifier()
    }


def _fingerprint(hashes: Mapping[str, str]) -> str:
    if not hashes:
        return ""
    lines = "".join(f"{path},{hashes[path]}\n" for path in sorted(hashes))
    return sha256(lines.encode()).hexdigest()[:_DIGITS]


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").digest()
    except OSError:
        return ""
    return f"sha256={urlsafe_b64encode(digest).decode().rstrip('=')}"
