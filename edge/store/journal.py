"""A node's append-only event log in SQLite; its cursor is the outbox to the centre.

Each row carries a hash over its predecessor's and its own bytes. Rows are durable when `append`
returns: write-ahead log, `synchronous=FULL`, both read back when the journal is opened. Rows from
before `base_seq` are in sealed files beside it, and are read there.

What a row costs the disk is kept small: pages of 1 KB, of which a row changes one. So the ids of
commands have no index; those of the last rows are in memory. The cursor is written once in 64 rows:
one that a power cut takes back only means that rows are sent again.
"""

import hashlib
import re
import secrets
import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from contract.codec import CHAIN_START, chain
from edge.store.sealed_rows import missing_rows, open_sealed

_BUSY_TIMEOUT_S = 10
_FULL = 2
_PAGE_BYTES = 1024
_COMMANDS_KNOWN = 10_000
_CURSOR_WRITTEN_EVERY = 64
_CHECKSUM_BYTES = 32
_EPOCH = re.compile(r"[0-9a-f]{16}")
_CURSOR = "SELECT CAST(value AS INTEGER) FROM state WHERE key = 'cursor'"

# What the machine can be blamed for; anything else that SQLite complains about is damage.
_NOT_DAMAGE = frozenset(
    {
        sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)

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
        self.base_seq = 0
        self.last_seq, self.last_hash = 0, CHAIN_START
        self._confirmed = self._confirmed_on_disk = 0
        self._commands = OrderedDict[bytes, int]()
        self._commands_up_to = 0
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
            with suppress(sqlite3.Error):  # lets the cursor move until the journal is opened anew
                self._writer.execute("ROLLBACK")
            raise StoreError(f"{self.path}: cannot be written: {error}") from error
        self.last_seq, self.last_hash = seq, before
        self._note_commands((id_, row) for row, _, _, id_ in records)

    def read(self, after: int, limit: int) -> list[Row]:
        """At most `limit` rows behind row `after`, in order."""
        query = "SELECT seq, body, hash FROM entries WHERE seq > ? ORDER BY seq LIMIT ?"
        return [self._row(record) for record in self._query(query, (after, limit), after)]

    def rows(self, after: int = 0, chunk: int = 1000) -> Iterator[Row]:
        """All rows behind row `after`, read in chunks."""
        while found := self.read(after, chunk):
            yield from found
            after = found[-1].seq

    def hash_at(self, seq: int) -> bytes:
        """The chain's hash after row `seq`; 32 zero bytes for 0. Raises KeyError if unknown."""
        if seq == 0:
            return CHAIN_START
        found = self._query("SELECT hash FROM entries WHERE seq = ?", (seq,), seq)
        if not found:
            raise KeyError(seq)
        return self._blob(found[0][0])

    def find_command(self, command_id: bytes) -> Row | None:
        """The first row of the command with this id, if it is one of the last 10,000 commands."""
        seq = self._commands.get(command_id)
        found = self.read(seq - 1, 1) if seq is not None else ()
        return found[0] if found else None

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

    def missing_rows(self) -> list[tuple[int, int]]:
        """Which rows from before `base_seq` are in no file any more, each first and last."""
        return missing_rows(self.path, self.epoch, self.base_seq)

    @property
    def cursor(self) -> int:
        """The last row that the centre has confirmed."""
        found = self._query(_CURSOR, ())
        on_disk = int(found[0][0]) if found else 0
        return min(max(on_disk, self._confirmed), self.last_seq)

    def advance(self, committed: int) -> None:
        """Move the cursor forward to `committed`; never back, never beyond the last row.

        Raises ValueError beyond the last row, and StoreError; the cursor then stays.
        """
        if committed > self.last_seq:
            raise ValueError(f"row {committed} is beyond the last row {self.last_seq}")
        with self._moving_cursor:
            if committed - self._confirmed_on_disk >= _CURSOR_WRITTEN_EVERY:
                self._write_cursor(committed, "<", committed)
            self._confirmed = max(self._confirmed, committed)

    def go_back(self, committed: int) -> None:
        """Move the cursor back to `committed`, which is all that a restored centre holds; never
        forward. Raises StoreError; the cursor then stays."""
        with self._moving_cursor:
            self._write_cursor(committed, ">", committed)
            self._confirmed = min(self._confirmed, committed)

    def save_checkpoint(self, seq: int, version: str, state: bytes) -> None:
        """Keep an encoded state after row `seq`, which shortens the next start."""
        try:
            self._writer.execute(
                "INSERT OR REPLACE INTO checkpoints VALUES (1, ?, ?, ?)",
                (seq, version, _checksum(seq, state) + state),
            )
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: cannot be written: {error}") from error

    def checkpoint(self, version: str) -> tuple[int, bytes] | None:
        """The last kept state and its row, if it is whole and was kept by the same `version`."""
        query = "SELECT CAST(seq AS INTEGER), state FROM checkpoints WHERE version = ?"
        found = self._query(query, (version,))
        if not found:
            return None
        seq, kept = int(found[0][0]), self._blob(found[0][1])
        state = kept[_CHECKSUM_BYTES:]
        return (seq, state) if kept == _checksum(seq, state) + state else None

    def copy_to(self, path: Path, first: int) -> None:
        """Begin another file of this journal, at `path`, with the rows from `first` on.

        Raises StoreError.
        """
        try:
            with closing(Journal(path)) as copy, copy._writer as writer:  # noqa: SLF001 - a sibling
                writer.execute("ATTACH ? AS whole", (str(self.path),))
                writer.execute("BEGIN")
                writer.execute("INSERT OR REPLACE INTO state SELECT * FROM whole.state")
                writer.execute("INSERT INTO checkpoints SELECT * FROM whole.checkpoints")
                writer.execute(
                    "INSERT INTO entries SELECT * FROM whole.entries WHERE seq >= ?", (first,)
                )
        except sqlite3.Error as error:
            raise StoreError(f"{path}: cannot be written: {error}") from error

    def reopen(self) -> None:
        """Close the files and read anew what the disk really holds. Raises StoreError."""
        with self._reading, self._moving_cursor:
            self.close()
            self._open()

    def close(self) -> None:
        """Close the files. A cursor that another program moved meanwhile stays as it is there."""
        if self._connections and self._confirmed > self._confirmed_on_disk:
            with suppress(StoreError):
                self._write_cursor(self._confirmed, "=", self._confirmed_on_disk)
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
            self._confirmed_on_disk = self._cursor_on_disk()
            self.epoch = self._epoch()
            self.base_seq = self._base()
            self.last_seq, self.last_hash = self._end()
            self._learn_commands()
        except StoreError:
            self.close()
            raise
        except (OSError, sqlite3.Error) as error:
            self.close()
            if isinstance(error, OSError) or _primary_code(error) in _NOT_DAMAGE:
                raise StoreError(f"{self.path}: the journal cannot be opened: {error}") from error
            raise JournalDamagedError(self.path, 0, str(error)) from error
        except (LookupError, TypeError, ValueError) as error:  # a damaged schema in sqlite-utils
            self.close()
            raise JournalDamagedError(self.path, 0, f"{type(error).__name__} {error}") from error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        self._connections.append(connection)
        connection.execute(f"PRAGMA page_size={_PAGE_BYTES}")  # of a file that is begun
        mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        connection.execute("PRAGMA synchronous=FULL")
        synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
        if (mode, synchronous) != ("wal", _FULL):
            raise StoreError(
                f"{self.path}: the disk does not keep promises (journal_mode={mode}, "
                f"synchronous={synchronous}); numbers cannot be given out safely"
            )
        return connection

    def _learn_commands(self) -> None:
        """Let memory have the ids that the file has, of the last rows."""
        while self._commands and next(reversed(self._commands.values())) > self.last_seq:
            self._commands.popitem()  # the disk has lost what nobody was told
        self._commands_up_to = min(self._commands_up_to, self.last_seq)
        query = "SELECT command_id, seq FROM entries WHERE seq > ? ORDER BY seq"
        after = max(self._commands_up_to, self.last_seq - _COMMANDS_KNOWN)
        try:
            self._note_commands(self._writer.execute(query, (after,)))
        except sqlite3.Error as error:
            if _primary_code(error) in _NOT_DAMAGE:
                raise
            # Whoever checks the rows meets this damage, and begins a new journal.

    def _note_commands(self, records: Iterable[tuple[bytes | None, int]]) -> None:
        for command_id, seq in records:
            if command_id is not None:
                self._commands.setdefault(command_id, seq)
            self._commands_up_to = seq
        while len(self._commands) > _COMMANDS_KNOWN:
            self._commands.popitem(last=False)

    def _base(self) -> int:
        # A file that does not begin with row 1 begins with the last row that it cannot check.
        first = self._writer.execute("SELECT min(seq) FROM entries").fetchone()[0]
        return 0 if first in {None, 1} else int(first)

    def _end(self) -> tuple[int, bytes]:
        query = "SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1"
        last = self._writer.execute(query).fetchone()
        if last is None:
            return 0, CHAIN_START
        if not isinstance(last[1], bytes):
            raise JournalDamagedError(self.path, 0, f"row {last[0]} has lost its hash")
        return int(last[0]), last[1]

    def _epoch(self) -> str:
        found = self._writer.execute("SELECT value FROM state WHERE key = 'epoch'").fetchone()
        if found is None or _EPOCH.fullmatch(str(found[0])) is None:
            raise JournalDamagedError(self.path, 0, "the journal has lost its name")
        return str(found[0])

    def _row(self, record: tuple[Any, Any, Any]) -> Row:
        return Row(record[0], self._blob(record[1]), self._blob(record[2]))

    def _blob(self, value: object) -> bytes:
        if not isinstance(value, bytes):
            raise StoreError(f"{self.path}: bytes were stored and {type(value).__name__} is there")
        return value

    def _cursor_on_disk(self) -> int:
        found = self._cursor_writer.execute(_CURSOR).fetchone()
        return 0 if found is None else int(found[0])

    def _write_cursor(self, to: int, where_it_is: str, than: int) -> None:
        """Move it to `to` where it is `<`, `=` or `>` a row; another program may have moved it."""
        move = f"""UPDATE state SET value = ?1
            WHERE key = 'cursor' AND CAST(value AS INTEGER) {where_it_is} ?2"""  # noqa: S608 - as said
        try:
            self._cursor_writer.execute(move, (str(to), than))
            self._confirmed_on_disk = self._cursor_on_disk()
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: the cursor cannot be moved: {error}") from error

    def _query(self, query: str, values: tuple[object, ...], about: int | None = None) -> list[Any]:
        """The records that `query` finds, in the file where row `about` and the next one are."""
        try:
            if about is not None and about < self.base_seq:
                with open_sealed(self.path, self.epoch, about) as sealed:
                    return sealed.execute(query, values).fetchall()
            with self._reading:
                return self._reader.execute(query, values).fetchall()
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{self.path}: cannot be read: {error}") from error


def _checksum(seq: int, state: bytes) -> bytes:
    return hashlib.sha256(seq.to_bytes(8, "big", signed=True) + state).digest()


def _primary_code(error: sqlite3.Error) -> int | None:
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


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


@_migrations()
def find_commands_in_memory(db: Database) -> None:
    """Each row had changed a page of this index as well."""
    db.execute("DROP INDEX IF EXISTS idx_entries_command_id")
