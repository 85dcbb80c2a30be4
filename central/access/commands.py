"""The commands of `thutu-central` about accounts."""

import argparse
import getpass
import sys
from collections.abc import Callable

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
from central.registry.provinces import provinces
from central.scope import Scope
from central.settings import CentralSettings
from central.store.access import AccessStore, AccountRow
from central.store.access_links import LinkStore
from central.store.connection import Connection
from central.store.database import reading, writing
from runtime.clock import SystemClock

_Say = Callable[[str], None]


def add_access_commands(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", say: _Say
) -> None:
    """Add the commands that make, list and end accounts; they say their answers to `say`."""

    def add(
        name: str,
        words: str,
        command: Callable[[CentralSettings, argparse.Namespace], str],
    ) -> argparse.ArgumentParser:
        parser = commands.add_parser(name, help=words)
        parser.set_defaults(command=lambda settings, given: say(command(settings, given)))
        return parser

    account = add("account", "make a person's account; asks for its password", _account)
    _whose(account)
    account.add_argument(
        "--without-password", action="store_true", help="it opens by a link or a token only"
    )
    _whose(add("token", "make a machine's account and its token, which is shown once", _token))
    password = add("password", "give an account a new password, and end its locks", _password)
    password.add_argument("--name", required=True)
    revoke = add("revoke", "end an account, its tokens and its sessions", _revoke)
    revoke.add_argument("--name", required=True)
    link = add("link-account", "let somebody sign in through the OpenID provider", _link)
    link.add_argument("--name", required=True, help="the account")
    whom = link.add_mutually_exclusive_group(required=True)
    whom.add_argument("--subject", help="the provider's name for them, which their page shows")
    whom.add_argument("--email", help="their verified address, for the first time")
    unlink = add("unlink-account", "end that, and the account's sessions", _unlink)
    unlink.add_argument("--name", required=True)
    add("accounts", "list the accounts", _accounts)
    add("audit", "prove that the audit log is as it was written", _audit)


def _whose(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", required=True, help="whose it is")
    parser.add_argument("--role", choices=tuple(PERMISSIONS), required=True)
    parser.add_argument("--province", choices=tuple(provinces()), metavar="CODE")
    parser.add_argument("--unit", metavar="CODE", help="a commune-level unit, such as 01-00097")


def _account(settings: CentralSettings, given: argparse.Namespace) -> str:
    scope = Scope(given.province or (given.unit or "")[:2] or None, given.unit)
    hashed = None
    if not given.without_password:
        hashed = new_password(Passwords(), _asked_password(), given.name)
    with writing(settings.database()) as db:
        create_account(db, Admin(given.name, given.role, scope), _now_ms(), hashed)
    return f"the account {given.name!r} is made"


def _token(settings: CentralSettings, given: argparse.Namespace) -> str:
    province = given.province or (given.unit or "")[:2] or None
    with writing(settings.database()) as db:
        return create_token(db, given.name, given.role, province, _now_ms(), unit=given.unit)


def _password(settings: CentralSettings, given: argparse.Namespace) -> str:
    password = _asked_password()
    with writing(settings.database()) as db:
        change_password(db, Passwords(), given.name, password, _now_ms())
    return f"the password of {given.name!r} is changed, and its sessions have ended"


def _revoke(settings: CentralSettings, given: argparse.Namespace) -> str:
    with writing(settings.database()) as db:
        remove_account(db, given.name, _now_ms())
    return f"the account {given.name!r} is removed"


def _link(settings: CentralSettings, given: argparse.Namespace) -> str:
    openid = settings.access.openid
    if openid is None:
        raise AccountError("the settings name no provider; see [access.openid]")
    if given.email and not openid.ask_email:
        raise AccountError("the provider is not asked for e-mail addresses; set ask_email = true")
    link = (
        link_to_email(openid.issuer, given.email)
        if given.email
        else link_to_subject(openid.issuer, given.subject)
    )
    with writing(settings.database()) as db:
        link_account(db, given.name, link, _now_ms())
    return f"{link.value!r} of {openid.issuer} opens the account {given.name!r}"


def _unlink(settings: CentralSettings, given: argparse.Namespace) -> str:
    with writing(settings.database()) as db:
        unlink_account(db, given.name, _now_ms())
    return f"nobody opens {given.name!r} through a provider now, and its sessions have ended"


def _accounts(settings: CentralSettings, _given: argparse.Namespace) -> str:
    with reading(settings.database()) as conn:
        return "\n".join(_line(conn, row) for row in AccessStore(conn).accounts())


def _line(conn: Connection, row: AccountRow) -> str:
    links = LinkStore(conn).links(row.account)
    return "; ".join(
        (
            f"{row.name}: {row.role}, {row.unit or row.province or 'the nation'}",
            *(f"{link.claim} {link.value} of {link.issuer}" for link in links),
        )
    )


def _audit(settings: CentralSettings, _given: argparse.Namespace) -> str:
    with reading(settings.database()) as conn:
        broken, (last, _) = first_broken(conn), AccessStore(conn).last_audit()
    if broken is not None:
        raise AccountError(f"line {broken} of the audit log is not as it was written")
    return f"the audit log is whole: {last} lines"


def _asked_password() -> str:
    """From the keyboard, twice and unseen; or one line of what another program sends."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Mật khẩu / Password: ")
    if getpass.getpass("Nhập lại / Again: ") != password:
        raise AccountError("the two passwords differ; nothing was stored")
    return password


def _now_ms() -> int:
    return SystemClock().stamp().wall_ms
