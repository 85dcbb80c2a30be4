"""The commands of `thutu-central` about hubs that lost their card or their line."""

import argparse
from collections.abc import Callable
from pathlib import Path

from central.recovery.exports import checked, register_key
from central.recovery.site_state import site_state, watermarks
from central.recovery.spool import spool
from central.service import signing_key_of
from central.settings import CentralSettings
from central.store.database import reading
from contract.wire import VERSION, Ack, Export, Receipt
from runtime.clock import SystemClock
from runtime.sealed import seal, write_file

_TAKEN_WITHIN_S = 30
_LOOK_S = 0.2

_Say = Callable[[str], None]


def add_recovery_commands(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", say: _Say
) -> None:
    """Add the commands; they say their answers to `say`."""

    def add(
        name: str,
        words: str,
        command: Callable[[CentralSettings, argparse.Namespace], str],
    ) -> argparse.ArgumentParser:
        parser = commands.add_parser(name, help=words)
        parser.set_defaults(command=lambda settings, given: say(command(settings, given)))
        return parser

    state = add("site-state", "write what a hub on a new card needs, where no network is", _state)
    state.add_argument("site", help="such as 01-00097-01")
    state.add_argument("--to", type=Path, default=Path(), help="the folder for the file")
    key = add("node-key", "believe files that this hub has signed", _node_key)
    key.add_argument("node", help="such as 01-00097-01-h1")
    key.add_argument("key", help="as thutu-hub export prints it")
    taking = add("import", "take in a file of thutu-hub export; writes the receipt for it", _import)
    taking.add_argument("file", type=Path)
    taking.add_argument("--to", type=Path, help="the folder for the receipt, else beside the file")


def _state(settings: CentralSettings, given: argparse.Namespace) -> str:
    node = f"{given.site}-h1"
    with reading(settings.database()) as conn:
        state = site_state(conn, node, SystemClock().stamp().wall_ms)
    rows = sum(len(journal.rows) for journal in state.journals)
    path = given.to / f"thutu-state-{node}.thutu"
    write_file(path, seal(signing_key_of(settings.folder), state))
    if not rows:
        return f"{path}: nothing is known of {node}; the file restores no queue"
    return f"{path}: {rows} rows of {node}, {state.missing} missing; carry it to the hub"


def _node_key(settings: CentralSettings, given: argparse.Namespace) -> str:
    register_key(settings.folder, given.node, given.key)
    return f"files of {given.node} are believed when this key has signed them, and no others"


def _import(settings: CentralSettings, given: argparse.Namespace) -> str:
    data = given.file.read_bytes()
    export = checked(settings.folder, data)
    waiting = spool(settings.folder, given.file.name, data)
    committed = _wait_for(settings, export, waiting)
    if waiting.exists():
        return (
            f"the centre does not run: {waiting} lies ready and is taken in when it starts; "
            "then do this again for the receipt"
        )
    path = (given.to or given.file.parent) / f"thutu-receipt-{export.node}.thutu"
    acks = tuple(Ack(VERSION, epoch, row) for epoch, row in sorted(committed.items()))
    write_file(path, seal(signing_key_of(settings.folder), Receipt(VERSION, export.node, acks)))
    up_to = committed.get(export.epoch, 0)
    words = f"{export.node}: everything up to row {up_to} is here; {path} is for the hub"
    if up_to < export.last_seq:
        words += (
            f". Rows up to {export.last_seq} came; rows before them are missing, see quarantine"
        )
    return words


def _wait_for(settings: CentralSettings, export: Export, waiting: Path) -> dict[str, int]:
    """Committed rows of the node's journals, once the file is taken in or time is up."""
    clock, committed = SystemClock(), dict[str, int]()
    give_up_ns = clock.stamp().mono_ns + _TAKEN_WITHIN_S * 1_000_000_000
    while clock.stamp().mono_ns < give_up_ns:
        with reading(settings.database()) as conn:
            committed = watermarks(conn, export.node)
        if not waiting.exists() and committed.get(export.epoch, 0) >= export.last_seq:
            break
        clock.sleep(_LOOK_S)
    return committed
