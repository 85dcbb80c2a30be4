"""Who may speak to a hub: devices by token, staff by PIN. Nobody is known by default.

Tokens and sessions are stored as hashes, PINs under scrypt; none of them is ever logged. A session
ends with its business day, wherever a clock can tell, and at a fixed age in any case.
"""

import hashlib
import hmac
import logging
import re
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import msgspec

from contract.commands import Actor, Role
from contract.decoders import from_builtins, from_msgpack
from contract.stamp import Stamp, span
from edge.access_database import open_access
from edge.core.calendar import day_of
from edge.core.house import HUB
from edge.store.journal import StoreError
from runtime.clock import Clock

logger = logging.getLogger(__name__)

_PIN = re.compile(r"[0-9]{6,12}")
_SCRYPT = {"n": 2**14, "r": 8, "p": 1, "maxmem": 64 * 2**20}
_FREE_FAILURES = 4
_FIRST_LOCK_S = 30
_LONGEST_LOCK_S = 15 * 60
_SESSIONS_PER_STAFF = 4
_LONGEST_SESSION_MS = 14 * 3_600_000
_NAMES_WATCHED = 1000
_PLACES_KNOWN = 256
_PLACE_KEPT_DAYS = 30
_NO_DAY = ""
_ANYWHERE = ""
STAFF_ROLES: tuple[Role, ...] = ("clerk", "supervisor", "greeter")


class UnusableNameError(ValueError):
    """A name that whoever it is for cannot have."""

    def __init__(self, name: str, why: object) -> None:
        super().__init__(f"{name!r}: {why}")
        self.name = name


class BadNameError(UnusableNameError):
    """A name that cannot be a device's or a pseudonym's."""


class NameTakenError(UnusableNameError):
    """The name of a device wanted for staff, or the other way round: rows would not tell who."""


class OtherMachineError(UnusableNameError):
    """The name of a device wanted for one of another machine, which would be shut out."""

    def __init__(self, name: str, machine: str) -> None:
        super().__init__(name, f"a device of {machine}")
        self.machine = machine


class WeakPinError(ValueError):
    """A PIN that is not 6 to 12 digits, or is easily guessed."""


