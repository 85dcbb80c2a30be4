"""Which account a provider's word opens, over both engines."""

import pytest

from central.access.accounts import (
    AccountError,
    Admin,
    admin_of_session,
    create_account,
    remove_account,
)
from central.access.audit import first_broken
from central.access.links import (
    link_account,
    link_to_email,
    link_to_subject,
    sign_in_person,
    unlink_account,
)
from central.access.openid.id_token import Person
from central.scope import Scope
from central.store.access import AccessStore, AuditRow
from central.store.access_links import LinkStore
from central.store.connection import Database

NOW_MS = 1_000_000
ISSUER, OTHER = "https://id.example.vn", "https://khac.example.vn"
AN = Admin("An", "province", Scope("01"))
BY_SUBJECT, BY_EMAIL = link_to_subject(ISSUER, "s1"), link_to_email(ISSUER, "An@Example.vn")


@pytest.fixture
def db(each_db: Database) -> Database:
    """With two accounts that have no password."""
    create_account(each_db, AN, NOW_MS, who="operator")
    create_account(each_db, Admin("Bình", "national", Scope()), NOW_MS, who="operator")
    return each_db


def enter(db: Database, subject: str, email: str | None = None, issuer: str = ISSUER) -> str | None:
    """Whose session it is."""
    secret = sign_in_person(db, Person(issuer, subject, email), NOW_MS, "10.0.0.1")
    admin = admin_of_session(db.conn, secret, NOW_MS) if secret else None
    return admin.name if admin else None


def log(db: Database) -> list[AuditRow]:
    assert first_broken(db.conn) is None
    return [row for row, _ in AccessStore(db.conn).audit(0, 1000)]


def test_a_subject_opens_the_account_that_it_is_linked_to_with_its_scope(db: Database) -> None:
    link_account(db, "An", BY_SUBJECT, NOW_MS, who="operator")
    secret = sign_in_person(db, Person(ISSUER, "s1"), NOW_MS, "10.0.0.1") or ""
    assert admin_of_session(db.conn, secret, NOW_MS) == AN
    assert log(db)[-1] == AuditRow(4, NOW_MS, "An", "signed-in", "openid", "10.0.0.1")


def test_nobody_else_gets_in_and_no_account_is_made(db: Database) -> None:
    link_account(db, "An", BY_SUBJECT, NOW_MS, who="operator")
    assert enter(db, "s2") is None
    assert enter(db, "S1") is None
    assert enter(db, "s1", issuer=OTHER) is None
    assert enter(db, "An") is None
    assert len(AccessStore(db.conn).accounts()) == 2
    assert {(row.who, row.action, row.subject) for row in log(db)[-4:]} == {
        ("", "sign-in-refused", "openid, not linked")
    }


def test_a_verified_address_opens_an_account_once_and_then_the_subject_does(db: Database) -> None:
    link_account(db, "An", BY_EMAIL, NOW_MS, who="operator")
    assert enter(db, "s1", None) is None
    assert enter(db, "s1", "other@example.vn") is None
    assert enter(db, "s1", "an@EXAMPLE.vn") == "An"
    assert enter(db, "s1", None) == "An"
    assert enter(db, "s2", "an@example.vn") is None, "an address that was given to somebody else"
    account = AccessStore(db.conn).account("An")
    assert account
    assert LinkStore(db.conn).links(account.account) == [BY_SUBJECT]
    assert [row.who for row in log(db) if row.action == "account-linked"] == [
        "operator",
        "An",
    ]


def test_letters_that_look_like_others_are_no_address(db: Database) -> None:
    for address in ("án@example.vn", "an", "a n@example.vn", "an@exa\u212ample.vn", "@x", ""):
        with pytest.raises(AccountError):
            link_to_email(ISSUER, address)
    link_account(db, "An", link_to_email(ISSUER, "ank@example.vn"), NOW_MS, who="operator")
    assert "an\u212a@example.vn".lower() == "ank@example.vn", "the Kelvin sign"
    assert enter(db, "s9", "an\u212a@example.vn") is None


@pytest.mark.parametrize("subject", ["", "x" * 256, "a\nb"])
def test_a_subject_is_a_line(subject: str) -> None:
    with pytest.raises(AccountError):
        link_to_subject(ISSUER, subject)


def test_a_claim_opens_one_account(db: Database) -> None:
    link_account(db, "An", BY_SUBJECT, NOW_MS, who="operator")
    for name in ("An", "Bình"):
        with pytest.raises(AccountError, match="“An” already"):
            link_account(db, name, BY_SUBJECT, NOW_MS, who="operator")
    with pytest.raises(AccountError, match="no account named"):
        link_account(db, "Chi", BY_EMAIL, NOW_MS, who="operator")


def test_unlinking_ends_the_way_in_and_the_sessions(db: Database) -> None:
    link_account(db, "An", BY_SUBJECT, NOW_MS, who="operator")
    secret = sign_in_person(db, Person(ISSUER, "s1"), NOW_MS) or ""
    unlink_account(db, "An", NOW_MS, who="operator")
    assert admin_of_session(db.conn, secret, NOW_MS) is None
    assert enter(db, "s1") is None
    with pytest.raises(AccountError, match="Nothing is linked"):
        unlink_account(db, "An", NOW_MS, who="operator")
    link_account(db, "Bình", BY_SUBJECT, NOW_MS, who="operator")
    assert enter(db, "s1") == "Bình"


def test_the_end_of_an_account_is_the_end_of_its_links(db: Database) -> None:
    link_account(db, "An", BY_SUBJECT, NOW_MS, who="operator")
    secret = sign_in_person(db, Person(ISSUER, "s1"), NOW_MS) or ""
    remove_account(db, "An", NOW_MS, who="operator")
    assert admin_of_session(db.conn, secret, NOW_MS) is None
    assert enter(db, "s1") is None
    create_account(db, AN, NOW_MS, who="operator")
    assert enter(db, "s1") is None, "a new account of the same name is another"
