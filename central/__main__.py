"""`thutu-central`: the centre's commands."""

import argparse
import logging
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

from central.access.accounts import AccountError
from central.access.commands import add_access_commands
from central.broker import CENTRE, BrokerError, EmbeddedBroker
from central.configuration.commands import add_configuration_commands
from central.configuration.shelf import ConfigurationError
from central.identity.commands import IdentityError, add_identity_commands
from central.identity.register import RegisterError
from central.recovery.commands import add_recovery_commands
from central.recovery.exports import ExportRefusedError
from central.registry.register import compare, register
from central.registry.sites import SiteListError, read_sites
from central.rollup.business_day import day_of
from central.service import Centre, rebuild
from central.settings import CentralSettings
from central.store.database import close, location, writing
from central.store.move import move
from central.store.protocol import StoreError
from central.updates.commands import RolloutError, add_update_commands
from central.updates.releases import ReleaseError
from central.worker import IngestWorker, Share
from runtime.authority import AuthorityError
from runtime.clock import SystemClock
from runtime.folder_lock import FolderInUseError, FolderLock
from runtime.mqtt import MqttSettings
from runtime.sealed import SealError
from runtime.service_manager import ServiceManager, Watchdog
from runtime.settings import SettingsError, load_settings

_WATCH_S = 1.0
_ERRORS = (
    AccountError,
    AuthorityError,
    BrokerError,
    ConfigurationError,
    ExportRefusedError,
    FolderInUseError,
    IdentityError,
    OSError,
    RegisterError,
    ReleaseError,
    RolloutError,
    SealError,
    SettingsError,
    SiteListError,
    StoreError,
)


def main() -> None:
    """Run a command; a failure is one clear line and exit status 1."""
    arguments = _parse()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        settings = load_settings(arguments.config, CentralSettings, "THUTU_CENTRAL")
        arguments.command(settings, arguments)
    except _ERRORS as error:
        sys.exit(f"thutu-central: {error}")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="thutu-central", description="The centre of Thứ Tự.")
    parser.add_argument("--config", type=Path, default=Path("central.toml"), help="its settings")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="run the centre until it is told to stop")
    serve.set_defaults(command=_serve)

    ingesting = commands.add_parser("ingest", help="take in what a share of all sites sends")
    ingesting.add_argument("worker", type=int, help="which worker, from 1 to [ingest] workers")
    ingesting.set_defaults(command=_ingest)

    add_access_commands(commands, print)
    add_identity_commands(commands, print)
    add_recovery_commands(commands, print)
    add_configuration_commands(commands, print)
    add_update_commands(commands, print)

    sites = commands.add_parser("import-sites", help="register the sites of a CSV file")
    sites.add_argument("file", type=Path, help="columns site, name, type, national_code")
    sites.add_argument("--dry-run", action="store_true", help="only say what would change")
    sites.set_defaults(command=_import_sites)

    rebuilding = commands.add_parser("rebuild", help="fold all events again into new figures")
    rebuilding.set_defaults(command=_rebuild)

    moving = commands.add_parser("move", help="copy everything to another, empty database")
    moving.add_argument("--to", required=True, metavar="URL", help="postgresql://..., or a file")
    moving.set_defaults(command=_move)
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
            http_host=settings.http.host,
            http_port=settings.http.port,
            live_within_s=settings.figures.live_within_s,
            behind_https=settings.http.behind_https,
            proxies=settings.http.trusted_proxies,
            access=settings.access,
            wait_target_s=settings.figures.wait_target_s,
            alerts=settings.alerts,
            updates=settings.updates,
            turned=watchdog.loop(),
        )
        centre.start()
        stack.callback(centre.stop)
        watchdog.check(centre.answers)
        watchdog.start()
        stack.callback(watchdog.stop)
        print(centre.url, flush=True)
        while not stopping.wait(_WATCH_S):
            if not centre.is_running:
                sys.exit("thutu-central: the centre no longer commits, or leads; start it again")


def _ingest(settings: CentralSettings, arguments: argparse.Namespace) -> None:
    database, mqtt = settings.postgres(), settings.mqtt
    share = Share(arguments.worker, settings.ingest.workers)
    if database is None or mqtt is None or not 1 <= share.worker <= share.workers:
        raise SettingsError(f"worker {share}: give [ingest] workers, and one of them")
    stopping = _told_to_stop()
    watchdog = Watchdog(ServiceManager())
    with ExitStack() as stack:
        worker = IngestWorker(settings.folder, database, mqtt, share, turned=watchdog.loop())
        worker.start()
        stack.callback(worker.stop)
        watchdog.start()
        stack.callback(watchdog.stop)
        while not stopping.wait(_WATCH_S):
            if not worker.is_running:
                sys.exit("thutu-central: the committing thread has ended; start the worker again")


def _told_to_stop() -> threading.Event:
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


def _embedded(settings: CentralSettings, stack: ExitStack) -> MqttSettings:
    wanted = settings.embedded_broker
    if wanted is None:
        raise SettingsError("give either [mqtt] or [embedded_broker]")
    broker = stack.enter_context(
        EmbeddedBroker(settings.folder / "broker", wanted.nodes, port=wanted.port)
    )
    return broker.settings(CENTRE)


def _import_sites(settings: CentralSettings, arguments: argparse.Namespace) -> None:
    sites = read_sites(arguments.file)
    today = day_of(SystemClock().stamp().wall_ms)
    with writing(settings.database()) as db:
        changes = compare(db, sites) if arguments.dry_run else register(db, sites, today)
    print(
        f"{len(changes.new)} new, {len(changes.changed)} changed, "
        f"{len(changes.unchanged)} unchanged{' (nothing was stored)' if arguments.dry_run else ''}"
    )


def _move(settings: CentralSettings, arguments: argparse.Namespace) -> None:
    target = location(arguments.to)
    lock = FolderLock(settings.folder)
    try:
        moved = move(settings.database(), target, SystemClock().stamp().wall_ms)
    finally:
        lock.release()
        close(target)
    print(
        f"{moved['events']} events and {sum(moved.values()) - moved['events']} other rows are in "
        f"{target} and were compared; now set [store] url, or take it away"
    )


def _rebuild(settings: CentralSettings, _arguments: argparse.Namespace) -> None:
    print(f"{rebuild(settings.folder, settings.database())} events folded again")


if __name__ == "__main__":
    main()
