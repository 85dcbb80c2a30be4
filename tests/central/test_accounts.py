"""Accounts, tokens, sessions, lock-out, and the audit log of them."""

import unicodedata

import pytest
from sqlite_utils import Database

from central.access.accounts import (
    SESSION_S,
    AccountError,
    Admin,
    admin_of_session,
    admin_of_token,
    change_password,
    close_session,
    create_account,
    create_token,
    new_password,
    open_session,
    remove_account,
    sign_in,
)
from central.access.audit import first_broken
from central.access.locks import LockRule, SignInLocks, Slowed
from central.access.passwords import Passwords
from central.scope import Role, Scope
from central.store.access import AccessStore
from central.store.connection import Database as AnyDatabase
from tests.edge.running_site import TestClock

NOW_MS = 1_000_000
PASSWORD, WRONG = "hàng chờ buổi sáng", "sai mật khẩu rồi"
QUICK = Passwords(memory_kib=64, passes=1)
RULE = LockRule(after=3, for_s=60, tries_per_minute=10)
HOME, ELSEWHERE = "10.0.0.1", "10.0.0.66"


def made(db: Database, name: str = "An") -> None:
    hashed = new_password(QUICK, PASSWORD, name)
    create_account(db, Admin(name, "national", Scope()), NOW_MS, hashed, who="operator")


class Door:
    """Where people sign in, with a clock that a test moves."""

    def __init__(self, db: Database) -> None:
        self.clock = TestClock()
        self._db = db
        self._locks = SignInLocks(RULE, self.clock)

    def enter(self, password: str, address: str = HOME, name: str = "An") -> str | Slowed | None:
        return sign_in(self._db, QUICK, self._locks, name, password, address=address, now_ms=NOW_MS)

    def guess(self, address: str) -> list[str | Slowed | None]:
        """As many wrong passwords as lock the name for an address."""
        return [self.enter(WRONG, address) for _ in range(RULE.after)]


@pytest.fixture
def door(db: Database) -> Door:
    return Door(db)


def enter(db: Database, password: str, name: str = "An") -> str | None:
    session = Door(db).enter(password, name=name)
    assert not isinstance(session, Slowed)
    return session


def actions(db: Database) -> list[str]:
    return [row.action for row, _ in AccessStore(db.conn).audit(0, 1000)]


# --- accounts and tokens ----------------------------------------------------------------------


def test_a_token_says_who_and_which_scope(db: Database) -> None:
    national = create_token(db, "An", "national", None, NOW_MS, who="operator")
    hanoi = create_token(db, "Bình", "province", "01", NOW_MS, who="operator")
    unit = create_token(db, "Chi", "unit", "01", NOW_MS, unit="01-00097", who="operator")
    assert admin_of_token(db.conn, national) == Admin("An", "national", Scope())
    assert admin_of_token(db.conn, hanoi) == Admin("Bình", "province", Scope("01"))
    assert admin_of_token(db.conn, unit) == Admin("Chi", "unit", Scope("01", "01-00097"))
    assert admin_of_token(db.conn, national + "x") is None
    assert admin_of_token(db.conn, "") is None


@pytest.mark.parametrize(
    ("role", "province", "unit"),
    [
        ("national", "01", None),
        ("province", None, None),
        ("province", "99", None),
        ("province", "01", "01-00097"),
        ("unit", "01", None),
        ("unit", "48", "01-00097"),
        ("unit", "01", "01-99999"),
        ("auditor", None, "01-00097"),
    ],
)
def test_a_role_and_its_place_belong_together(
    db: Database, role: Role, province: str | None, unit: str | None
) -> None:
    with pytest.raises(AccountError):
        create_token(db, "An", role, province, NOW_MS, unit=unit, who="operator")
    assert AccessStore(db.conn).accounts() == []


@pytest.mark.parametrize(
    "name", ["", " An", "x" * 81, "a\nb", "<b>", unicodedata.normalize("NFD", "Bình")]
)
def test_a_name_is_readable_and_used_once(db: Database, name: str) -> None:
    with pytest.raises(AccountError):
        create_token(db, name, "national", None, NOW_MS, who="operator")
    create_token(db, "An", "national", None, NOW_MS, who="operator")
    with pytest.raises(AccountError, match="An"):
        create_token(db, "An", "national", None, NOW_MS, who="operator")


