"""The commands of `thutu-central` about accounts."""

import argparse
import getpass
import sys

from central.access.accounts import (
    AccountError,
    Admin,
    change_password,
    create_account,
    create_token,
    new_password,
    remove_account,
)
from central.access.audit import first_broken
from central.access.links import link_account, link_to_email, link_to_subject, unlink_account
from central.access.passwords import Passwords
from central.access.permissions import PERMISSIONS
from central.commands import Commands, invoking_user, words
from central.scope import Scope
from central.settings import CentralSettings
from central.store.access import AccessStore, AccountRow
from central.store.access_links import LinkStore
from central.store.connection import Connection
from central.store.database import reading, writing
from runtime.clock import SystemClock


def add_access_commands(commands: Commands) -> None:
    """Add the commands that make, list and end accounts."""

    account = commands.add("account", _account)
    _whose(account)
    account.add_argument(
        "--without-password", action="store_true", help=words("help_without_password")
    )
    _whose(commands.add("token", _token))
    _name(commands.add("password", _password))
    _name(commands.add("revoke", _revoke))
    link = commands.add("link-account", _link)
    _name(link)
    whom = link.add_mutually_exclusive_group(required=True)
    whom.add_argument("--subject", help=words("help_subject"))
    whom.add_argument("--email", help=words("help_email"))
    _name(commands.add("unlink-account", _unlink))
    commands.add("accounts", _accounts)
    commands.add("audit", _audit)


def _whose(parser: argparse.ArgumentParser) -> None:
    _name(parser)
    roles = tuple(PERMISSIONS)
    parser.add_argument("--role", choices=roles, required=True, help=words("help_role"))
    parser.add_argument("--province", metavar="CODE", help=words("help_province"))
    parser.add_argument("--unit", metavar="CODE", help=words("help_unit"))


def _name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", required=True, help=words("help_name"))


def _account(settings: CentralSettings, given: argparse.Namespace) -> str:
    scope = Scope.of(given.province, given.unit)
    hashed = None
    if not given.without_password:
        hashed = new_password(Passwords(), _asked_password(), given.name)
    with writing(settings.database()) as db:
        create_account(
            db, Admin(given.name, given.role, scope), _now_ms(), hashed, who=invoking_user()
        )
    return words("account_made", name=given.name)


def _token(settings: CentralSettings, given: argparse.Namespace) -> str:
    scope = Scope.of(given.province, given.unit)
    with writing(settings.database()) as db:
        return create_token(
            db,
            given.name,
            given.role,
            scope.province,
            _now_ms(),
            unit=scope.unit,
            who=invoking_user(),
        )


def _password(settings: CentralSettings, given: argparse.Namespace) -> str:
    password = _asked_password()
    with writing(settings.database()) as db:
        change_password(db, Passwords(), given.name, password, _now_ms(), who=invoking_user())
    return words("password_changed", name=given.name)


def _revoke(settings: CentralSettings, given: argparse.Namespace) -> str:
    with writing(settings.database()) as db:
        remove_account(db, given.name, _now_ms(), who=invoking_user())
    return words("account_removed", name=given.name)


def _link(settings: CentralSettings, given: argparse.Namespace) -> str:
    openid = settings.access.openid
    if openid is None:
        raise AccountError("no_provider")
    if given.email and not openid.ask_email:
        raise AccountError("email_not_asked")
    link = (
        link_to_email(openid.issuer, given.email)
        if given.email
        else link_to_subject(openid.issuer, given.subject)
    )
    with writing(settings.database()) as db:
        link_account(db, given.name, link, _now_ms(), who=invoking_user())
    return words("account_linked", who=link.value, issuer=openid.issuer, name=given.name)


def _unlink(settings: CentralSettings, given: argparse.Namespace) -> str:
    with writing(settings.database()) as db:
        unlink_account(db, given.name, _now_ms(), who=invoking_user())
    return words("account_unlinked", name=given.name)


def _accounts(settings: CentralSettings, _given: argparse.Namespace) -> str:
    with reading(settings.database()) as conn:
        return "\n".join(_line(conn, row) for row in AccessStore(conn).accounts())


def _line(conn: Connection, row: AccountRow) -> str:
    links = LinkStore(conn).links(row.account)
    return "; ".join(
        (
            f"{row.name}: {row.role}, {row.unit or row.province or words('nation')}",
            *(f"{link.claim} {link.value}, {link.issuer}" for link in links),
        )
    )


def _audit(settings: CentralSettings, _given: argparse.Namespace) -> str:
    with reading(settings.database()) as conn:
        broken, (last, _) = first_broken(conn), AccessStore(conn).last_audit()
    if broken is not None:
        raise AccountError("audit_broken", line=broken)
    return words("audit_whole", lines=last)


def _asked_password() -> str:
    """From the keyboard, twice and unseen; or one line of what another program sends."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass(f"{words('ask_password')} ")
    if getpass.getpass(f"{words('ask_again')} ") != password:
        raise AccountError("passwords_differ")
    return password


def _now_ms() -> int:
    return SystemClock().stamp().wall_ms