class LockedOut(Exception):  # noqa: N818 - a refusal, not an error
    """Too many wrong PINs; try again after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"locked for {seconds} s")
        self.seconds = seconds


class SessionEnded(Exception):  # noqa: N818 - a refusal, not an error
    """The session was real and is over: its business day or its longest age has passed."""


class LetIn(NamedTuple):
    """Whom the letting in of a machine's devices shut out: who had a token of before (`renewed`),
    and devices that the machine no longer has (`gone`)."""

    renewed: frozenset[str]
    gone: tuple[str, ...]


class Session(NamedTuple):
    """A staff session: the token is shown once, here."""

    token: str
    actor: Actor


class Access:
    """The devices and staff of one hub, in a small database beside the journal."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Open or create the database. Raises StoreError."""
        self.clock = clock
        self._lock = Lock()
        self._signing_in = Lock()
        self._failures: dict[tuple[str, str], tuple[int, int]] = {}
        self._strangers: dict[tuple[str, str], tuple[int, int]] = {}
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self._db = open_access(path)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"{path}: cannot be opened: {error}") from error
        self._places = self._kept_places()

    def add_device(self, actor: Actor) -> str:
        """Let a device in, or give it a new token. The token is returned once and not kept.

        Raises BadNameError, NameTakenError or StoreError.
        """
        token = new_token()
        with self._changing() as db:
            _put(db, {actor: digest_of(token)}, None)
        return token

    def knows_device(self, id_: str) -> bool:
        """Whether a device of this name is let in."""
        return self._read("SELECT 1 FROM devices WHERE id = ?", (id_,)) is not None

    def let_in(self, machine: str, devices: Mapping[Actor, bytes]) -> LetIn:
        """Let the devices of a further machine in, of whose tokens the hub has the digests alone,
        and none that it had besides: all of them or, where an error is raised, none.

        Raises OtherMachineError, and as `add_device`.
        """
        with self._changing() as db:
            rows = db.execute("SELECT id, token, machine FROM devices")
            known = {id_: (token, of) for id_, token, of in rows}
            renewed = set()
            for actor, token in devices.items():
                former, of = known.get(actor.id, (token, None))
                if of not in (None, machine):
                    raise OtherMachineError(actor.id, of)
                if former != token:
                    renewed.add(actor.id)
            names = {actor.id for actor in devices}
            gone = {id_ for id_, (_, of) in known.items() if of == machine} - names
            db.executemany("DELETE FROM devices WHERE id = ?", [(id_,) for id_ in gone])
            _put(db, devices, machine)
        return LetIn(frozenset(renewed), tuple(sorted(gone)))

    def remove_device(self, id_: str) -> bool:
        """Shut a device out at once; whether it was known."""
        return self._write("DELETE FROM devices WHERE id = ?", (id_,)) > 0

    def set_pin(self, id_: str, role: Role, pin: str) -> None:
        """Let a member of staff in, or change role and PIN; open sessions of theirs end.

        Raises BadNameError, NameTakenError, WeakPinError or StoreError.
        """
        if role not in STAFF_ROLES:
            raise ValueError(f"{role} is not a role of staff ({', '.join(STAFF_ROLES)})")
        if not _PIN.fullmatch(pin) or len(set(pin)) < 3 or pin in "01234567890 9876543210":
            raise WeakPinError("a PIN has 6 to 12 digits, not all alike and not in a row")
        _check_name(Actor(id_, role))
        if self.knows_device(id_):
            raise NameTakenError(id_, "a device")
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

    def sign_in(self, id_: str, pin: str, place: str = _ANYWHERE) -> Session | None:
        """Open a session, or return None for a wrong name or PIN. Raises LockedOut or StoreError.

        Takes the time of one scrypt whether the name is known or not. One caller at a time: a crowd
        of guesses gets no guess more than a queue of them, and no more memory. Wrong PINs lock the
        name for all strangers together, but apart for each place that is known: who guesses from a
        laptop locks nobody out at a counter.
        """
        with self._signing_in:
            return self._sign_in(id_, pin, place)

    def knows(self, place: str) -> bool:
        """Whether somebody known here has come from this address within the last 30 days."""
        return place in self._places

    def remember(self, place: str) -> None:
        """Keep an address from which somebody known here has come, with the day, for 30 days."""
        now = self.clock.stamp()
        today = day_of(now.wall_ms) if now.synced else _NO_DAY
        if place == _ANYWHERE or self._places.get(place) == today:
            return
        self._places = {**self._places, place: today}
        try:
            self._write("INSERT OR REPLACE INTO places VALUES (?, ?)", (place, today))
            self._forget_places(today)
            self._places = self._kept_places()
        except StoreError as error:
            logger.warning("%s is known until the hub ends only: %s", place, error)

    def _sign_in(self, id_: str, pin: str, place: str) -> Session | None:
        watched = (id_, place if self.knows(place) else _ANYWHERE)
        self._check_lock(watched)
        found = self._read("SELECT role, salt, pin FROM staff WHERE id = ?", (id_,))
        known: tuple[Role, bytes, bytes] = found or ("clerk", b"nobody", b"")
        role, salt, expected = known
        if not hmac.compare_digest(_stretch(pin, salt), expected):
            self._note_failure(watched, known=found is not None)
            return None
        self._failures.pop(watched, None)
        token = new_token()
        self._write(
            "INSERT INTO sessions(token, staff, since) VALUES (?, ?, ?)",
            (digest_of(token), id_, msgspec.msgpack.encode(self.clock.stamp())),
        )
        self._write(
            "DELETE FROM sessions WHERE staff = ? AND rowid NOT IN "
            "(SELECT rowid FROM sessions WHERE staff = ? ORDER BY rowid DESC LIMIT ?)",
            (id_, id_, _SESSIONS_PER_STAFF),
        )
        self.remember(place)
        return Session(token, Actor(id_, role))

    def sign_out(self, token: str) -> None:
        """End a session."""
        self._write("DELETE FROM sessions WHERE token = ?", (digest_of(token),))

    def actor(self, token: str) -> Actor | None:
        """Whom a device token or session token belongs to. Raises SessionEnded or StoreError."""
        device = self.device(token)
        if device is not None:
            return device
        found = self._read(
            "SELECT id, role, since FROM sessions JOIN staff ON id = staff WHERE token = ?",
            (digest_of(token),),
        )
        if found is None:
            return None
        id_, role, since = found
        if _is_over(from_msgpack(since, Stamp), self.clock.stamp()):
            raise SessionEnded
        return Actor(id_, role)

    def device(self, token: str) -> Actor | None:
        """The device whose token this is; never a member of staff. Raises StoreError."""
        query = "SELECT id, role, counter FROM devices WHERE token = ?"
        found = self._read(query, (digest_of(token),))
        return None if found is None else Actor(*found)

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def _check_lock(self, watched: tuple[str, str]) -> None:
        count, since_ns = self._failures.get(watched) or self._strangers.get(watched, (0, 0))
        if count <= _FREE_FAILURES:
            return
        lock_s = min(_FIRST_LOCK_S * 2 ** (count - _FREE_FAILURES - 1), _LONGEST_LOCK_S)
        left_s = lock_s - (self.clock.stamp().mono_ns - since_ns) / 1e9
        if left_s > 0:
            raise LockedOut(int(left_s) + 1)

    def _note_failure(self, watched: tuple[str, str], *, known: bool) -> None:
        # Made-up names are watched like real ones, so that nobody learns which are real; but
        # however many there are, they never push a real one out.
        failures = self._failures if known else self._strangers
        count, _ = failures.pop(watched, (0, 0))
        while not known and len(failures) >= _NAMES_WATCHED:
            failures.pop(next(iter(failures)))
        failures[watched] = (count + 1, self.clock.stamp().mono_ns)

    def _forget_places(self, today: str) -> None:
        if today != _NO_DAY:
            oldest = str(date.fromisoformat(today) - timedelta(days=_PLACE_KEPT_DAYS))
            self._write("DELETE FROM places WHERE day < ? AND day <> ?", (oldest, _NO_DAY))
        self._write(
            "DELETE FROM places WHERE rowid NOT IN "
            "(SELECT rowid FROM places ORDER BY rowid DESC LIMIT ?)",
            (_PLACES_KNOWN,),
        )

    def _kept_places(self) -> dict[str, str]:
        return dict(self._rows("SELECT place, day FROM places"))

    def _read(self, query: str, values: tuple[object, ...]) -> Any:
        return next(iter(self._rows(query, values)), None)

    def _rows(self, query: str, values: tuple[object, ...] = ()) -> list[Any]:
        try:
            with self._lock:
                return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"devices and staff cannot be read: {error}") from error

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """What is done inside is done as a whole, or, where it raises, not at all."""
        try:
            with self._lock:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield self._db
                    self._db.execute("COMMIT")
                except BaseException:
                    self._db.execute("ROLLBACK")
                    raise
        except sqlite3.Error as error:
            raise StoreError(f"devices and staff cannot be stored: {error}") from error

    def _write(self, query: str, values: tuple[object, ...]) -> int:
        try:
            with self._lock:
                return self._db.execute(query, values).rowcount
        except sqlite3.Error as error:
            raise StoreError(f"devices and staff cannot be stored: {error}") from error


