"""Tokens of admins and sessions of their browsers, of which the database keeps only hashes.

A token has 256 random bits, so a plain SHA-256 of it cannot be searched for.
"""

import hashlib
import secrets
import sqlite3

from msgspec import Struct
from sqlite_utils import Database

from central.scope import Role, Scope
from central.store.sqlite import transaction

SESSION_S = 12 * 3600


class AccountError(ValueError):
    """An account that cannot be made; the message says why."""


class Admin(Struct, frozen=True):
    """Who asks, and what they may see."""

    name: str
    role: Role
    scope: Scope


def create_token(db: Database, name: str, role: Role, province: str | None, now_ms: int) -> str:
    """Make a token and return it; it is shown this once and never again.

    Raises AccountError for a name in use, or a role without its province.
    """
    if (role == "province") != (province is not None):
        raise AccountError("a provincial role names its province, and only such a role does")
    token = secrets.token_urlsafe(32)
    with transaction(db.conn):
        if db.execute("SELECT 1 FROM tokens WHERE name = ?", (name,)).fetchone():
            raise AccountError(
                f"there is a token named {name!r} already; revoke it or take another name"
            )
        db.execute(
            "INSERT INTO tokens (hash, name, role, province, created_ms) VALUES (?, ?, ?, ?, ?)",
            (_digest(token), name, role, province, now_ms),
        )
    return token


def revoke_token(db: Database, name: str) -> None:
    """End a token and the sessions opened with it. Raises AccountError when there is none."""
    with transaction(db.conn):
        if not db.execute("DELETE FROM tokens WHERE name = ? RETURNING 1", (name,)).fetchone():
            raise AccountError(f"there is no token named {name!r}")


def open_session(db: Database, token: str, now_ms: int) -> str | None:
    """Exchange a token for the secret of a browser's session, or None for a token unknown."""
    secret = secrets.token_urlsafe(32)
    with transaction(db.conn):
        db.execute("DELETE FROM sessions WHERE until_ms < ?", (now_ms,))
        opened = db.execute(
            """INSERT INTO sessions (hash, token, until_ms)
            SELECT ?, token, ? FROM tokens WHERE hash = ? RETURNING 1""",
            (_digest(secret), now_ms + SESSION_S * 1000, _digest(token)),
        ).fetchone()
    return secret if opened else None


def close_session(db: Database, secret: str) -> None:
    """End a browser's session."""
    with transaction(db.conn):
        db.execute("DELETE FROM sessions WHERE hash = ?", (_digest(secret),))


def admin_of_token(conn: sqlite3.Connection, token: str) -> Admin | None:
    """Whose token this is, or None."""
    return _admin(
        conn.execute(
            "SELECT name, role, province FROM tokens WHERE hash = ?", (_digest(token),)
        ).fetchone()
    )


def admin_of_session(conn: sqlite3.Connection, secret: str, now_ms: int) -> Admin | None:
    """Whose session this is, or None when it is unknown or over."""
    return _admin(
        conn.execute(
            """SELECT name, role, province FROM sessions JOIN tokens USING (token)
            WHERE sessions.hash = ? AND until_ms >= ?""",
            (_digest(secret), now_ms),
        ).fetchone()
    )


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()


def _admin(row: tuple[str, Role, str | None] | None) -> Admin | None:
    return Admin(row[0], row[1], Scope(row[2])) if row else None
