"""`thutu-release`: build a wheelhouse for nodes to update themselves from, and seal it.

It holds the project's wheel and what sites need of the pinned requirements, pip among it, for each
kind of machine. Put the folder on a web server or on a stick. The key is the publisher's own: keep
it away from the centre, which says when a release is used and never what is in it.
"""

import argparse
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from contract.wire import (
    JOURNAL_READS,
    JOURNAL_WRITES,
    VERSION,
    Release,
    ReleaseFile,
    release_file,
)
from edge.software_files import recorded_fingerprint
from provision.release.needs import Need, Target, needs, pinned, pins
from runtime.command_line import CommandLine, words_of
from runtime.private_file import write_private
from runtime.sealed import SealError, seal, signing_key, write_file

_words = words_of("release_tool")
_NEWEST_GLIBC = 34
_OLDEST_GLIBC = 17


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; returns the exit status, 1 with words on the error output."""
    chosen = _parser().parse_args(arguments)
    try:
        if chosen.command == "key":
            print(signing_key(chosen.key).public_key().public_bytes_raw().hex())
        else:
            release = _build(chosen)
            sealed = (chosen.to / release_file(release.number)).read_bytes()
            print(
                _words(
                    "built",
                    release=release.number,
                    software=release.software,
                    wheels=len(release.files),
                    manifest=sha256(sealed).hexdigest(),
                )
            )
    except (OSError, ValueError, SealError, subprocess.CalledProcessError) as error:
        print(f"thutu-release: {_words('not_built', what=error)}", file=sys.stderr)
        return 1
    return 0


def _build(chosen: argparse.Namespace) -> Release:
    sealed = chosen.to / release_file(chosen.number)
    if sealed.exists():
        raise ValueError(f"{sealed} is there already, and a number is used once")
    requirements = chosen.requirements.read_text("utf-8")
    wheels: dict[Path, list[str]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for target in map(Target.read, chosen.target):
            folder = Path(scratch) / str(target)
            locked = pins(requirements, target)
            for wheel in (chosen.wheel, *_gather(chosen.wheel, locked, target, folder)):
                wheels.setdefault(wheel, []).append(str(target))
        files = _put(chosen.to, wheels)
    release = Release(
        VERSION,
        chosen.number,
        chosen.wheel.name.split("-")[1],
        chosen.updates_from,
        JOURNAL_WRITES,
        JOURNAL_READS,
        files,
        recorded_fingerprint(_read(chosen.wheel, "RECORD")),
    )
    write_file(sealed, seal(signing_key(chosen.key), release))
    return release


def _gather(wheel: Path, locked: dict[str, str], target: Target, folder: Path) -> list[Path]:
    """Download what `wheel` needs, and what that needs, until nothing is missing."""
    folder.mkdir()
    unread = needs(_read(wheel, "METADATA"), "", target) | {("pip", "")}
    seen: set[Need] = set()
    while unread:
        have = {name for name, _ in seen}
        _download(pinned(sorted({name for name, _ in unread} - have), locked), target, folder)
        seen |= unread
        by_name = {_name(path): path for path in folder.glob("*.whl")}
        found = {
            need
            for name, extra in unread
            for need in needs(_read(by_name[name], "METADATA"), extra, target)
        }
        unread = found - seen
    return sorted(folder.glob("*.whl"))


def _download(requirements: str, target: Target, folder: Path) -> None:
    if not requirements:
        return
    wanted = folder / "wanted.txt"
    wanted.write_text(requirements, "utf-8")
    glibcs = range(_NEWEST_GLIBC, _OLDEST_GLIBC - 1, -1)
    platforms = [f"manylinux_2_{minor}_{target.processor}" for minor in glibcs]
    platforms += [f"manylinux2014_{target.processor}", f"linux_{target.processor}"]
    tags = [option for platform in platforms for option in ("--platform", platform)]
    tags += [option for abi in (f"cp3{target.minor}", "abi3", "none") for option in ("--abi", abi)]
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
            *("--only-binary=:all:", "--no-deps", "--require-hashes", "--implementation", "cp"),
            *("--python-version", f"3.{target.minor}", *tags),
            *("--dest", str(folder), "--requirement", str(wanted)),
        ],
        check=True,
    )


def _put(house: Path, wheels: dict[Path, list[str]]) -> tuple[ReleaseFile, ...]:
    """Lay wheels into the wheelhouse; the same one for several machines once."""
    files: dict[bytes, ReleaseFile] = {}
    for path, targets in wheels.items():
        data = path.read_bytes()
        digest = sha256(data).digest()
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
        known = files.get(digest)
        every = (*(known.targets if known else ()), *targets)
        file = ReleaseFile(path.name, digest, len(data), unpacked, every)
        files[digest] = file
        target = house / file.path
        if not target.exists():
            write_private(target, data, 0o644)
            target.parent.chmod(0o755)
    (house / "wheels").chmod(0o755)
    house.chmod(0o755)
    return tuple(sorted(files.values(), key=lambda file: file.name))


def _read(wheel: Path, file: str) -> str:
    """A file of a wheel's own `.dist-info`."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [
            known
            for known in archive.namelist()
            if known.endswith(f".dist-info/{file}") and known.count("/") == 1
        ]
        return archive.read(name).decode("utf-8")


def _name(wheel: Path) -> str:
    return wheel.name.partition("-")[0].lower().replace("_", "-").replace(".", "-")


def _parser() -> argparse.ArgumentParser:
    parser = CommandLine(prog="thutu-release", description=_words("about"))
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    key = commands.add_parser("key", help=_words("help_key"))
    build = commands.add_parser("build", help=_words("help_build"))
    for command in (key, build):
        command.add_argument("--key", type=Path, required=True, help=_words("help_key_file"))
    build.add_argument("--number", type=int, required=True, help=_words("help_number"))
    build.add_argument("--wheel", type=Path, required=True, help=_words("help_wheel"))
    build.add_argument("--requirements", type=Path, required=True, help=_words("help_requirements"))
    build.add_argument("--target", nargs="+", required=True, help=_words("help_target"))
    build.add_argument("--updates-from", type=int, default=0, help=_words("help_updates_from"))
    build.add_argument("--to", type=Path, required=True, help=_words("help_to"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
