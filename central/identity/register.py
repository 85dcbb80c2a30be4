"""The register of tokens and certificates: a small database of its own beside the authority."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct
from sqlite_utils import Database, Migrations

from runtime.authority import Revoked
from runtime.worded_error import WordedError

REGISTER_FILE = "identity.db"
_BUSY_MS = 10_000

_migrations = Migrations("thutu-central-identity")


class RegisterError(WordedError):
    """The register cannot be read or written; nothing was issued or changed."""

    section = "register_refused"


class TokenRow(Struct, frozen=True):
    """A one-time token by its public key; `request` is the hash of what it was used for."""

    public_key: bytes
    node: str
    until_ms: int
    request: bytes | None


class CertificateRow(Struct, frozen=True):
    """A certificate that was issued. `chain` holds it first and the root last (PEM); `request`
    is the hash of the request it answers."""

    fingerprint: bytes
    serial: str
    node: str
    request: bytes
    from_ms: int
    until_ms: int
    chain: bytes
    revoked_ms: int | None = None
    reason: str | None = None


_CERTIFICATE = ", ".join(CertificateRow.__struct_fields__)


@_migrations()
def m001_identity(db: Database) -> None:
    """Tokens and certificates."""
    db.execute(
        """CREATE TABLE tokens (public_key BLOB PRIMARY KEY, node TEXT NOT NULL,
        until_ms INTEGER NOT NULL, request BLOB) STRICT, WITHOUT ROWID"""
    )
    db.execute(
        """CREATE TABLE certificates (fingerprint BLOB PRIMARY KEY, serial TEXT NOT NULL UNIQUE,
        node TEXT NOT NULL, request BLOB NOT NULL, from_ms INTEGER NOT NULL,
        until_ms INTEGER NOT NULL, chain BLOB NOT NULL, revoked_ms INTEGER, reason TEXT) STRICT"""
    )
    db.execute("CREATE INDEX certificates_of_node ON certificates (node)")


class Register:
    """Reads and, inside `transaction`, writes the register; one thread at a time."""

    def __init__(self, folder: Path) -> None:
        """Open the register in `folder`, or begin it. Raises RegisterError."""
        with _translated():
            self._conn = sqlite3.connect(
                folder / REGISTER_FILE, isolation_level=None, check_same_thread=False
            )
            (folder / REGISTER_FILE).chmod(0o600)
            self._conn.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
            self._conn.execute("PRAGMA synchronous=FULL")
            _migrations.apply(Database(self._conn))

    def close(self) -> None:
        """Close the database."""
        self._conn.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What is done inside is durable when it ends, or is undone. Raises RegisterError."""
        with _translated():
            self._conn.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._conn.execute("COMMIT")
            except BaseException:
                self._conn.execute("ROLLBACK")
                raise

    def add_token(self, token: TokenRow) -> None:
        """Add a token; those that were never used for its node are worth nothing any more."""
        self._run("DELETE FROM tokens WHERE node = ? AND request IS NULL", token.node)
        self._run(
            "INSERT INTO tokens VALUES (?, ?, ?, ?)",
            *(token.public_key, token.node, token.until_ms, token.request),
        )

    def token(self, public_key: bytes) -> TokenRow | None:
        """The token of this public key."""
        rows = self._run("SELECT * FROM tokens WHERE public_key = ?", public_key)
        return TokenRow(*rows[0]) if rows else None

    def spend_token(self, public_key: bytes, request: bytes) -> None:
        """Note that a token was used for the request of this hash."""
        self._run("UPDATE tokens SET request = ? WHERE public_key = ?", request, public_key)

    def drop_tokens(self, node: str) -> int:
        """Make the tokens of a node that were not used worth nothing; returns how many."""
        rows = self._run(
            "DELETE FROM tokens WHERE node = ? AND request IS NULL RETURNING until_ms", node
        )
        return len(rows)

    def add_certificate(self, row: CertificateRow) -> None:
        """Add a certificate that was just issued."""
        self._run(
            f"INSERT INTO certificates ({_CERTIFICATE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - our own names
            *(getattr(row, name) for name in row.__struct_fields__),
        )

    def certificate(self, fingerprint: bytes) -> CertificateRow | None:
        """The certificate of this fingerprint."""
        return self._first("WHERE fingerprint = ?", fingerprint)

    def answer_to(self, node: str, request: bytes) -> CertificateRow | None:
        """What was issued for the request of this hash."""
        return self._first("WHERE node = ? AND request = ?", node, request)

    def certificates(self) -> list[CertificateRow]:
        """All certificates, newest first within each node."""
        return self._select("ORDER BY node, from_ms DESC")

    def valid(self, node: str, now_ms: int) -> int:
        """How many certificates of a node are neither revoked nor over."""
        rows = self._run(
            "SELECT 1 FROM certificates WHERE node = ? AND revoked_ms IS NULL AND until_ms >= ?",
            *(node, now_ms),
        )
        return len(rows)

    def revoke(self, node: str, at_ms: int, reason: str) -> int:
        """Revoke all certificates of a node that are not; returns how many."""
        rows = self._run(
            """UPDATE certificates SET revoked_ms = ?, reason = ?
            WHERE node = ? AND revoked_ms IS NULL RETURNING serial""",
            *(at_ms, reason, node),
        )
        return len(rows)

    def revoked(self, now_ms: int) -> list[Revoked]:
        """What is revoked and would be valid otherwise."""
        rows = self._run(
            """SELECT serial, revoked_ms FROM certificates
            WHERE revoked_ms IS NOT NULL AND until_ms >= ? ORDER BY revoked_ms, serial""",
            now_ms,
        )
        return [Revoked(int(serial, 16), at_ms) for serial, at_ms in rows]

    def shut_out(self) -> dict[str, int]:
        """Nodes all of whose certificates are revoked; when the last was."""
        rows = self._run(
            """SELECT node, MAX(revoked_ms) FROM certificates GROUP BY node
            HAVING COUNT(*) = COUNT(revoked_ms)"""
        )
        return dict(rows)

    def replaced(self, since_ms: int) -> dict[str, int]:
        """Nodes that have a new certificate, and of which an old one was revoked since then; when
        the last was."""
        rows = self._run(
            """SELECT node, MAX(revoked_ms) FROM certificates GROUP BY node
            HAVING COUNT(*) > COUNT(revoked_ms) AND MAX(revoked_ms) >= ?""",
            since_ms,
        )
        return dict(rows)

    def _first(self, where: str, *values: object) -> CertificateRow | None:
        return next(iter(self._select(where, *values)), None)

    def _select(self, where: str, *values: object) -> list[CertificateRow]:
        rows = self._run(f"SELECT {_CERTIFICATE} FROM certificates {where}", *values)  # noqa: S608 - our own words
        return [CertificateRow(*row) for row in rows]

    def _run(self, sql: str, *values: object) -> list[Any]:
        with _translated():
            return self._conn.execute(sql, values).fetchall()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise RegisterError("failed", what=error) from error
