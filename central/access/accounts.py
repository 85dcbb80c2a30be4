"""Accounts, their passwords and tokens, and the sessions of browsers.

A token or a session's secret has 256 random bits, so a plain SHA-256 of it cannot be searched for;
a password is kept by Argon2.
"""

import hashlib
import re
import secrets
import unicodedata

from msgspec import Struct

from central.access.audit import Deed, record
from central.access.locks import SignInLocks, Slowed
from central.access.passwords import (
    LONGEST_PASSWORD,
    SHORTEST_PASSWORD,
    Passwords,
    fault_of,
)
from central.registry.published_names import provinces_of, units_of
from central.scope import Role, Scope
from central.store.access import AccessStore, AccountRow
from central.store.connection import Connection, Database
from central.store.database import transaction
from central.store.storable import storable
from runtime.worded_error import WordedError

SESSION_S = 12 * 3600
_NAME = re.compile(r"[\w .,@()–-]{1,80}")


class AccountError(WordedError):
    """An account that cannot be made or found; the words say why."""

    section = "account_refused"


class Admin(Struct, frozen=True):
    """Who asks, and what they may see."""

    name: str
    role: Role
    scope: Scope


# --- accounts ---------------------------------------------------------------------------------


def create_account(
    db: Database, admin: Admin, now_ms: int, password_hash: str | None = None, *, who: str
) -> None:
    """Make an account, by order of `who`. Raises AccountError for a name in use or misformed, a
    role without its province or unit, or a place that does not exist."""
    _check(db.conn, admin)
    with transaction(db.conn):
        _add(db.conn, admin, now_ms, password_hash, who)


def remove_account(db: Database, name: str, now_ms: int, *, who: str) -> None:
    """End an account with its tokens and sessions, by order of `who`. Raises AccountError when
    there is none."""
    with transaction(db.conn):
        store = AccessStore(db.conn)
        store.remove_account(existing_account(db.conn, name).account)
        record(db.conn, Deed(who, "account-removed", name), now_ms)


def change_password(
    db: Database, passwords: Passwords, name: str, password: str, now_ms: int, *, who: str
) -> None:
    """Give an account a new password, by order of `who`; its sessions end, and so do locks for
    wrong passwords.

    Raises AccountError when there is no such account, or for a password too easy to guess.
    """
    hashed = new_password(passwords, password, name)
    with transaction(db.conn):
        store = AccessStore(db.conn)
        store.set_password(existing_account(db.conn, name).account, hashed)
        record(db.conn, Deed(who, "password-changed", name), now_ms)


def existing_account(conn: Connection, name: str) -> AccountRow:
    """The account of that name. Raises AccountError when there is none."""
    found = AccessStore(conn).account(name)
    if found is None:
        raise AccountError("unknown", name=name)
    return found


def new_password(passwords: Passwords, password: str, name: str) -> str:
    """The hash of a password for the account `name`. Raises AccountError when it is too easy."""
    fault = fault_of(password, name)
    if fault:
        raise AccountError(fault, shortest=SHORTEST_PASSWORD, longest=LONGEST_PASSWORD)
    return passwords.hash(password)


# --- tokens -----------------------------------------------------------------------------------


def create_token(
    db: Database,
    name: str,
    role: Role,
    province: str | None,
    now_ms: int,
    *,
    unit: str | None = None,
    who: str,
) -> str:
    """Make an account that a machine opens with a token, by order of `who`, and return the token;
    it is shown this once and never again.

    Raises AccountError as `create_account` does.
    """
    admin = Admin(name, role, Scope(province, unit))
    _check(db.conn, admin)
    token = secrets.token_urlsafe(32)
    with transaction(db.conn):
        account = _add(db.conn, admin, now_ms, None, who)
        AccessStore(db.conn).add_token(account, digest_of(token))
        record(db.conn, Deed(who, "token-created", name), now_ms)
    return token


def admin_of_token(conn: Connection, token: str) -> Admin | None:
    """Whose token this is, or None."""
    return _admin(AccessStore(conn).account_of_token(digest_of(token)))


# --- sessions ---------------------------------------------------------------------------------


