"""A node's append-only event log in SQLite; its cursor is the outbox to the centre.

Each row carries a hash over its predecessor's and its own bytes. Rows are durable when `append`
returns: write-ahead log, `synchronous=FULL`, both read back when the journal is opened.
"""

import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from contract.codec import CHAIN_START, chain

_BUSY_TIMEOUT_S = 10
_FULL = 2

_migrations = Migrations("journal")


class StoreError(Exception):
    """The journal could not be written or read; what was acknowledged before is unharmed."""


class JournalDamagedError(StoreError):
    """The journal's rows do not fit together; `intact` is the last row that does."""

    def __init__(self, path: Path, intact: int, what: str) -> None:
        super().__init__(f"{path}: {what}; rows up to {intact} are intact")
        self.intact = intact


class Row(NamedTuple):
    """One row: its sequence number, its entry's bytes, and the chain's hash after it."""

    seq: int
    body: bytes
    hash: bytes


class NewRow(NamedTuple):
    """A row to append: the entry's bytes, and its command's id or nothing."""

    body: bytes
    command_id: bytes


class Journal:
    """The event log of one node. One thread appends; any thread reads and moves the cursor."""

    def __init__(self, path: Path) -> None:
        """Open or create the journal at `path`. Raises StoreError when that cannot be done."""
        self.path = path
        self._reading = Lock()
        self._moving_cursor = Lock()
        self._connections: list[sqlite3.Connection] = []
        self.epoch = ""
        self.last_seq, self.last_hash = 0, CHAIN_START
        self._open()

    def append(self, rows: Sequence[NewRow]) -> None:
        """Make `rows` durable in one transaction, all or none.

        Raises StoreError; then close the journal and open it anew, because what a failed sync
        left behind is known only to the disk.
        """
        seq, before = self.last_seq, self.last_hash
        records = []
        for row in rows:
            seq += 1
            before = chain(before, (row.body,))
            records.append((seq, row.body, before, row.command_id or None))
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            self._writer.executemany("INSERT INTO entries VALUES (?, ?, ?, ?)", records)
            self._writer.execute("COMMIT")
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: cannot be written: {error}") from error
        self.last_seq, self.last_hash = seq, before

    def read(self, after: int, limit: int) -> list[Row]:
        """At most `limit` rows behind row `after`, in order."""
        query = "SELECT seq, body, hash FROM entries WHERE seq > ? ORDER BY seq LIMIT ?"
        return [Row(*record) for record in self._query(query, (after, limit))]

    def rows(self, after: int = 0, chunk: int = 1000) -> Iterator[Row]:
        """All rows behind row `after`, read in chunks."""
        while found := self.read(after, chunk):
            yield from found
            after = found[-1].seq

    def hash_at(self, seq: int) -> bytes:
        """The chain's hash after row `seq`; 32 zero bytes for 0. Raises KeyError if unknown."""
        if seq == 0:
            return CHAIN_START
        found = self._query("SELECT hash FROM entries WHERE seq = ?", (seq,))
        if not found:
            raise KeyError(seq)
        return bytes(found[0][0])

    def find_command(self, command_id: bytes) -> Row | None:
        """The first row of the command with this id, if it was ever carried out."""
        query = "SELECT seq, body, hash FROM entries WHERE command_id = ?"
        found = self._query(query, (command_id,))
        return Row(*found[0]) if found else None

    def checked_rows(self, after: int = 0) -> Iterator[Row]:
        """All rows behind row `after`, each checked against the chain.

        Raises JournalDamagedError at the first row that is missing, altered or unreadable.
        """
        seq = after
        try:
            before = self.hash_at(after)
            for row in self.rows(after):
                before = chain(before, (row.body,))
                if (row.seq, row.hash) != (seq + 1, before):
                    break
                yield row
                seq = row.seq
            else:
                return
        except (StoreError, KeyError) as error:
            raise JournalDamagedError(self.path, seq, f"row {seq + 1}: {error}") from error
        raise JournalDamagedError(self.path, seq, f"row {seq + 1} is missing or was altered")

    @property
    def cursor(self) -> int:
        """The last row that the centre has confirmed."""
        return int(self._query("SELECT value FROM state WHERE key = 'cursor'", ())[0][0])

    def advance(self, committed: int) -> None:
        """Move the cursor forward to `committed`; never back, never beyond the last row."""
        if committed > self.last_seq:
            raise ValueError(f"row {committed} is beyond the last row {self.last_seq}")
        with self._moving_cursor:
            self._cursor_writer.execute(
                "UPDATE state SET value = ? WHERE key = 'cursor' AND CAST(value AS INTEGER) < ?",
                (str(committed), committed),
            )

    def save_checkpoint(self, seq: int, version: str, state: bytes) -> None:
        """Keep an encoded state after row `seq`, which shortens the next start."""
        try:
            self._writer.execute(
                "INSERT OR REPLACE INTO checkpoints VALUES (1, ?, ?, ?)", (seq, version, state)
            )
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: cannot be written: {error}") from error

    def checkpoint(self, version: str) -> tuple[int, bytes] | None:
        """The last kept state and its row, if it was kept by the same `version`."""
        found = self._query("SELECT seq, state FROM checkpoints WHERE version = ?", (version,))
        return (int(found[0][0]), bytes(found[0][1])) if found else None

    def reopen(self) -> None:
        """Close the files and read anew what the disk really holds. Raises StoreError."""
        with self._reading, self._moving_cursor:
            self.close()
            self._open()

    def close(self) -> None:
        """Close the files."""
        while self._connections:
            self._connections.pop().close()

    def _open(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._connect()
            _migrations.apply(Database(self._writer))
            self._reader = self._connect()
            self._cursor_writer = self._connect()
            # A cursor that is lost in a power cut only means that rows are sent again.
            self._cursor_writer.execute("PRAGMA synchronous=NORMAL")
            self.epoch = self._value("epoch")
            self.last_seq, self.last_hash = self._end()
        except (OSError, sqlite3.OperationalError) as error:
            self.close()
            raise StoreError(f"{self.path}: the journal cannot be opened: {error}") from error
        except sqlite3.DatabaseError as error:
            self.close()
            raise JournalDamagedError(self.path, 0, str(error)) from error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        self._connections.append(connection)
        mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        connection.execute("PRAGMA synchronous=FULL")
        synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
        if (mode, synchronous) != ("wal", _FULL):
            self.close()
            raise StoreError(
                f"{self.path}: the disk does not keep promises (journal_mode={mode}, "
                f"synchronous={synchronous}); numbers cannot be given out safely"
            )
        return connection

    def _end(self) -> tuple[int, bytes]:
        query = "SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1"
        last = self._writer.execute(query).fetchone()
        return (int(last[0]), bytes(last[1])) if last else (0, CHAIN_START)

    def _value(self, key: str) -> str:
        found = self._writer.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
        return str(found[0])

    def _query(self, query: str, values: tuple[object, ...]) -> list[Any]:
        try:
            with self._reading:
                return self._reader.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: cannot be read: {error}") from error


@_migrations()
def create(db: Database) -> None:
    """The first form: entries, the cursor, and one checkpoint."""
    db.table("entries").create(
        {"seq": int, "body": bytes, "hash": bytes, "command_id": bytes},
        pk="seq",
        not_null={"body", "hash"},
    )
    db.table("entries").create_index(["command_id"], unique=True)
    db.table("state").create({"key": str, "value": str}, pk="key", not_null={"value"})
    db.table("state").insert_all(
        [{"key": "epoch", "value": secrets.token_hex(8)}, {"key": "cursor", "value": "0"}]
    )
    db.table("checkpoints").create({"id": int, "seq": int, "version": str, "state": bytes}, pk="id")