# --- sessions ---------------------------------------------------------------------------------


def test_a_session_ends_by_time_by_sign_out_and_with_its_account(db: Database) -> None:
    token = create_token(db, "An", "national", None, NOW_MS, who="operator")
    one, two, three = (open_session(db, token, NOW_MS) or "" for _ in range(3))
    assert admin_of_session(db.conn, one, NOW_MS + SESSION_S * 1000)
    assert admin_of_session(db.conn, one, NOW_MS + SESSION_S * 1000 + 1) is None
    close_session(db, two, NOW_MS)
    assert admin_of_session(db.conn, two, NOW_MS) is None
    remove_account(db, "An", NOW_MS, who="operator")
    assert admin_of_session(db.conn, three, NOW_MS) is None
    assert admin_of_token(db.conn, token) is None
    with pytest.raises(AccountError):
        remove_account(db, "An", NOW_MS, who="operator")


def test_no_session_without_a_token(db: Database) -> None:
    assert open_session(db, "guess", NOW_MS) is None
    assert open_session(db, "\udcff", NOW_MS) is None
    assert db.execute("SELECT count(*) FROM sessions").fetchone() == (0,)


def test_a_name_and_a_password_open_a_session(db: Database) -> None:
    made(db)
    session = enter(db, PASSWORD)
    assert session
    assert admin_of_session(db.conn, session, NOW_MS) == Admin("An", "national", Scope())
    assert enter(db, unicodedata.normalize("NFD", PASSWORD)), "keyboards differ"
    assert enter(db, PASSWORD + "x") is None
    assert enter(db, PASSWORD, name="Ân") is None
    assert enter(db, "") is None


def test_an_account_with_tokens_only_has_no_password(db: Database) -> None:
    create_token(db, "máy", "national", None, NOW_MS, who="operator")
    assert enter(db, "", name="máy") is None


def test_a_new_password_ends_the_sessions_of_the_old(db: Database) -> None:
    made(db)
    session = enter(db, PASSWORD) or ""
    change_password(db, QUICK, "An", "một mật khẩu khác", NOW_MS, who="operator")
    assert admin_of_session(db.conn, session, NOW_MS) is None
    assert enter(db, PASSWORD) is None
    assert enter(db, "một mật khẩu khác")


@pytest.mark.parametrize("password", ["ngắn", "aaaaaaaaaaaaaaaa", "mật khẩu của an đây", "x" * 201])
def test_an_easy_password_is_refused(password: str) -> None:
    with pytest.raises(AccountError):
        new_password(QUICK, password, "An")


# --- lock-out ---------------------------------------------------------------------------------


def test_wrong_passwords_in_a_row_lock_an_account_for_a_while(db: Database, door: Door) -> None:
    made(db)
    assert door.guess(HOME) == [None] * RULE.after
    assert door.enter(PASSWORD) is None, "locked, also for whoever knows the password"
    door.clock.later(RULE.for_s)
    assert door.enter(PASSWORD)
    assert actions(db)[-5:] == [
        *["sign-in-refused"] * 3,
        "sign-in-locked",
        "signed-in",
    ]


def test_a_stranger_locks_nobody_else_out(db: Database, door: Door) -> None:
    made(db)
    for _ in range(10):
        door.guess(ELSEWHERE)
        assert door.enter(PASSWORD, ELSEWHERE) is None
        assert isinstance(door.enter(PASSWORD), str)
    assert {
        row.address for row, _ in AccessStore(db.conn).audit(0, 1000) if "sign" in row.action
    } == {HOME, ELSEWHERE}


