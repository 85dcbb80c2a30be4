"""The commands of `thutu-central` about the identities of nodes."""

import argparse
import getpass
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from central.access.audit import Deed, record
from central.identity.broker_files import carry_to_broker
from central.identity.desk import folder_of, has_authority, write_list
from central.identity.own_certificates import issue_own
from central.identity.register import CertificateRow, Register
from central.identity.registrar import Registrar
from central.settings import CentralSettings
from central.store.database import reading, transaction, writing
from contract.ids import split_node
from runtime.authority import Authority
from runtime.clock import SystemClock
from runtime.enrolment import fingerprint

_Say = Callable[[str], None]


class IdentityError(Exception):
    """A command that cannot be done; nothing was changed."""


def add_identity_commands(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", say: _Say
) -> None:
    """Add the commands that make the authority, and let nodes in or shut them out."""

    def add(
        name: str, about: str, command: Callable[[CentralSettings, argparse.Namespace], str]
    ) -> argparse.ArgumentParser:
        parser = commands.add_parser(name, help=about)
        parser.set_defaults(command=lambda settings, given: say(command(settings, given)))
        return parser

    init = add("init-ca", "make the authority that gives nodes their certificates", _init)
    init.add_argument("--name", default="Thứ Tự", help="the authority's name in its certificate")
    init.add_argument(
        "--broker", action="append", required=True, help="a host name or address of the broker"
    )
    enrol = add("enrol", "give out a node's one-time token, good for 24 hours", _enrol)
    enrol.add_argument("site", help="a registered site, such as 01-00097-01")
    enrol.add_argument("node", help="the node, such as 01-00097-01-h1")
    revoke = add("revoke-node", "revoke a node's certificates: stolen, lost, given up", _revoke)
    revoke.add_argument("node")
    revoke.add_argument("--reason", required=True, help="kept in the register and the audit log")
    add("certificates", "list the nodes' certificates", _list)
    carry = add("broker-files", "copy to the broker what it needs, where it differs", _carry)
    carry.add_argument("--to", type=Path, required=True, help="the folder that the broker reads")


def _init(settings: CentralSettings, given: argparse.Namespace) -> str:
    folder = folder_of(settings.folder)
    now_ms = _now_ms()
    authority = Authority.create(folder, given.name, now_ms)
    issue_own(folder, authority, given.broker, now_ms)
    with closing(Register(folder)) as register:
        write_list(folder, authority, register, now_ms)
    _note(settings, "init-ca", given.name)
    return (
        f"made in {folder}: ca.pem (give it to the broker), broker.pem and broker.key (likewise), "
        "centre.pem and centre.key (for [mqtt]), revoked.pem; keep a copy of ca.key under lock"
    )


def _enrol(settings: CentralSettings, given: argparse.Namespace) -> str:
    try:
        site = split_node(given.node).site
    except ValueError as error:
        raise IdentityError(str(error)) from error
    if site != given.site:
        raise IdentityError(f"{given.node} is no node of {given.site}; nothing was given out")
    with reading(settings.database()) as conn:
        known = conn.execute("SELECT 1 FROM sites WHERE code = ? AND registered", (site,))
        if known.fetchone() is None:
            raise IdentityError(f"{site} is not registered: import-sites first")
    with _registrar(settings) as registrar:
        token = registrar.new_token(given.node)
    _note(settings, "enrol", given.node)
    return token.text


def _revoke(settings: CentralSettings, given: argparse.Namespace) -> str:
    folder = folder_of(settings.folder)
    authority = Authority.load(folder)
    with closing(Register(folder)) as register:
        registrar = Registrar(authority, register, SystemClock())
        count = registrar.revoke(given.node, given.reason)
        write_list(folder, authority, register, _now_ms())
    _note(settings, "revoke-node", f"{given.node}: {given.reason}")
    return f"{given.node}: {count} certificates revoked"


def _list(settings: CentralSettings, _given: argparse.Namespace) -> str:
    folder = folder_of(settings.folder)
    root = fingerprint(Authority.load(folder).root).hex()
    now_ms = _now_ms()
    with closing(Register(folder)) as register:
        rows = register.certificates()
    return "\n".join((f"authority {root}", *(_line(row, now_ms) for row in rows)))


def _carry(settings: CentralSettings, given: argparse.Namespace) -> str:
    identity = folder_of(settings.folder)
    if not has_authority(settings.folder):
        raise IdentityError(f"{identity} holds no authority yet: init-ca first; nothing was copied")
    changed = carry_to_broker(identity, given.to)
    return f"{given.to}: {', '.join(changed) or 'nothing'} changed"


def _line(row: CertificateRow, now_ms: int) -> str:
    if row.revoked_ms is not None:
        state = f"revoked {_day(row.revoked_ms)}: {row.reason}"
    else:
        state = f"{'until' if now_ms <= row.until_ms else 'over since'} {_day(row.until_ms)}"
    return f"{row.node}  {row.serial}  {state}"


def _day(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()


@contextmanager
def _registrar(settings: CentralSettings) -> Iterator[Registrar]:
    folder = folder_of(settings.folder)
    authority = Authority.load(folder)
    with closing(Register(folder)) as register:
        yield Registrar(authority, register, SystemClock())


def _note(settings: CentralSettings, action: str, subject: str) -> None:
    deed = Deed(getpass.getuser(), action, subject)
    with writing(settings.database()) as db, transaction(db.conn):
        record(db.conn, deed, _now_ms())


def _now_ms() -> int:
    return SystemClock().stamp().wall_ms