def sign_in(
    db: Database,
    passwords: Passwords,
    locks: SignInLocks,
    name: str,
    password: str,
    *,
    address: str,
    now_ms: int,
) -> str | Slowed | None:
    """Exchange a name and a password for the secret of a browser's session; None for a wrong name
    or password or a name that is locked for `address`, all alike and in the same time."""
    name = storable(unicodedata.normalize("NFC", name))
    store = AccessStore(db.conn)
    known = store.account(name)
    hashed = known.password if known else None
    refusal = locks.attempt(name, address, hashed)
    fits = not isinstance(refusal, Slowed) and passwords.fits(None if refusal else hashed, password)
    with transaction(db.conn):
        current = store.account(name) if fits else None
        if current is None or current.password != hashed:
            how = "refused" if refusal is None else refusal if refusal == "locked" else "slowed"
            record(db.conn, Deed(name, f"sign-in-{how}", "", address), now_ms)
            return refusal if isinstance(refusal, Slowed) else None
        record(db.conn, Deed(name, "signed-in", "", address), now_ms)
        session = new_session(store, current.account, now_ms)
    locks.succeeded(name, address)
    return session


def open_session(db: Database, token: str, now_ms: int, address: str = "") -> str | None:
    """Exchange a token for the secret of a browser's session, or None for a token unknown."""
    store = AccessStore(db.conn)
    with transaction(db.conn):
        found = store.account_of_token(digest_of(token))
        name = found.name if found else ""
        action = "signed-in" if found else "sign-in-refused"
        record(db.conn, Deed(name, action, "token", address), now_ms)
        return new_session(store, found.account, now_ms) if found else None


def new_session(store: AccessStore, account: int, now_ms: int) -> str:
    """The secret of a new session of an account, inside a transaction."""
    secret = secrets.token_urlsafe(32)
    store.add_session(account, digest_of(secret), now_ms + SESSION_S * 1000, now_ms)
    return secret


def close_session(db: Database, secret: str, now_ms: int, address: str = "") -> None:
    """End a browser's session."""
    store = AccessStore(db.conn)
    with transaction(db.conn):
        found = store.account_of_session(digest_of(secret), now_ms)
        store.remove_session(digest_of(secret))
        if found:
            record(db.conn, Deed(found.name, "signed-out", "", address), now_ms)


def admin_of_session(conn: Connection, secret: str, now_ms: int) -> Admin | None:
    """Whose session this is, or None when it is unknown or over."""
    return _admin(AccessStore(conn).account_of_session(digest_of(secret), now_ms))


def digest_of(secret: str) -> bytes:
    """What is kept of a token or a session."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()


# --- within -----------------------------------------------------------------------------------


def _check(conn: Connection, admin: Admin) -> None:
    role, (province, unit) = admin.role, (admin.scope.province, admin.scope.unit)
    if admin.name != unicodedata.normalize("NFC", admin.name).strip() or not _NAME.fullmatch(
        admin.name
    ):
        raise AccountError("bad_name", name=repr(admin.name))
    if (role == "province" and (province is None or unit)) or (
        role == "national" and (province or unit)
    ):
        raise AccountError("wrong_scope")
    if role == "unit" and unit is None:
        raise AccountError("no_unit")
    if province is not None and province not in provinces_of(conn):
        raise AccountError("unknown_province", province=province)
    if unit is not None and (unit not in units_of(conn) or province != unit[:2]):
        raise AccountError("unknown_unit", unit=unit, province=province)


def _add(conn: Connection, admin: Admin, now_ms: int, password_hash: str | None, who: str) -> int:
    store = AccessStore(conn)
    if store.account(admin.name):
        raise AccountError("name_taken", name=admin.name)
    scope = admin.scope
    account = store.add_account(admin.name, admin.role, scope.province, scope.unit)
    if password_hash is not None:
        store.set_password(account, password_hash)
    where = scope.unit or scope.province or "the nation"
    deed = Deed(who, "account-created", f"{admin.name}: {admin.role}, {where}")
    record(conn, deed, now_ms)
    return account


def _admin(row: AccountRow | None) -> Admin | None:
    return Admin(row.name, row.role, Scope(row.province, row.unit)) if row else None
