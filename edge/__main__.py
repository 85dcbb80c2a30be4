"""`thutu-hub`: run a site's hub, and let its devices and staff in."""

import argparse
import gc
import getpass
import logging
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from threading import Event

from contract.commands import COUNTER_ROLES, Actor
from edge.access import (
    STAFF_ROLES,
    Access,
    BadNameError,
    NameTakenError,
    OtherMachineError,
    WeakPinError,
)
from edge.command_refused import CommandRefused
from edge.configured_run import ConfiguredSettings
from edge.device_list import DEVICE_ROLES, read_devices
from edge.identity.commands import add_identity_commands
from edge.node import Node
from edge.recovery_commands import add_recovery_commands
from edge.release_check import check_on_copy
from edge.settings import HubSettings
from edge.store.high_water import HighWater
from edge.store.journal import Journal, JournalDamagedError, StoreError
from edge.writer_probe import writer_answers
from runtime.clock import SystemClock
from runtime.command_line import CommandLine, reader_language, words_of
from runtime.data_owner import become_owner_of, not_owned, user_name
from runtime.folder_lock import FolderInUseError
from runtime.service_manager import ServiceManager, Watchdog
from runtime.settings import SettingsError

_words = words_of("hub_tool")
_LOOK_S = 1.0

_LOG = "%(levelname)s %(name)s: %(message)s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format=_LOG, force=True)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    try:
        configured = ConfiguredSettings(options.config)
        settings = configured.own
        become_owner_of(settings.data)
        if options.run is None:
            return _run(configured)
        return int(options.run(configured.in_force(), options))
    except CommandRefused as refused:
        words = refused.words(reader_language())
    except SettingsError as error:
        words = _words("bad_settings", what=error)
    except FolderInUseError as error:
        words = _words("folder_in_use", what=error)
    except StoreError as error:
        damaged = _words("bad_store", what=error, folder=settings.data)
        words = _not_owned(settings, error) or damaged
    except PermissionError as error:
        not_permitted = _words("not_permitted", what=error, user=user_name())
        words = _not_owned(settings, error) or not_permitted
    except OSError as error:
        words = _words("failed", what=error)
    print(f"thutu-hub: {words}", file=sys.stderr)
    return 1


def _not_owned(settings: HubSettings, error: Exception) -> str | None:
    """The words for data that is there and whole, and another user's."""
    file = not_owned(settings.data, error)
    if file is None:
        return None
    return _words("not_owned", file=file, user=user_name(), folder=settings.data)


def _run(configured: ConfiguredSettings) -> int:
    gc.disable()  # what the start makes stays; going through it would hold up all threads
    settings, chosen = configured.choose()
    clock = SystemClock(has_chip=settings.clock_chip)
    node = Node(settings, clock, chosen.configuration, configured.hear)
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    node.start()
    gc.freeze()
    gc.enable()
    print(f"{settings.site.site_name}: {node.url}", flush=True)
    watchdog = Watchdog(ServiceManager())
    checks = (partial(writer_answers, node.hub), node.answers)
    for check in checks:
        watchdog.check(check)
    watchdog.start()
    proof = configured.proof(chosen, lambda: all(check() for check in checks), clock)
    while node.hub.damage is None and not stop.wait(_LOOK_S):
        if not proof.look() or (configured.has_news.is_set() and node.hub.is_empty):
            break
    watchdog.stop()
    node.stop()
    return 0 if node.hub.damage is None else 1


def _add_device(settings: HubSettings, options: argparse.Namespace) -> int:
    _check_counter(settings, options.role, options.counter)
    with closing(_access(settings)) as access, _named():
        had_one = access.knows_device(options.id)
        token = access.add_device(Actor(options.id, options.role, options.counter))
    print(token)
    print(_words("keep_token"), file=sys.stderr)
    if had_one:
        print(_words("token_before", name=options.id), file=sys.stderr)
    return 0


def _add_devices(settings: HubSettings, options: argparse.Namespace) -> int:
    listed = read_devices(options.list, settings.site.site)
    for device in listed.devices:
        _check_counter(settings, device.role, device.counter)
    tokens = {
        Actor(device.id, device.role, device.counter): bytes.fromhex(device.token_sha256)
        for device in listed.devices
    }
    with closing(_access(settings)) as access, _named():
        try:
            ended = access.let_in(listed.machine, tokens)
        except OtherMachineError as error:
            raise CommandRefused(
                "other_machine", name=error.name, other=error.machine, machine=listed.machine
            ) from error
    for actor in tokens:
        said = "let_in_instead" if actor.id in ended.renewed else "let_in"
        print(_words(said, name=actor.id, role=actor.role))
    for name in ended.gone:
        print(_words("shut_out", name=name))
    return 0