def test_many_strangers_slow_a_name_down_but_not_where_its_owner_works(
    db: Database, door: Door
) -> None:
    made(db)
    assert isinstance(door.enter(PASSWORD), str)
    tries: list[object] = [
        door.enter(WRONG, f"10.1.0.{number}") for number in range(RULE.tries_per_minute)
    ]
    assert tries == [None] * (RULE.tries_per_minute - 1) + [Slowed(7)]
    assert actions(db)[-1] == "sign-in-slowed"
    assert door.enter(PASSWORD, "10.1.0.99") == Slowed(7), "the password is not looked at"
    assert isinstance(door.enter(PASSWORD), str)
    door.clock.later(7)
    assert isinstance(door.enter(PASSWORD, "10.1.0.99"), str)


def test_a_line_with_many_addresses_is_locked_as_one(db: Database, door: Door) -> None:
    made(db)
    for number in range(RULE.after):
        assert door.enter(WRONG, f"2001:db8:0:1::{number}") is None
    assert door.enter(PASSWORD, "2001:db8:0:1:a:b:c:d") is None
    assert isinstance(door.enter(PASSWORD, "2001:db8:0:2::1"), str)


def test_a_name_that_nobody_has_is_locked_and_slowed_like_any(door: Door) -> None:
    tries = [door.enter(WRONG, ELSEWHERE, "Nobody") for _ in range(RULE.after + 1)]
    assert tries == [None] * (RULE.after + 1)
    others: list[object] = [door.enter(WRONG, f"10.1.0.{number}", "Nobody") for number in range(8)]
    assert others == [None] * 7 + [Slowed(7)]


def test_an_answer_in_between_begins_the_count_anew(db: Database, door: Door) -> None:
    made(db)
    for _ in range(3):
        for _ in range(RULE.after - 1):
            assert door.enter(WRONG) is None
        assert door.enter(PASSWORD)


def test_after_a_lock_the_count_begins_anew(db: Database, door: Door) -> None:
    made(db)
    door.guess(HOME)
    door.clock.later(RULE.for_s)
    assert door.enter(WRONG) is None
    assert door.enter(PASSWORD)


def test_a_new_password_opens_what_wrong_ones_locked(db: Database, door: Door) -> None:
    made(db)
    door.guess(HOME)
    change_password(db, QUICK, "An", "một mật khẩu khác", NOW_MS, who="operator")
    assert door.enter("một mật khẩu khác")


# --- what is kept -----------------------------------------------------------------------------


def test_secrets_are_not_in_the_database(db: Database) -> None:
    made(db)
    token = create_token(db, "máy", "national", None, NOW_MS, who="operator")
    sessions = [open_session(db, token, NOW_MS), enter(db, PASSWORD)]
    dump = "\n".join(db.conn.iterdump())
    assert "$argon2id$" in dump
    for secret in (token, PASSWORD, *sessions):
        assert secret
        assert secret not in dump


@pytest.mark.parametrize("name", ["a\0b", "\udcff", "x" * 1000])
def test_whatever_a_stranger_calls_himself_the_audit_log_holds(
    each_db: AnyDatabase, name: str
) -> None:
    locks = SignInLocks(RULE, TestClock())
    given = (each_db, QUICK, locks, name, WRONG)
    assert sign_in(*given, address=ELSEWHERE, now_ms=NOW_MS) is None
    assert first_broken(each_db.conn) is None
    ((row, _),) = AccessStore(each_db.conn).audit(0, 10)
    assert "\0" not in row.who


def test_every_deed_is_in_the_audit_log_and_none_can_be_altered_unseen(db: Database) -> None:
    made(db)
    session = enter(db, PASSWORD) or ""
    close_session(db, session, NOW_MS)
    create_token(db, "máy", "national", None, NOW_MS, who="operator")
    remove_account(db, "máy", NOW_MS, who="operator")
    assert actions(db) == [
        "account-created",
        "signed-in",
        "signed-out",
        "account-created",
        "token-created",
        "account-removed",
    ]
    assert first_broken(db.conn) is None
    db.execute("UPDATE audit SET who = 'Bình' WHERE entry = 2")
    assert first_broken(db.conn) == 2
    db.execute("UPDATE audit SET who = 'An' WHERE entry = 2")
    assert first_broken(db.conn) is None
    db.execute("DELETE FROM audit WHERE entry = 4")
    assert first_broken(db.conn) == 5
