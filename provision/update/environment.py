"""A virtual environment from wheels whose every byte was promised, without any network."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from io import BufferedReader
from pathlib import Path

from contract.wire import ReleaseFile

_CHUNK = 1 << 20
_STAGED = ".wheels"
_PIP = "pip-"


class BuildError(Exception):
    """The release cannot be built here; the words say why."""


def is_whole(path: Path, file: ReleaseFile) -> bool:
    """Whether the file at `path` is byte for byte what the release promises."""
    try:
        with _regular(path) as data:
            return hashlib.file_digest(data, "sha256").digest() == file.sha256
    except OSError:
        return False


def build(folder: Path, files: Sequence[ReleaseFile], wheelhouse: Path) -> None:
    """Build an environment of `files` in the empty `folder`. Raises BuildError and OSError.

    The wheels are copied first and checked as they are copied, for whoever fetched them could
    still change them.
    """
    staged = folder / _STAGED
    staged.mkdir()
    for file in files:
        _copy(wheelhouse / file.path, staged / file.name, file)
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    interpreter = str(Path(sys.base_prefix) / "bin" / python)
    _run([interpreter, "-I", "-m", "venv", "--without-pip", str(folder)])
    pip = _pip(folder, staged)
    wanted = staged / "wanted.txt"
    lines = [f"{staged / file.name} --hash=sha256:{file.sha256.hex()}" for file in files]
    wanted.write_text("\n".join(lines) + "\n", "utf-8")
    _run([*pip, "install", "--no-index", "--no-deps", "--require-hashes", "-r", str(wanted)])
    _run([*pip, "check"])
    shutil.rmtree(staged)


def _pip(folder: Path, staged: Path) -> list[str]:
    """pip comes in a wheel of its own: Raspberry Pi OS Lite may lack ensurepip."""
    wheels = sorted(staged.glob(f"{_PIP}*.whl"))
    if len(wheels) != 1:
        raise BuildError(f"{len(wheels)} wheels of pip instead of one")
    unpacked = staged / "pip"
    with zipfile.ZipFile(wheels[0]) as wheel:
        wheel.extractall(unpacked)
    command = [str(folder / "bin/python"), "-I", str(unpacked / "pip")]
    return [*command, "--isolated", "--no-cache-dir", "--disable-pip-version-check"]


def _run(command: list[str]) -> None:
    environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "PIP_CONFIG_FILE": os.devnull}
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env=environment, errors="replace"
    )
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip())[-500:]
        raise BuildError(f"{' '.join(command[:4])} …: {said}")


def _copy(source: Path, target: Path, file: ReleaseFile) -> None:
    digest = hashlib.sha256()
    with _regular(source) as data, target.open("xb") as copied:
        while chunk := data.read(_CHUNK):
            digest.update(chunk)
            copied.write(chunk)
    if digest.digest() != file.sha256:
        raise BuildError(f"{file.name} is not what the release promises")


def _regular(path: Path) -> BufferedReader:
    """The file itself: no link is followed, and no pipe is waited for."""
    return os.fdopen(
        os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb"
    )
