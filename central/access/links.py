"""Accounts that an OpenID Connect provider opens: by the administrator's command, never by signing
in alone."""

import re

from central.access.accounts import AccountError, existing_account, new_session
from central.access.audit import Deed, record
from central.access.openid.id_token import Person
from central.store.access import AccessStore
from central.store.access_links import Link, LinkStore
from central.store.connection import Connection, Database
from central.store.database import transaction

SUBJECT, EMAIL = "sub", "email"
_WAY = "openid"
_EMAIL = re.compile(r"[!-?A-~]{1,64}@[0-9A-Za-z.-]{1,190}")


def link_to_subject(issuer: str, subject: str) -> Link:
    """The link of one person for ever. Raises AccountError for what is no subject."""
    if not subject.isprintable() or not 1 <= len(subject) <= 255:
        raise AccountError("bad_subject", subject=ascii(subject[:80]))
    return Link(issuer, SUBJECT, subject)


def link_to_email(issuer: str, email: str) -> Link:
    """The link of whoever first comes with this verified address; then it becomes a link to their
    subject. Raises AccountError for what is no plain address (letters that only look like
    others are refused)."""
    if not _EMAIL.fullmatch(email):
        raise AccountError("bad_email", email=ascii(email[:80]))
    return Link(issuer, EMAIL, email.lower())


def link_account(db: Database, name: str, link: Link, now_ms: int, *, who: str) -> None:
    """By order of `who`, let a claim open an account. Raises AccountError when there is no such
    account, or the claim opens one already."""
    with transaction(db.conn):
        account = existing_account(db.conn, name)
        other = LinkStore(db.conn).account(link)
        if other is not None:
            raise AccountError("linked_already", who=link.value, name=other.name)
        LinkStore(db.conn).add(account.account, link)
        _record_link(db.conn, who, name, link, now_ms)


def unlink_account(db: Database, name: str, now_ms: int, *, who: str) -> None:
    """By order of `who`, let no provider open an account, and end its sessions. Raises AccountError
    when there is no such account, or nothing is linked to it."""
    with transaction(db.conn):
        account, store = existing_account(db.conn, name), LinkStore(db.conn)
        if not store.links(account.account):
            raise AccountError("not_linked", name=name)
        store.remove_all(account.account)
        record(db.conn, Deed(who, "account-unlinked", name), now_ms)


def sign_in_person(db: Database, person: Person, now_ms: int, address: str = "") -> str | None:
    """The secret of a browser's session for a person whom the provider vouches for, or None when no
    account is linked to them."""
    links, by_subject = LinkStore(db.conn), Link(person.issuer, SUBJECT, person.subject)
    with transaction(db.conn):
        found = links.account(by_subject)
        if found is None and person.email and _EMAIL.fullmatch(person.email):
            by_email = Link(person.issuer, EMAIL, person.email.lower())
            found = links.account(by_email)
            if found is not None:
                links.remove(by_email)
                links.add(found.account, by_subject)
                _record_link(db.conn, found.name, found.name, by_subject, now_ms)
        if found is None:
            record(db.conn, Deed("", "sign-in-refused", f"{_WAY}, not linked", address), now_ms)
            return None
        record(db.conn, Deed(found.name, "signed-in", _WAY, address), now_ms)
        return new_session(AccessStore(db.conn), found.account, now_ms)


def record_unconfirmed(db: Database, now_ms: int, address: str) -> None:
    """Note in the audit log that somebody came back from a provider without a proof."""
    with transaction(db.conn):
        record(db.conn, Deed("", "sign-in-refused", f"{_WAY}, not confirmed", address), now_ms)


def _record_link(conn: Connection, who: str, name: str, link: Link, now_ms: int) -> None:
    subject = f"{name}: {link.claim} {link.value} of {link.issuer}"
    record(conn, Deed(who, "account-linked", subject), now_ms)
