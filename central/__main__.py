"""`thutu-central`: the centre's commands."""

import argparse
import logging
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

from central.access.commands import add_access_commands
from central.broker import CENTRE, EmbeddedBroker
from central.catalogue.commands import add_catalogue_commands
from central.commands import Commands, note, words
from central.configuration.commands import add_configuration_commands
from central.garbage import keep_what_was_made
from central.identity.commands import add_identity_commands
from central.public.server import public_server
from central.recovery.commands import add_recovery_commands
from central.registry.commands import add_registry_commands
from central.service import Centre, rebuild
from central.settings import CentralSettings
from central.store.database import close, location
from central.store.move import move
from central.store.protocol import StoreError
from central.updates.commands import add_update_commands
from central.worker import IngestWorker, Share
from runtime.clock import SystemClock
from runtime.command_line import CommandLine, reader_language
from runtime.data_owner import become_owner_of, not_owned, user_name
from runtime.folder_lock import FolderLock
from runtime.mqtt import MqttSettings
from runtime.service_manager import ServiceManager, Watchdog
from runtime.settings import SettingsError, load_settings
from runtime.worded_error import WordedError

_WATCH_S = 1.0


def main() -> None:
    """Run a command; a failure is one clear line and exit status 1."""
    arguments = _parse()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        settings = load_settings(arguments.config, CentralSettings, "THUTU_CENTRAL")
        become_owner_of(settings.folder)
        arguments.command(settings, arguments)
    except WordedError as error:
        _leave(error.words(reader_language()))
    except SettingsError as error:
        _leave(words("bad_settings", what=error))
    except (OSError, StoreError) as error:
        if (file := not_owned(settings.folder, error)) is not None:
            _leave(words("not_owned", file=file, user=user_name(), folder=settings.folder))
        if isinstance(error, PermissionError):
            _leave(words("not_permitted", what=error, user=user_name()))
        _leave(words("failed", what=error))


def _leave(why: str) -> NoReturn:
    sys.exit(f"thutu-central: {why}")


def _parse() -> argparse.Namespace:
    parser: argparse.ArgumentParser = CommandLine(prog="thutu-central", description=words("about"))
    config = Path("central.toml")
    parser.add_argument("--config", type=Path, default=config, help=words("help_config"))
    parsers = parser.add_subparsers(required=True, metavar="COMMAND")
    commands = Commands(parsers, print)

    serving = parsers.add_parser("serve", help=words("help_serve"))
    serving.set_defaults(command=_serve)

    ingesting = parsers.add_parser("ingest", help=words("help_ingest"))
    ingesting.add_argument("worker", type=int, help=words("help_worker"))
    ingesting.set_defaults(command=_ingest)

    publishing = parsers.add_parser("public", help=words("help_public"))
    publishing.set_defaults(command=_public)

    add_access_commands(commands)
    add_identity_commands(commands)
    add_recovery_commands(commands)
    add_configuration_commands(commands)
    add_catalogue_commands(commands)
    add_update_commands(commands)
    add_registry_commands(commands)

    rebuilding = commands.add("rebuild", _rebuild)
    rebuilding.add_argument(
        "--lose-dropped-days", action="store_true", help=words("help_lose_dropped_days")
    )

    moving = commands.add("move", _move)
    moving.add_argument("--to", required=True, metavar="URL", help=words("help_move_to"))
    return parser.parse_args()


def _serve(settings: CentralSettings, _arguments: argparse.Namespace) -> None:
    stopping = _told_to_stop()
    watchdog = Watchdog(ServiceManager())
    with ExitStack() as stack:
        centre = Centre(
            settings.folder,
            settings.mqtt or _embedded(settings, stack),
            database=settings.database(),
            has_workers=settings.ingest.workers > 0,
            turned=watchdog.loop(),
            http=settings.http,
            figures=settings.figures,
            access=settings.access,
            alerts=settings.alerts,
            appointments=settings.appointments,
            updates=settings.updates,
        )
        centre.start()
        stack.callback(centre.stop)
        watchdog.check(centre.answers)
        _give_signs_of_life(watchdog, stack)
        print(centre.url, flush=True)
        while not stopping.wait(_WATCH_S):
            if not centre.is_running:
                _leave(words("no_longer_commits"))


def _ingest(settings: CentralSettings, arguments: argparse.Namespace) -> None:
    database, mqtt = settings.postgres(), settings.mqtt
    share = Share(arguments.worker, settings.ingest.workers)
    if database is None or mqtt is None or not 1 <= share.worker <= share.workers:
        raise SettingsError(words("no_such_worker", worker=share))
    stopping = _told_to_stop()
    watchdog = Watchdog(ServiceManager())
    with ExitStack() as stack:
        worker = IngestWorker(settings.folder, database, mqtt, share, turned=watchdog.loop())
        worker.start()
        stack.callback(worker.stop)
        _give_signs_of_life(watchdog, stack)
        while not stopping.wait(_WATCH_S):
            if not worker.is_running:
                _leave(words("worker_ended"))


def _public(settings: CentralSettings, _arguments: argparse.Namespace) -> None:
    stopping = _told_to_stop()
    watchdog = Watchdog(ServiceManager())
    server = public_server(settings, settings.database(), SystemClock())
    with ExitStack() as stack:
        server.start()
        stack.callback(server.stop)
        watchdog.check(server.answers)
        _give_signs_of_life(watchdog, stack)
        print(server.url, flush=True)
        stopping.wait()


def _give_signs_of_life(watchdog: Watchdog, stack: ExitStack) -> None:
    """Until `stack` is left; what the start made stays."""
    watchdog.start()
    stack.callback(watchdog.stop)
    keep_what_was_made()


def _told_to_stop() -> threading.Event:
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


def _embedded(settings: CentralSettings, stack: ExitStack) -> MqttSettings:
    wanted = settings.embedded_broker
    if wanted is None:
        raise SettingsError(words("no_broker"))
    broker = stack.enter_context(
        EmbeddedBroker(settings.folder / "broker", wanted.nodes, port=wanted.port)
    )
    return broker.settings(CENTRE)


def _move(settings: CentralSettings, arguments: argparse.Namespace) -> str:
    target = location(arguments.to)
    try:
        with FolderLock(settings.folder):
            moved = move(settings.database(), target, SystemClock().stamp().wall_ms)
            events = moved["events"].rows
            others = sum(table.rows for table in moved.values()) - events
            note(target, "move", f"{events} events and {others} other rows from another database")
    finally:
        close(target)
    said = [words("moved", events=events, others=others, target=target)]
    said += [
        words("moved_altered", table=name, n=table.altered)
        for name, table in moved.items()
        if table.altered
    ]
    return "\n".join(said)


def _rebuild(settings: CentralSettings, arguments: argparse.Namespace) -> str:
    loses: bool = arguments.lose_dropped_days
    events = rebuild(settings.folder, settings.database(), lose_dropped_days=loses)
    subject = f"{events} events{', dropped days lost' if loses else ''}"
    note(settings.database(), "rebuild", subject)
    return words("rebuilt", events=events)


if __name__ == "__main__":
    main()
