"""The audit log: append-only, each line chained to the one before."""

import hashlib

import msgspec
from msgspec import Struct

from central.store.access import AccessStore, AuditRow
from central.store.connection import Connection
from central.store.storable import storable

THE_CENTRE = "thutu-central"  # who, when nobody gave a command
_BATCH = 1000
_LONGEST = 300


class Deed(Struct, frozen=True):
    """Who did what to what, and from which network address (empty on the machine itself, where who
    is a user of the operating system, or the centre)."""

    who: str
    action: str
    subject: str = ""
    address: str = ""


def record(conn: Connection, deed: Deed, at_ms: int) -> None:
    """Append a deed, inside a transaction."""
    store = AccessStore(conn)
    last, before = store.last_audit()
    row = AuditRow(last + 1, at_ms, *(_plain(part) for part in msgspec.structs.astuple(deed)))
    store.add_audit(row, _chain(before, row))


def first_broken(conn: Connection) -> int | None:
    """The first line that was altered, or that does not follow its predecessor; None when the
    whole log is as it was written. (Lines cut off at the end cannot be seen from within: compare
    the last number with an older copy.)"""
    store = AccessStore(conn)
    last, before = 0, b""
    while lines := store.audit(last, _BATCH):
        for row, chain in lines:
            if row.entry != last + 1 or chain != _chain(before, row):
                return row.entry
            last, before = row.entry, chain
    return None


def _chain(before: bytes, row: AuditRow) -> bytes:
    return hashlib.sha256(before + msgspec.msgpack.encode(row)).digest()


def _plain(text: str) -> str:
    """What strangers send may be long."""
    return storable(text[:_LONGEST])
