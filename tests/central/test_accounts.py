"""Tokens and sessions."""

import pytest
from sqlite_utils import Database

from central.access.accounts import (
    SESSION_S,
    AccountError,
    admin_of_session,
    admin_of_token,
    close_session,
    create_token,
    open_session,
    revoke_token,
)
from central.scope import Scope

NOW_MS = 1_000_000


def test_a_token_says_who_and_which_scope(db: Database) -> None:
    national = create_token(db, "An", "national", None, NOW_MS)
    hanoi = create_token(db, "Bình", "province", "01", NOW_MS)
    an, binh = admin_of_token(db.conn, national), admin_of_token(db.conn, hanoi)
    assert an is not None
    assert binh is not None
    assert (an.name, an.scope) == ("An", Scope())
    assert (binh.name, binh.scope) == ("Bình", Scope("01"))
    assert admin_of_token(db.conn, national + "x") is None
    assert admin_of_token(db.conn, "") is None


def test_secrets_are_not_in_the_database(db: Database) -> None:
    token = create_token(db, "An", "national", None, NOW_MS)
    session = open_session(db, token, NOW_MS)
    assert session is not None
    dump = "\n".join(db.conn.iterdump())
    assert token not in dump
    assert session not in dump


@pytest.mark.parametrize(("role", "province"), [("national", "01"), ("province", None)])
def test_a_role_and_its_province_belong_together(
    db: Database, role: str, province: str | None
) -> None:
    with pytest.raises(AccountError):
        create_token(db, "An", role, province, NOW_MS)  # type: ignore[arg-type]  # that is the test


def test_a_name_is_used_once(db: Database) -> None:
    create_token(db, "An", "national", None, NOW_MS)
    with pytest.raises(AccountError, match="An"):
        create_token(db, "An", "national", None, NOW_MS)


def test_a_session_ends_by_time_by_sign_out_and_with_its_token(db: Database) -> None:
    token = create_token(db, "An", "national", None, NOW_MS)
    one, two, three = (open_session(db, token, NOW_MS) or "" for _ in range(3))
    assert admin_of_session(db.conn, one, NOW_MS + SESSION_S * 1000)
    assert admin_of_session(db.conn, one, NOW_MS + SESSION_S * 1000 + 1) is None
    close_session(db, two)
    assert admin_of_session(db.conn, two, NOW_MS) is None
    revoke_token(db, "An")
    assert admin_of_session(db.conn, three, NOW_MS) is None
    assert admin_of_token(db.conn, token) is None
    with pytest.raises(AccountError):
        revoke_token(db, "An")


def test_no_session_without_a_token(db: Database) -> None:
    assert open_session(db, "guess", NOW_MS) is None
    assert open_session(db, "\udcff", NOW_MS) is None
    assert db.execute("SELECT count(*) FROM sessions").fetchone() == (0,)