def _put(db: sqlite3.Connection, devices: Mapping[Actor, bytes], machine: str | None) -> None:
    for actor, token in devices.items():
        _check_name(actor)
        if db.execute("SELECT 1 FROM staff WHERE id = ?", (actor.id,)).fetchone() is not None:
            raise NameTakenError(actor.id, "a member of staff")
        db.execute(
            """INSERT INTO devices (id, role, counter, token, machine) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE
            SET role = excluded.role, counter = excluded.counter, token = excluded.token,
                machine = coalesce(excluded.machine, machine)""",
            (actor.id, actor.role, actor.counter, token, machine),
        )


def _check_name(actor: Actor) -> None:
    try:
        from_builtins(msgspec.to_builtins(actor), Actor)
    except msgspec.ValidationError as error:
        raise BadNameError(actor.id, error) from error
    if actor.id == HUB.id:
        raise BadNameError(actor.id, "the hub itself")


def _is_over(since: Stamp, now: Stamp) -> bool:
    age = span(since, now)
    if age is None or age.ms > _LONGEST_SESSION_MS:
        return True
    if since.synced:
        return day_of(since.wall_ms) != day_of(since.wall_ms + age.ms)
    return now.synced and day_of(now.wall_ms - age.ms) != day_of(now.wall_ms)


def new_token() -> str:
    """A secret that nobody guesses."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> bytes:
    """What is kept of a token: its SHA-256."""
    return hashlib.sha256(token.encode()).digest()


def _stretch(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, **_SCRYPT)
