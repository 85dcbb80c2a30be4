"""`thutu-update`: give this machine newer software, or what it had.

`run` is started by systemd, `resume` early at boot, `fetch` by a service without rights.
`install FOLDER` takes a wheelhouse that somebody brought, `show` says how far an update is.
"""

import argparse
import logging
import platform
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from edge.settings import HubSettings
from provision.update.environment import BuildError
from provision.update.fetch import Fetcher, FetchError
from provision.update.machine import MachineError, SystemdMachine
from provision.update.notebook import Notebook
from provision.update.releases import CURRENT, PREVIOUS, PROVEN, Releases
from provision.update.updater import RefusedError, Trusted, Updater
from runtime.clock import SystemClock
from runtime.folder_lock import FolderInUseError, FolderLock
from runtime.sealed import SealError
from runtime.settings import SettingsError, load_settings

logger = logging.getLogger(__name__)

_ANYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - what a hub listens on, not what we do
_TRIED_LATER = 75  # EX_TEMPFAIL: the service manager starts it again


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status, 75 where trying again later may help."""
    chosen = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    command: Callable[[argparse.Namespace], None] = chosen.command
    try:
        command(chosen)
    except (MachineError, FetchError, OSError) as error:
        print(f"thutu-update: {error}; what runs goes on, and this is tried again", file=sys.stderr)
        return _TRIED_LATER
    except (RefusedError, BuildError, SealError, SettingsError, FolderInUseError) as error:
        print(f"thutu-update: {error}; nothing was changed", file=sys.stderr)
        return 1
    return 0


def _run(chosen: argparse.Namespace) -> None:
    settings = _settings(chosen)
    lock = FolderLock(chosen.state)
    try:
        updater = _updater(chosen, settings)
        order_file = None if settings.updates is None else settings.updates.order_file
        updater.run(partial(_take_order, updater, order_file))
    finally:
        lock.release()


def _take_order(updater: Updater, order_file: Path | None) -> bool:
    """An order that is wrong must not keep a trial from being watched."""
    try:
        return order_file is not None and updater.take_order(order_file)
    except (SealError, OSError) as error:
        logger.warning("%s is not taken: %s", order_file, error)
        return False


def _resume(chosen: argparse.Namespace) -> None:
    _updater(chosen, None).resume()


def _fetch(chosen: argparse.Namespace) -> None:
    plan = Notebook(chosen.state).plan
    updates = _settings(chosen).updates
    if plan is None or updates is None:
        return
    fetcher = Fetcher(chosen.wheelhouse, SystemClock(), updates.most_kb_s * 1000)
    fetcher.fetch(plan.state.release, plan.manifest, _target(), plan.sources)


def _install(chosen: argparse.Namespace) -> None:
    lock = FolderLock(chosen.state)
    try:
        release = _updater(chosen, _settings(chosen)).take_folder(chosen.folder, urgent=chosen.now)
    finally:
        lock.release()
    print(f"Release {release.number} ({release.software}) is next: systemctl start thutu-update")
    print("Leave the folder where it is until `thutu-update show` says waiting.")


def _show(chosen: argparse.Namespace) -> None:
    releases = Releases(chosen.root)
    for link in (CURRENT, PROVEN, PREVIOUS):
        print(f"{link:9} {releases.named(link) or '-'}")
    plan = Notebook(chosen.state).plan
    if plan is not None:
        state = plan.state
        print(f"release {state.release}: {state.phase}{state.reason and f', {state.reason}'}")


def _updater(chosen: argparse.Namespace, settings: HubSettings | None) -> Updater:
    """With no settings one that can only go back."""
    trusted = Trusted("", None, frozenset(), _target())
    url = "http://127.0.0.1"
    if settings is not None:
        keys = () if settings.updates is None else settings.updates.publisher_keys
        centre = None if settings.centre_key is None else bytes.fromhex(settings.centre_key)
        trusted = Trusted(settings.node, centre, frozenset(map(bytes.fromhex, keys)), _target())
        host = settings.http.host if settings.http.host not in _ANYWHERE else "127.0.0.1"
        host = f"[{host}]" if ":" in host else host
        url = f"{'https' if settings.http.tls else 'http'}://{host}:{settings.http.port}"
    return Updater(
        releases=Releases(chosen.root),
        notebook=Notebook(chosen.state),
        wheelhouse=chosen.wheelhouse,
        machine=SystemdMachine(url),
        clock=SystemClock(),
        trusted=trusted,
    )


def _settings(chosen: argparse.Namespace) -> HubSettings:
    return load_settings(chosen.config, HubSettings, "THUTU_HUB")


def _target() -> str:
    return f"cp{sys.version_info.major}{sys.version_info.minor}-{platform.machine()}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="thutu-update",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name, default in (
        ("config", "/etc/thutu/hub.toml"),
        ("root", "/opt/thutu"),
        ("state", "/var/lib/thutu-update"),
        ("wheelhouse", "/var/lib/thutu-update-fetch"),
    ):
        parser.add_argument(f"--{name}", type=Path, default=Path(default), help=default)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, about in (
        ("run", _run, "do what was ordered, to the end"),
        ("resume", _resume, "at boot: count a trial's start, and go back if it had enough"),
        ("fetch", _fetch, "bring the files of the release that was ordered"),
        ("show", _show, "which release runs, and how far an update is"),
    ):
        commands.add_parser(name, help=about).set_defaults(command=run)
    install = commands.add_parser("install", help="take the newest release of a folder")
    install.add_argument("folder", type=Path, help="a wheelhouse, as on a stick")
    install.add_argument("--now", action="store_true", help="at any moment with nobody waiting")
    install.set_defaults(command=_install)
    return parser


if __name__ == "__main__":
    sys.exit(main())
