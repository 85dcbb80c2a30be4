"""`thutu-hub`: run a site's hub, and let its devices and staff in."""

import argparse
import getpass
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import get_args

from contract.commands import Actor, Role
from edge.access import STAFF_ROLES, Access
from edge.high_water import HighWater
from edge.journal import Journal, JournalDamagedError, StoreError
from edge.node import Node
from edge.settings import HubSettings
from runtime.clock import SystemClock
from runtime.folder_lock import FolderInUseError
from runtime.settings import SettingsError, load_settings

_LOOK_S = 1.0
_DEVICE_ROLES = tuple(role for role in get_args(Role) if role not in ("clerk", "supervisor", "hub"))

_LOG = "%(levelname)s %(name)s: %(message)s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format=_LOG, force=True)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    try:
        settings = load_settings(options.config, HubSettings, "THUTU_HUB")
        return int(options.run(settings, options))
    except (SettingsError, StoreError, FolderInUseError, OSError, ValueError) as error:
        print(f"thutu-hub: {error}", file=sys.stderr)
        return 1


def _run(settings: HubSettings, _options: argparse.Namespace) -> int:
    node = Node(settings, SystemClock(has_chip=settings.clock_chip))
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    node.start()
    print(f"{settings.site.site_name}: {node.url}", flush=True)
    while node.hub.damage is None and not stop.wait(_LOOK_S):
        pass
    node.stop()
    return 0 if node.hub.damage is None else 1


def _add_device(settings: HubSettings, options: argparse.Namespace) -> int:
    counters = [counter.id for counter in settings.site.counters]
    if options.role == "pad" and options.counter not in counters:
        raise ValueError(f"a pad needs --counter, one of {', '.join(counters)}")
    access = _access(settings)
    token = access.add_device(Actor(options.id, options.role, options.counter))
    access.close()
    print(token)
    print("Keep this token; it is not shown again.", file=sys.stderr)
    return 0


def _remove_device(settings: HubSettings, options: argparse.Namespace) -> int:
    access = _access(settings)
    known = access.remove_device(options.id)
    access.close()
    print(f"{options.id} is shut out." if known else f"{options.id} was not known.")
    return 0 if known else 1


def _set_pin(settings: HubSettings, options: argparse.Namespace) -> int:
    asked = sys.stdin.isatty()
    pin = getpass.getpass("PIN (6 to 12 digits): ") if asked else sys.stdin.readline().strip()
    access = _access(settings)
    access.set_pin(options.id, options.role, pin)
    access.close()
    print(f"{options.id} may sign in as {options.role}.")
    return 0


def _remove_staff(settings: HubSettings, options: argparse.Namespace) -> int:
    access = _access(settings)
    known = access.remove_staff(options.id)
    access.close()
    print(f"{options.id} is shut out." if known else f"{options.id} was not known.")
    return 0 if known else 1


def _verify(settings: HubSettings, _options: argparse.Namespace) -> int:
    path = settings.data / "journal.db"
    if not path.exists():
        raise StoreError(f"{path}: there is no journal")
    high_water = HighWater(settings.data / "high-water")
    mark = high_water.mark
    high_water.close()
    journal = Journal(path)
    try:
        rows = sum(1 for _ in journal.checked_rows())
        if mark is not None and mark.epoch == journal.epoch and mark.seq > rows:
            print(f"{rows} rows, but {mark.seq} were written: rows are gone.")
            return 1
    except JournalDamagedError as error:
        print(error)
        return 1
    finally:
        journal.close()
    print(f"{rows} rows, each in its place and unaltered.")
    return 0


def _access(settings: HubSettings) -> Access:
    return Access(settings.data / "access.db", SystemClock())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="thutu-hub", description=__doc__)
    parser.add_argument(
        "--config", type=Path, default=Path("/etc/thutu/hub.toml"), help="the hub's settings"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="run the hub until it is told to stop")
    run.set_defaults(run=_run)

    add = commands.add_parser("add-device", help="let a device in; prints its token once")
    add.add_argument("id")
    add.add_argument("--role", required=True, choices=_DEVICE_ROLES)
    add.add_argument("--counter", help="the counter it is bound to")
    add.set_defaults(run=_add_device)

    remove = commands.add_parser("remove-device", help="shut a device out")
    remove.add_argument("id")
    remove.set_defaults(run=_remove_device)

    pin = commands.add_parser("set-pin", help="let a member of staff in; reads the PIN")
    pin.add_argument("id")
    pin.add_argument("--role", required=True, choices=STAFF_ROLES)
    pin.set_defaults(run=_set_pin)

    leave = commands.add_parser("remove-staff", help="shut a member of staff out")
    leave.add_argument("id")
    leave.set_defaults(run=_remove_staff)

    verify = commands.add_parser("verify", help="check the whole journal, row by row")
    verify.set_defaults(run=_verify)
    return parser


if __name__ == "__main__":
    sys.exit(main())
