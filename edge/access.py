"""Who may speak to a hub: devices by token, staff by PIN. Nobody is known by default.

Tokens and sessions are stored as hashes, PINs under scrypt; none of them is ever logged.
"""

import hashlib
import hmac
import re
import secrets
import sqlite3
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import msgspec
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from contract.commands import Actor, Role
from edge.journal import StoreError
from runtime.clock import Clock

_PIN = re.compile(r"[0-9]{6,12}")
_SCRYPT = {"n": 2**14, "r": 8, "p": 1, "maxmem": 64 * 2**20}
_FREE_FAILURES = 4
_FIRST_LOCK_S = 30
_LONGEST_LOCK_S = 15 * 60
_SESSIONS_PER_STAFF = 4
_NAMES_WATCHED = 1000
STAFF_ROLES: tuple[Role, ...] = ("clerk", "supervisor", "greeter")

_migrations = Migrations("access")


class LockedOut(Exception):  # noqa: N818 - a refusal, not an error
    """Too many wrong PINs; try again after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"locked for {seconds} s")
        self.seconds = seconds


class Session(NamedTuple):
    """A staff session: the token is shown once, here."""

    token: str
    actor: Actor


class Access:
    """The devices and staff of one hub, in a small database beside the journal."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Open or create the database. Raises StoreError."""
        self._clock = clock
        self._lock = Lock()
        self._signing_in = Lock()
        self._failures: dict[str, tuple[int, int]] = {}
        self._strangers: dict[str, tuple[int, int]] = {}
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            _migrations.apply(Database(self._db))
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"{path}: cannot be opened: {error}") from error

    def add_device(self, actor: Actor) -> str:
        """Let a device in, or give it a new token. The token is returned once and not kept."""
        msgspec.convert(msgspec.to_builtins(actor), Actor)
        token = secrets.token_urlsafe(32)
        self._write(
            "INSERT OR REPLACE INTO devices VALUES (?, ?, ?, ?)",
            (actor.id, actor.role, actor.counter, _digest(token)),
        )
        return token

    def remove_device(self, id_: str) -> bool:
        """Shut a device out at once; whether it was known."""
        return self._write("DELETE FROM devices WHERE id = ?", (id_,)) > 0

    def set_pin(self, id_: str, role: Role, pin: str) -> None:
        """Let a member of staff in, or change role and PIN; open sessions of theirs end.

        Raises ValueError for a PIN that is not 6 to 12 digits, or is easily guessed.
        """
        if role not in STAFF_ROLES:
            raise ValueError(f"{role} is not a role of staff ({', '.join(STAFF_ROLES)})")
        if not _PIN.fullmatch(pin) or len(set(pin)) < 3 or pin in "01234567890 9876543210":
            raise ValueError("a PIN has 6 to 12 digits, not all alike and not in a row")
        msgspec.convert({"id": id_, "role": role}, Actor)
        salt = secrets.token_bytes(16)
        self._write(
            "INSERT OR REPLACE INTO staff VALUES (?, ?, ?, ?)",
            (id_, role, salt, _stretch(pin, salt)),
        )
        self._write("DELETE FROM sessions WHERE staff = ?", (id_,))

    def remove_staff(self, id_: str) -> bool:
        """Shut a member of staff out at once; whether they were known."""
        self._write("DELETE FROM sessions WHERE staff = ?", (id_,))
        return self._write("DELETE FROM staff WHERE id = ?", (id_,)) > 0

    def sign_in(self, id_: str, pin: str) -> Session | None:
        """Open a session, or return None for a wrong name or PIN. Raises LockedOut.

        Takes the time of one scrypt whether the name is known or not. One caller at a time: a crowd
        of guesses gets no guess more than a queue of them, and no more memory.
        """
        with self._signing_in:
            return self._sign_in(id_, pin)

    def _sign_in(self, id_: str, pin: str) -> Session | None:
        self._check_lock(id_)
        found = self._read("SELECT role, salt, pin FROM staff WHERE id = ?", (id_,))
        known: tuple[Role, bytes, bytes] = found or ("clerk", b"nobody", b"")
        role, salt, expected = known
        if not hmac.compare_digest(_stretch(pin, salt), expected):
            self._note_failure(id_, known=found is not None)
            return None
        self._failures.pop(id_, None)
        token = secrets.token_urlsafe(32)
        self._write("INSERT INTO sessions(token, staff) VALUES (?, ?)", (_digest(token), id_))
        self._write(
            "DELETE FROM sessions WHERE staff = ? AND rowid NOT IN "
            "(SELECT rowid FROM sessions WHERE staff = ? ORDER BY rowid DESC LIMIT ?)",
            (id_, id_, _SESSIONS_PER_STAFF),
        )
        return Session(token, Actor(id_, role))

    def sign_out(self, token: str) -> None:
        """End a session."""
        self._write("DELETE FROM sessions WHERE token = ?", (_digest(token),))

    def actor(self, token: str) -> Actor | None:
        """Whom a device token or session token belongs to."""
        digest = _digest(token)
        device = self._read("SELECT id, role, counter FROM devices WHERE token = ?", (digest,))
        if device is not None:
            return Actor(*device)
        staff = self._read(
            "SELECT id, role FROM staff WHERE id = (SELECT staff FROM sessions WHERE token = ?)",
            (digest,),
        )
        return None if staff is None else Actor(*staff)

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def _check_lock(self, id_: str) -> None:
        count, since_ns = self._failures.get(id_) or self._strangers.get(id_, (0, 0))
        if count <= _FREE_FAILURES:
            return
        lock_s = min(_FIRST_LOCK_S * 2 ** (count - _FREE_FAILURES - 1), _LONGEST_LOCK_S)
        left_s = lock_s - (self._clock.stamp().mono_ns - since_ns) / 1e9
        if left_s > 0:
            raise LockedOut(int(left_s) + 1)

    def _note_failure(self, id_: str, *, known: bool) -> None:
        # Made-up names are watched like real ones, so that nobody learns which are real; but
        # however many there are, they never push a real one out.
        watched = self._failures if known else self._strangers
        count, _ = watched.pop(id_, (0, 0))
        while not known and len(watched) >= _NAMES_WATCHED:
            watched.pop(next(iter(watched)))
        watched[id_] = (count + 1, self._clock.stamp().mono_ns)

    def _read(self, query: str, values: tuple[object, ...]) -> Any:
        with self._lock:
            return self._db.execute(query, values).fetchone()

    def _write(self, query: str, values: tuple[object, ...]) -> int:
        try:
            with self._lock:
                return self._db.execute(query, values).rowcount
        except sqlite3.Error as error:
            raise StoreError(f"devices and staff cannot be stored: {error}") from error


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _stretch(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, **_SCRYPT)


@_migrations()
def create(db: Database) -> None:
    """The first form."""
    db.table("devices").create(
        {"id": str, "role": str, "counter": str, "token": bytes},
        pk="id",
        not_null={"role", "token"},
    )
    db.table("devices").create_index(["token"], unique=True)
    db.table("staff").create(
        {"id": str, "role": str, "salt": bytes, "pin": bytes},
        pk="id",
        not_null={"role", "salt", "pin"},
    )
    db.table("sessions").create({"token": bytes, "staff": str}, pk="token", not_null={"staff"})
