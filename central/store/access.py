"""Accounts, what opens them, and the audit log."""

from msgspec import Struct

from central.scope import Role
from central.store.connection import Connection


class AccountRow(Struct, frozen=True):
    """An account; `password` is an Argon2 hash, None for one that has tokens only."""

    account: int
    name: str
    role: Role
    province: str | None
    unit: str | None
    password: str | None


class AuditRow(Struct, frozen=True, array_like=True):
    """One line of the audit log; `entry` counts from 1 without gaps."""

    entry: int
    at_ms: int
    who: str
    action: str
    subject: str
    address: str


_ACCOUNT = "accounts.account, name, role, province, unit, password"
_AUDIT = "entry, at_ms, who, action, subject, address"


class AccessStore:
    """Reads and, inside a transaction, writes accounts; secrets come and go as hashes only."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    # --- accounts -----------------------------------------------------------------------------

    def accounts(self) -> list[AccountRow]:
        """All accounts by name."""
        rows = self._conn.execute(f"SELECT {_ACCOUNT} FROM accounts ORDER BY name")  # noqa: S608 - our own names
        return [AccountRow(*row) for row in rows]

    def account(self, name: str) -> AccountRow | None:
        """The account of that name."""
        return self._one(f"SELECT {_ACCOUNT} FROM accounts WHERE name = ?", name)  # noqa: S608 - as above

    def account_of_token(self, digest: bytes) -> AccountRow | None:
        """Whose token this is."""
        return self._one(
            f"SELECT {_ACCOUNT} FROM accounts JOIN access_tokens USING (account) WHERE hash = ?",  # noqa: S608 - as above
            digest,
        )

    def account_of_session(self, digest: bytes, now_ms: int) -> AccountRow | None:
        """Whose session this is, unless it is over."""
        return self._one(
            f"""SELECT {_ACCOUNT} FROM accounts JOIN sessions USING (account)
            WHERE hash = ? AND until_ms >= ?""",  # noqa: S608 - as above
            digest,
            now_ms,
        )

    def add_account(self, name: str, role: Role, province: str | None, unit: str | None) -> int:
        """Add an account without a password and return its key."""
        return int(
            self._conn.execute(
                """INSERT INTO accounts (name, role, province, unit)
                VALUES (?, ?, ?, ?) RETURNING account""",
                (name, role, province, unit),
            ).fetchone()[0]
        )

    def remove_account(self, account: int) -> None:
        """Remove an account with its tokens, sessions and links."""
        for table in ("sessions", "access_tokens", "openid_links", "accounts"):
            self._conn.execute(f"DELETE FROM {table} WHERE account = ?", (account,))  # noqa: S608 - as above

    def set_password(self, account: int, password: str) -> None:
        """Replace a password's hash; sessions opened before end."""
        self._conn.execute(
            "UPDATE accounts SET password = ? WHERE account = ?", (password, account)
        )
        self._conn.execute("DELETE FROM sessions WHERE account = ?", (account,))

    # --- what opens them ----------------------------------------------------------------------

    def add_token(self, account: int, digest: bytes) -> None:
        """Add a token of an account."""
        self._conn.execute(
            "INSERT INTO access_tokens (hash, account) VALUES (?, ?)", (digest, account)
        )

    def add_session(self, account: int, digest: bytes, until_ms: int, now_ms: int) -> None:
        """Add a session of an account; those that are over go."""
        self._conn.execute("DELETE FROM sessions WHERE until_ms < ?", (now_ms,))
        self._conn.execute(
            "INSERT INTO sessions (hash, account, until_ms) VALUES (?, ?, ?)",
            (digest, account, until_ms),
        )

    def remove_session(self, digest: bytes) -> None:
        """End a session."""
        self._conn.execute("DELETE FROM sessions WHERE hash = ?", (digest,))

    def digests(self, now_ms: int) -> list[bytes]:
        """Of all tokens, and of the sessions that are not over."""
        rows = self._conn.execute(
            """SELECT hash FROM access_tokens
            UNION ALL SELECT hash FROM sessions WHERE until_ms >= ?""",
            (now_ms,),
        )
        return [digest for (digest,) in rows]

    # --- the audit log ------------------------------------------------------------------------

    def last_audit(self) -> tuple[int, bytes]:
        """The number and hash of the last line; 0 and nothing in an empty log."""
        found = self._conn.execute(
            "SELECT entry, chain FROM audit ORDER BY entry DESC LIMIT 1"
        ).fetchone()
        return (found[0], found[1]) if found else (0, b"")

    def add_audit(self, row: AuditRow, chain: bytes) -> None:
        """Append a line."""
        self._conn.execute(
            f"INSERT INTO audit ({_AUDIT}, chain) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - as above
            (row.entry, row.at_ms, row.who, row.action, row.subject, row.address, chain),
        )

    def audit(self, after: int, limit: int) -> list[tuple[AuditRow, bytes]]:
        """At most `limit` lines behind `after`, in order, with their hashes."""
        rows = self._conn.execute(
            f"SELECT {_AUDIT}, chain FROM audit WHERE entry > ? ORDER BY entry LIMIT ?",  # noqa: S608 - as above
            (after, limit),
        )
        return [(AuditRow(*line), chain) for *line, chain in rows]

    def _one(self, sql: str, *values: object) -> AccountRow | None:
        found = self._conn.execute(sql, values).fetchone()
        return AccountRow(*found) if found else None