def _check_counter(settings: HubSettings, role: str, counter: str | None) -> None:
    counters = ", ".join(counter.id for counter in settings.site.counters)
    if counter is not None and role not in COUNTER_ROLES:
        raise CommandRefused("counter_not_for", role=role)
    if counter is None and role in COUNTER_ROLES:
        raise CommandRefused("counter_missing", role=role, counters=counters)
    if counter is not None and settings.site.counter(counter) is None:
        raise CommandRefused("counter_unknown", counter=counter, counters=counters)


def _remove_device(settings: HubSettings, options: argparse.Namespace) -> int:
    with closing(_access(settings)) as access:
        return _tell_removed(options.id, known=access.remove_device(options.id))


def _set_pin(settings: HubSettings, options: argparse.Namespace) -> int:
    asked = sys.stdin.isatty()
    prompt = _words("ask_pin")
    pin = getpass.getpass(f"{prompt} ") if asked else sys.stdin.readline().strip()
    with closing(_access(settings)) as access, _named():
        try:
            access.set_pin(options.id, options.role, pin)
        except WeakPinError as error:
            raise CommandRefused("weak_pin") from error
    print(_words("may_sign_in", name=options.id, role=options.role))
    return 0


def _remove_staff(settings: HubSettings, options: argparse.Namespace) -> int:
    with closing(_access(settings)) as access:
        return _tell_removed(options.id, known=access.remove_staff(options.id))


def _tell_removed(name: str, *, known: bool) -> int:
    print(_words("shut_out" if known else "not_known", name=name))
    return 0 if known else 1


def _verify(settings: HubSettings, _options: argparse.Namespace) -> int:
    path = settings.data / "journal.db"
    if not path.exists():
        raise CommandRefused("no_journal", file=path)
    with closing(HighWater(settings.data / "high-water")) as high_water:
        mark = high_water.mark
    with closing(Journal(path)) as journal:
        try:
            rows = sum(1 for _ in journal.checked_rows())
        except JournalDamagedError as error:
            raise CommandRefused("rows_wrong", what=error) from error
        if mark is not None and mark.epoch == journal.epoch and mark.seq > rows:
            raise CommandRefused("rows_gone", rows=rows, written=mark.seq)
    print(_words("rows_right", rows=rows))
    return 0


def _check(settings: HubSettings, _options: argparse.Namespace) -> int:
    rows = check_on_copy(settings.data)
    print(_words("fits", rows=rows, software=version("thutu")))
    return 0


def _access(settings: HubSettings) -> Access:
    return Access(settings.data / "access.db", SystemClock())


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except BadNameError as error:
        raise CommandRefused("bad_name", name=error.name) from error
    except NameTakenError as error:
        raise CommandRefused("name_taken", name=error.name) from error


def _parser() -> CommandLine:
    parser = CommandLine(prog="thutu-hub", description=_words("about"))
    parser.add_argument(
        "--config", type=Path, default=Path("/etc/thutu/hub.toml"), help=_words("help_config")
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[HubSettings, argparse.Namespace], int]
    ) -> argparse.ArgumentParser:
        about = _words(f"help_{name.replace('-', '_')}")
        added = commands.add_parser(name, help=about, description=about)
        added.set_defaults(run=run)
        return added

    about = _words("help_run")
    commands.add_parser("run", help=about, description=about).set_defaults(run=None)
    add = command("add-device", _add_device)
    add.add_argument("id", help=_words("help_device"))
    add.add_argument("--role", required=True, choices=DEVICE_ROLES, help=_words("help_role"))
    add.add_argument("--counter", help=_words("help_counter"))
    several = command("add-devices", _add_devices)
    several.add_argument("list", type=Path, help=_words("help_list"))
    command("remove-device", _remove_device).add_argument("id", help=_words("help_device"))
    pin = command("set-pin", _set_pin)
    pin.add_argument("id", help=_words("help_staff"))
    pin.add_argument("--role", required=True, choices=STAFF_ROLES, help=_words("help_staff_role"))
    command("remove-staff", _remove_staff).add_argument("id", help=_words("help_staff"))
    command("verify", _verify)
    command("check", _check)
    add_recovery_commands(command, print)
    add_identity_commands(command, print)
    return parser


if __name__ == "__main__":
    sys.exit(main())
