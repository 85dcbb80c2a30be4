"""`thutu-install`: make this machine a hub, a satellite, a display, a terminal or the centre.

Lays down units, users, device rules and examples of settings, each step shown. It changes nothing
that is as it should be, and never a file that somebody edited. `thutu-install refresh` does it
again as this release has it, for whatever this machine is already, and takes away what is no more
in it; updates use it. `thutu-install boot` lays what the Pi's firmware reads, which no update does.
`thutu-install remove` takes away what was laid and keeps the data.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path

from provision.install.boot import (
    FORMER,
    BootFile,
    boot_files_of_ours,
    boot_files_to_lay,
    lay_boot_file,
    remember_boot_files,
)
from provision.install.ground import BESIDE, Done, Ground
from provision.install.plan import (
    DATA,
    ROLES,
    ROLES_NOTE,
    SETTINGS,
    UNITS,
    WANTS,
    Link,
    plan,
    starts_by_itself,
    unit_files,
)
from provision.install.turn import Other, alone
from runtime.command_line import CommandLine, reader_language, words_of
from runtime.worded_error import WordedError

_words = words_of("install_tool")
_SOURCES = Path(__file__).parents[2]
_LINKS = ("opt/thutu/current", "opt/thutu/proven")
_LED_BY_UPDATES = (*_LINKS, "opt/thutu/previous")
_SETTLED = {Done.UNCHANGED, Done.STAYS_EDITED, Done.STAYS_AWAY}
_ALONE = ("refresh", "boot", "remove")


class UnknownRoleError(WordedError):
    """What this machine is was never said; nothing was changed."""

    section = "install_refused"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; returns the exit status, 1 with words on the error output."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if len(chosen.what) > 1 and {*_ALONE} & {*chosen.what}:
        parser.error(_words("alone"))
    try:
        with nullcontext() if chosen.dry_run else alone(chosen.root, _tell_whom_it_waits_for):
            if "remove" in chosen.what:
                return _remove(chosen.root, dry=chosen.dry_run)
            if "boot" in chosen.what:
                return _lay_boot_files(chosen.root, dry=chosen.dry_run)
            return _install(chosen)
    except WordedError as error:
        print(f"thutu-install: {error.words(reader_language())}", file=sys.stderr)
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        print(f"thutu-install: {_words('failed', what=error)}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"\nthutu-install: {_words('stopped')}", file=sys.stderr)
    return 1


def _tell_whom_it_waits_for(other: Other | None) -> None:
    if other is None:
        print(_words("waits_for_one_unseen"), flush=True)
    else:
        print(_words("waits", pid=other.pid, command=other.command), flush=True)


def _install(chosen: argparse.Namespace) -> int:
    dry: bool = chosen.dry_run
    again = "refresh" in chosen.what
    roles = _roles(chosen.root, () if again else chosen.what)
    if {*roles} != {"centre"}:
        _look_at_boot_files(chosen.root, dry=dry)
    items = plan(roles, _SOURCES)
    for link in _LINKS:
        if not (chosen.root / link).is_symlink():  # later they belong to whoever updates
            items.append(Link(link, str(chosen.venv)))
    ground = Ground(chosen.root, dry=dry)
    was_settled = ground.is_settled
    superfluous = ground.superfluous(items, _LINKS)
    if again:
        _tell(chosen.root, "stop", superfluous, UNITS, dry=dry)
    done = ground.lay(items, superfluous, again=again)
    _show(done, chosen.root)
    if was_settled and all(how in _SETTLED for _, how in done):
        ground.settle(chosen.venv)
        print(_words("nothing_to_do", count=len(done)))
        return 0
    for command in _commands(chosen.root, arriving=True):
        _run(command, dry=dry)
    if again:
        _tell(
            chosen.root, "start", [path for path, how in done if how is Done.LAID], WANTS, dry=dry
        )
    ground.settle(chosen.venv)
    print(_words("dry") if dry else _next(roles))
    return 0


def _look_at_boot_files(root: Path, *, dry: bool) -> None:
    """Say what differs there; that it cannot be read keeps nothing else from being laid."""
    try:
        if not dry:
            remember_boot_files(root, _SOURCES)
        differing = boot_files_to_lay(root, _SOURCES)
    except OSError as error:
        print(_words("boot_unread", what=error))
        return
    for file in differing:
        print(_words("boot_differs", file=file.path))
        _show_lines(file.differences())


def _lay_boot_files(root: Path, *, dry: bool) -> int:
    files = boot_files_to_lay(root, _SOURCES)
    for file in files:
        _show_lines([f"{file.path}:", *file.differences()])
        if not dry:
            lay_boot_file(file)
        _tell_what_becomes_of(file, dry=dry)
    if not dry:
        remember_boot_files(root, _SOURCES)
    if not files:
        print(_words("boot_nothing"))
    elif dry:
        print(_words("dry"))
    elif not all(file.is_edited for file in files):
        print(_words("boot_restart"))
    return 0


def _tell_what_becomes_of(file: BootFile, *, dry: bool) -> None:
    if file.is_edited:
        key = "boot_edited" if dry else "boot_beside"
    elif dry:
        return
    else:
        key = "boot_laid" if file.found else "boot_new"
    print(_words(key, file=file.path, name=file.path.name, beside=BESIDE, former=FORMER))


def _show_lines(lines: Iterable[str]) -> None:
    for line in lines:
        print(f"  {line}")


def _roles(root: Path, more: Iterable[str]) -> list[str]:
    """What this machine is, besides what it becomes now."""
    note = root / ROLES_NOTE
    known = note.read_text("utf-8").split() if note.exists() else ()
    roles = [role for role in ROLES if role in (*known, *more)]
    if not roles:
        raise UnknownRoleError("no_role", roles=", ".join(ROLES))
    return roles


def _tell(root: Path, verb: str, paths: Iterable[str], folder: str, *, dry: bool) -> None:
    """Stop or start units that lie in this folder, without waiting for them."""
    units = [Path(path).name for path in paths if str(Path(path).parent) == folder]
    if units and root == Path("/"):
        _run(["systemctl", verb, "--no-block", *units], dry=dry)


def _remove(root: Path, *, dry: bool) -> int:
    ground = Ground(root, dry=dry)
    ground.check_note()
    if root == Path("/"):
        _stop(unit_files(ROLES, _SOURCES), dry=dry)
    done = ground.clear(_LED_BY_UPDATES)
    if not done:
        print(_words("nothing_to_remove"))
        return 0
    _show(done, root)
    for command in _commands(root, arriving=False):
        _run(command, dry=dry)
    kept = [str(root / path.lstrip("/")) for path in (*SETTINGS, *DATA)]
    kept = [path for path in kept if Path(path).exists()]
    print(_words("kept", folders=", ".join(kept)) if kept else _words("nothing_kept"))
    _tell_what_the_firmware_reads(root)
    if dry:
        print(_words("dry"))
    return 0


def _tell_what_the_firmware_reads(root: Path) -> None:
    """Nobody who could put the card into a computer need be here, so it is not taken away."""
    try:
        names = boot_files_of_ours(root)
    except OSError as error:
        print(_words("boot_unread", what=error))
        return
    if names:
        lines = ", ".join(f"include {name}" for name in names)
        print(_words("boot_stays", names=", ".join(names), lines=lines))


def _stop(units: Iterable[Path], *, dry: bool) -> None:
    """Stop those that are here, and all that were made of a template: systemctl fails at a name
    that it does not know, but not at a pattern."""
    here = [
        unit.name.replace("@.", "@*.") for unit in units if (Path("/") / UNITS / unit.name).exists()
    ]
    if here:
        _run(["systemctl", "stop", *here], dry=dry)


def _commands(root: Path, *, arriving: bool) -> list[list[str]]:
    """What makes systemd and udev notice; in an image only what works there."""
    live = root == Path("/")
    within = [] if live else [f"--root={root}"]
    made = [
        ["systemd-sysusers", *within, "thutu.conf"],
        ["systemd-tmpfiles", *within, "--create", "thutu.conf"],
    ]
    noticed = [["udevadm", "control", "--reload"], ["systemctl", "daemon-reload"]]
    named = [["udevadm", "trigger", "--subsystem-match=tty", "--subsystem-match=usbmisc"]]
    forgotten = [["systemctl", "reset-failed", "thutu-*"]]  # what was stopped in the middle of it
    return [
        *(made if arriving else []),
        *(noticed if live else []),
        *((named if arriving else forgotten) if live else []),
    ]


def _run(command: list[str], *, dry: bool) -> None:
    print(f"  $ {' '.join(command)}", flush=True)
    if not dry:
        subprocess.run(command, check=True)


def _show(done: list[tuple[str, Done]], root: Path) -> None:
    for path, how in done:
        if how is not Done.UNCHANGED:
            print(f"  {root / path}: {_words(f'done_{how}', beside=BESIDE)}")


def _next(roles: Iterable[str]) -> str:
    units = [
        unit.name.removesuffix(".service")
        for unit in unit_files(roles, _SOURCES)
        if starts_by_itself(unit)
    ]
    return _words("next", units=" ".join(units))


def _parser() -> argparse.ArgumentParser:
    parser = CommandLine(prog="thutu-install", description=_words("about"))
    parser.add_argument(
        "what",
        nargs="+",
        choices=(*ROLES, *_ALONE),
        metavar="ROLE|refresh|boot|remove",
        help=_words("help_what", roles=", ".join(ROLES)),
    )
    parser.add_argument("--root", type=Path, default=Path("/"), help=_words("help_root"))
    parser.add_argument("--venv", type=Path, default=Path(sys.prefix), help=_words("help_venv"))
    parser.add_argument("--dry-run", action="store_true", help=_words("help_dry_run"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
