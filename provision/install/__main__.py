"""`thutu-install`: make this machine a hub, a satellite, a display, a terminal or the centre.

Lays down units, users, device rules and examples of settings, each step shown. It changes nothing
that is as it should be, and never a file that somebody edited. `thutu-install remove` takes away
what was laid and keeps the data.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from provision.install.ground import Done, Ground
from provision.install.plan import (
    DATA,
    ROLES,
    UNITS,
    Link,
    is_template,
    plan,
    starts_by_itself,
    unit_files,
)

_SOURCES = Path(__file__).parents[2]
_LINKS = ("opt/thutu/current", "opt/thutu/proven")
_SETTLED = {Done.UNCHANGED, Done.STAYS_EDITED}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; returns the exit status, 1 with words on the error output."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if "remove" in chosen.what and len(chosen.what) > 1:
        parser.error("remove takes no role: it removes all that was laid down")
    try:
        if "remove" in chosen.what:
            return _remove(chosen.root, dry=chosen.dry_run)
        return _install(chosen)
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        print(f"thutu-install: {error}", file=sys.stderr)
        return 1


def _install(chosen: argparse.Namespace) -> int:
    dry: bool = chosen.dry_run
    items = plan(chosen.what, _SOURCES)
    for link in _LINKS:
        if not (chosen.root / link).is_symlink():  # later they belong to whoever updates
            items.append(Link(link, str(chosen.venv)))
    done = Ground(chosen.root, dry=dry).lay(items)
    _show(done, chosen.root)
    if all(how in _SETTLED for _, how in done):
        print(f"Nothing to do: all {len(done)} files are there.")
        return 0
    for command in _commands(chosen.root, arriving=True):
        _run(command, dry=dry)
    print("(dry run: nothing was changed)" if dry else _next(chosen.what))
    return 0


def _remove(root: Path, *, dry: bool) -> int:
    ground = Ground(root, dry=dry)
    if root == Path("/"):
        units = unit_files(ROLES, _SOURCES)
        _stop([one for one in units if starts_by_itself(one) or is_template(one)], dry=dry)
    done = ground.clear()
    if not done:
        print("Nothing to remove: nothing was laid down here.")
        return 0
    _show(done, root)
    for command in _commands(root, arriving=False):
        _run(command, dry=dry)
    kept = [str(root / path.lstrip("/")) for path in ("/etc/thutu", *DATA)]
    kept = [path for path in kept if Path(path).exists()]
    print(f"Kept, with the users they belong to: {', '.join(kept) or 'nothing was there'}")
    if dry:
        print("(dry run: nothing was changed)")
    return 0


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
    return [*(made if arriving else []), *(noticed if live else [])]


def _run(command: list[str], *, dry: bool) -> None:
    print(f"  $ {' '.join(command)}", flush=True)
    if not dry:
        subprocess.run(command, check=True)


def _show(done: list[tuple[str, Done]], root: Path) -> None:
    for path, how in done:
        if how is not Done.UNCHANGED:
            print(f"  {root / path}: {how}")


def _next(roles: list[str]) -> str:
    units = [
        unit.name.removesuffix(".service")
        for unit in unit_files(roles, _SOURCES)
        if starts_by_itself(unit)
    ]
    return (
        "Next: copy the examples in /etc/thutu that you need to names without .example, put in "
        f"what your site is, and start: systemctl start {' '.join(units)}"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="thutu-install",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", nargs="+", choices=(*ROLES, "remove"), metavar="ROLE|remove")
    parser.add_argument("--root", type=Path, default=Path("/"), help="an image's root folder")
    parser.add_argument(
        "--venv", type=Path, default=Path(sys.prefix), help="where the programs are"
    )
    parser.add_argument("--dry-run", action="store_true", help="only show what would be done")
    return parser


if __name__ == "__main__":
    sys.exit(main())
