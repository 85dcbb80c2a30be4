"""`thutu-update`: give this machine newer software, or what it had.

`run` is started by systemd, `resume` early at boot, `fetch` by a service without rights.
`follow` and `follow-fetch` are for machines beside the hub, which run what it runs.
`install FOLDER` takes a wheelhouse that somebody brought, `show` says how far an update is, `back`
gives back what runs for what ran before.
"""

import argparse
import logging
import platform
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from contract.wire import Release, ReleaseFile, release_file
from edge.settings import PREFIX, HubSettings
from provision.update.decide import number
from provision.update.environment import BuildError
from provision.update.fetch import Fetcher, FetchError
from provision.update.follow import FollowingMachine, FollowSettings
from provision.update.machine import Machine, MachineError, SystemdMachine
from provision.update.notebook import Notebook
from provision.update.releases import CURRENT, PREVIOUS, PROVEN, Releases
from provision.update.updater import RefusedError, Trusted, Updater
from runtime.clock import SystemClock
from runtime.command_line import CommandLine, words_of
from runtime.folder_lock import FolderInUseError, FolderLock
from runtime.sealed import SealError, unseal
from runtime.settings import SettingsError, load_settings
from runtime.trust import context_beside_system

logger = logging.getLogger(__name__)

_words = words_of("update_tool")
_ANYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - what a hub listens on, not what we do
_TRIED_LATER = 75  # EX_TEMPFAIL: the service manager starts it again
_UNEXPECTED = 70  # EX_SOFTWARE: and after this; only a refusal is final


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 1 for what is refused, 75 where trying again later
    may help, 70 for a fault of this program."""
    chosen = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    command: Callable[[argparse.Namespace], None] = chosen.command
    try:
        command(chosen)
    except (MachineError, FetchError, OSError) as error:
        print(f"thutu-update: {_words('tried_again', what=error)}", file=sys.stderr)
        return _TRIED_LATER
    except (RefusedError, BuildError, SealError, SettingsError, FolderInUseError) as error:
        print(f"thutu-update: {_words('refused', what=error)}", file=sys.stderr)
        return 1
    except Exception:
        logger.exception("%s", _words("unexpected"))
        return _UNEXPECTED
    return 0


def _run(chosen: argparse.Namespace) -> None:
    settings = _settings(chosen)
    with FolderLock(chosen.state):
        updater = _updater(chosen, settings)
        order_file = None if settings.updates is None else settings.updates.order_file
        updater.run(partial(_take_order, updater, order_file))


def _take_order(updater: Updater, order_file: Path | None) -> bool:
    """An order that is wrong must not keep a trial from being watched."""
    try:
        return order_file is not None and updater.take_order(order_file)
    except (SealError, OSError) as error:
        logger.warning("%s is not taken: %s", order_file, error)
        return False


def _resume(chosen: argparse.Namespace) -> None:
    _updater(chosen, None).resume()


def _follow(chosen: argparse.Namespace) -> None:
    settings = load_settings(chosen.config, FollowSettings, "THUTU_UPDATE")
    keys = frozenset(map(bytes.fromhex, settings.publisher_keys))
    with FolderLock(chosen.state), closing(FollowingMachine(settings)) as machine:
        trusted = Trusted("", None, keys, _target())
        updater = _updater_on(chosen, machine, trusted)
        updater.run(partial(_take_offer, updater, machine, settings.source))
        machine.end_turn()


def _take_offer(updater: Updater, machine: FollowingMachine, source: str) -> bool:
    offer = machine.offer()
    return updater.take_offer(offer.number, bytes.fromhex(offer.manifest), source)


def _fetch(chosen: argparse.Namespace) -> None:
    updates = _settings(chosen).updates
    if updates is not None:
        clock = SystemClock()
        context = context_beside_system(updates.ca_file, clock)
        _fetch_with(chosen, Fetcher(chosen.wheelhouse, clock, updates.most_kb_s * 1000, context))


def _follow_fetch(chosen: argparse.Namespace) -> None:
    settings = load_settings(chosen.config, FollowSettings, "THUTU_UPDATE")
    clock = SystemClock()
    rate = settings.most_kb_s * 1000
    context = settings.context(clock)
    _fetch_with(chosen, Fetcher(chosen.wheelhouse, clock, rate, context, settings.token()))


def _fetch_with(chosen: argparse.Namespace, fetcher: Fetcher) -> None:
    plan = Notebook(chosen.state).plan
    if plan is None:
        return
    if plan.state.phase == "refused":
        fetcher.keep_only(_files_in_force(Releases(chosen.root)))
    else:
        in_force = _files_in_force(Releases(chosen.root))
        fetcher.fetch(plan.state.release, plan.manifest, _target(), plan.sources, in_force)


def _files_in_force(releases: Releases) -> tuple[ReleaseFile, ...]:
    """The wheels of the release that runs, which the next one may share; none where that came with
    the card."""
    name = releases.named(CURRENT)
    try:
        sealed = (releases.folder(name) / release_file(number(name))).read_bytes()
        return unseal(sealed, Release).message.files_for(_target())
    except (OSError, SealError):
        return ()


def _install(chosen: argparse.Namespace) -> None:
    with FolderLock(chosen.state):
        release = _updater(chosen, _settings(chosen)).take_folder(chosen.folder, urgent=chosen.now)
    print(_words("next", release=release.number, software=release.software))


def _back(chosen: argparse.Namespace) -> None:
    with FolderLock(chosen.state):
        release = _updater(chosen, None).back()
    print(_words("gone_back", release=release))


def _show(chosen: argparse.Namespace) -> None:
    releases = Releases(chosen.root)
    for link in (CURRENT, PROVEN, PREVIOUS):
        print(f"{link:9} {releases.named(link) or '-'}")
    plan = Notebook(chosen.state).plan
    if plan is not None:
        state = plan.state
        phase = _words(f"phase_{state.phase}")
        print(
            _words("progress", release=state.release, phase=phase)
            + (f" ({state.reason})" if state.reason else "")
        )


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
    return _updater_on(chosen, SystemdMachine(url), trusted)


def _updater_on(chosen: argparse.Namespace, machine: Machine, trusted: Trusted) -> Updater:
    return Updater(
        releases=Releases(chosen.root),
        notebook=Notebook(chosen.state),
        wheelhouse=chosen.wheelhouse,
        machine=machine,
        clock=SystemClock(),
        trusted=trusted,
    )


def _settings(chosen: argparse.Namespace) -> HubSettings:
    return load_settings(chosen.config, HubSettings, PREFIX)


def _target() -> str:
    return f"cp{sys.version_info.major}{sys.version_info.minor}-{platform.machine()}"


def _parser() -> argparse.ArgumentParser:
    parser = CommandLine(prog="thutu-update", description=_words("about"))
    for name, default in (
        ("config", "/etc/thutu/hub.toml"),
        ("root", "/opt/thutu"),
        ("state", "/var/lib/thutu-update"),
        ("wheelhouse", "/var/lib/thutu-update-fetch"),
    ):
        help_words = f"{_words(f'help_{name}')} ({default})"
        parser.add_argument(f"--{name}", type=Path, default=Path(default), help=help_words)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    parsers: dict[str, argparse.ArgumentParser] = {}
    for name, run in (
        ("run", _run),
        ("resume", _resume),
        ("fetch", _fetch),
        ("follow", _follow),
        ("follow-fetch", _follow_fetch),
        ("show", _show),
        ("install", _install),
        ("back", _back),
    ):
        help_words = _words(f"help_{name.replace('-', '_')}")
        parsers[name] = commands.add_parser(name, help=help_words)
        parsers[name].set_defaults(command=run)
    install = parsers["install"]
    install.add_argument("folder", type=Path, help=_words("help_folder"))
    install.add_argument("--now", action="store_true", help=_words("help_now"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
