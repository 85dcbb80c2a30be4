"""The commands of `thutu-central` about hubs that lost their card or their line."""

import argparse
from pathlib import Path

from central.access.audit import Deed, record
from central.commands import Commands, invoking_user, note, reason, site_of, words
from central.recovery.exports import checked, register_key
from central.recovery.refused import refused_file
from central.recovery.site_state import site_state
from central.recovery.spool import spool
from central.service import signing_key_of
from central.settings import CentralSettings
from central.store.database import reading, transaction, writing
from central.store.given_up import is_known, write_off
from central.store.node_journals import holds, refused_since, watermarks
from contract.topics import up
from contract.wire import VERSION, Ack, Export, Receipt
from runtime.clock import SystemClock
from runtime.sealed import seal, write_file
from runtime.worded_error import WordedError

_TAKEN_WITHIN_S = 30
_LOOK_S = 0.2


class WriteOffError(WordedError):
    """Nothing can be written off; nothing was changed."""

    section = "write_off_refused"


def add_recovery_commands(commands: Commands) -> None:
    """Add the commands that give a hub its queue back, and take in files in which events came."""

    state = commands.add("site-state", _state)
    state.add_argument("node", help=words("help_node"))
    state.add_argument("--to", type=Path, default=Path(), help=words("help_state_folder"))
    key = commands.add("node-key", _node_key)
    key.add_argument("node", help=words("help_node"))
    key.add_argument("key", help=words("help_key"))
    taking = commands.add("import", _import)
    taking.add_argument("file", type=Path, help=words("help_export_file"))
    taking.add_argument("--to", type=Path, help=words("help_receipt_folder"))
    giving_up = commands.add("write-off", _write_off)
    giving_up.add_argument("node", help=words("help_node"))
    giving_up.add_argument(
        "--reason", type=reason, required=True, help=words("help_write_off_reason")
    )


def _state(settings: CentralSettings, given: argparse.Namespace) -> str:
    node: str = given.node
    site_of(node)  # refuses what is no name of a node
    with reading(settings.database()) as conn:
        state = site_state(conn, node, SystemClock().stamp().wall_ms)
    rows = sum(len(journal.rows) for journal in state.journals)
    path = given.to / f"thutu-state-{node}.thutu"
    write_file(path, seal(signing_key_of(settings.folder), state))
    if not rows:
        return words("state_empty", file=path, node=node)
    return words("state_written", file=path, node=node, rows=rows, missing=state.missing)


def _node_key(settings: CentralSettings, given: argparse.Namespace) -> str:
    register_key(settings.folder, given.node, given.key)
    note(settings.database(), "node-key", f"{given.node}: {given.key}")
    return words("key_known", node=given.node)


def _import(settings: CentralSettings, given: argparse.Namespace) -> str:
    data = given.file.read_bytes()
    export = checked(settings.folder, data)
    started_ms = SystemClock().stamp().wall_ms
    if not _holds(settings, export):
        waiting = spool(settings.folder, export, data)
        rows = f"rows {export.first_seq} to {export.last_seq}"
        note(settings.database(), "import", f"{export.node} {export.epoch}: {rows}")
        if not _is_gone(waiting):
            return words("import_waits", file=waiting)
        if not _holds(settings, export):
            return _not_all_here(settings, export, waiting, started_ms)
    with reading(settings.database()) as conn:
        committed = watermarks(conn, export.node)
    path = (given.to or given.file.parent) / f"thutu-receipt-{export.node}.thutu"
    acks = tuple(Ack(VERSION, epoch, row) for epoch, row in sorted(committed.items()))
    write_file(path, seal(signing_key_of(settings.folder), Receipt(VERSION, export.node, acks)))
    up_to = committed[export.epoch]
    imported = words("imported", node=export.node, row=up_to, receipt=path)
    if up_to >= export.last_seq:
        return imported
    missing = words("rows_missing", first=export.first_seq, last=export.last_seq)
    return f"{imported} {missing}"


def _holds(settings: CentralSettings, export: Export) -> bool:
    with reading(settings.database()) as conn:
        return holds(conn, export.node, export.epoch, export.first_seq, export.last_seq)


def _is_gone(waiting: Path) -> bool:
    """Whether the centre has taken a file away before time is up."""
    clock = SystemClock()
    give_up_ns = clock.stamp().mono_ns + _TAKEN_WITHIN_S * 1_000_000_000
    while waiting.exists() and clock.stamp().mono_ns < give_up_ns:
        clock.sleep(_LOOK_S)
    return not waiting.exists()


def _not_all_here(settings: CentralSettings, export: Export, waiting: Path, since_ms: int) -> str:
    with reading(settings.database()) as conn:
        refused = refused_since(conn, up(export.node, "events"), since_ms)
    what = words("rows_not_here", node=export.node, first=export.first_seq, last=export.last_seq)
    if kept := refused_file(waiting):
        why = words("import_refused", file=kept.file, why=kept.why)
    else:
        why = words("rows_refused", n=refused) if refused else words("import_again")
    return f"{what} {why}"


def _write_off(settings: CentralSettings, given: argparse.Namespace) -> str:
    now_ms = SystemClock().stamp().wall_ms
    with writing(settings.database()) as db, transaction(db.conn):
        if not is_known(db.conn, given.node):
            raise WriteOffError("never_heard", node=given.node)
        former = write_off(db.conn, given.node, now_ms)
        for one in former:
            what = f"{given.node} {one.epoch}: {one.missing} of {one.last} rows: {given.reason}"
            record(db.conn, Deed(invoking_user(), "write-off", what), now_ms)
    if not former:
        return words("nothing_owed", node=given.node)
    return "\n".join(
        words("written_off", node=given.node, epoch=one.epoch, last=one.last, missing=one.missing)
        for one in former
    )
