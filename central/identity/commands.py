"""The commands of `thutu-central` about the identities of nodes."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from central.access.audit import Deed, record
from central.appointments.commands import named, slot_rule
from central.appointments.withdrawal import unfit
from central.commands import Commands, invoking_user, note, reason, site_of, words
from central.configuration.hubs import differing, in_service
from central.identity.broker_files import FORMER_ACCESS_LIST, carry_to_broker
from central.identity.desk import LIST_FILE, folder_of, has_authority, write_list
from central.identity.own_certificates import (
    OWN_FILES,
    check_broker_names,
    issue_broker,
    issue_own,
)
from central.identity.register import CertificateRow, Register
from central.identity.registrar import Ended, Registrar
from central.rollup.business_day import day_of
from central.scope import Scope
from central.settings import CentralSettings
from central.store.appointments import Appointments
from central.store.awaited_nodes import await_no_more, awaited_from
from central.store.connection import Connection
from central.store.database import reading, transaction, writing
from central.store.given_up import is_known, retire
from central.store.site_facts import is_registered
from runtime.authority import Authority
from runtime.clock import SystemClock
from runtime.enrolment import fingerprint
from runtime.worded_error import WordedError


class IdentityError(WordedError):
    """A command that cannot be done; nothing was changed."""

    section = "identity_refused"


def add_identity_commands(commands: Commands) -> None:
    """Add the commands that make the authority, and let nodes in or shut them out."""

    init = commands.add("init-ca", _init)
    init.add_argument("--name", default="Thứ Tự", help=words("help_authority"))
    init.add_argument("--broker", action="append", required=True, help=words("help_broker"))
    renew = commands.add("renew-broker", _renew_broker)
    renew.add_argument("--broker", action="append", required=True, help=words("help_broker"))
    enrol = commands.add("enrol", _enrol)
    enrol.add_argument("site", help=words("help_site"))
    enrol.add_argument("node", help=words("help_node"))
    revoke = commands.add("revoke-node", _revoke)
    revoke.add_argument("node", help=words("help_node"))
    revoke.add_argument("--reason", type=reason, required=True, help=words("help_reason"))
    retire = commands.add("retire-node", _retire)
    retire.add_argument("node", help=words("help_node"))
    retire.add_argument("--reason", type=reason, required=True, help=words("help_reason"))
    retire.add_argument("--back", action="store_true", help=words("help_retire_back"))
    commands.add("certificates", _list)
    carry = commands.add("broker-files", _carry)
    carry.add_argument("--to", type=Path, required=True, help=words("help_broker_folder"))


def _init(settings: CentralSettings, given: argparse.Namespace) -> str:
    check_broker_names(given.broker)
    folder = folder_of(settings.folder)
    now_ms = _now_ms()
    if _was_cut(settings.folder):
        authority = Authority.load(folder)
    else:
        authority = Authority.create(folder, given.name, now_ms)
    issue_own(folder, authority, given.broker, now_ms)
    with closing(Register(folder)) as register:
        write_list(folder, authority, register, now_ms)
    note(settings.database(), "init-ca", given.name)
    return words("authority_made", folder=folder)


def _was_cut(data: Path) -> bool:
    """Whether an authority was made here, but not all that goes with it."""
    files = [folder_of(data) / name for name in (*OWN_FILES, LIST_FILE)]
    return has_authority(data) and not all(file.exists() for file in files)


def _renew_broker(settings: CentralSettings, given: argparse.Namespace) -> str:
    folder = folder_of(settings.folder)
    issue_broker(folder, Authority.load(folder), given.broker, _now_ms())
    names = ", ".join(given.broker)
    note(settings.database(), "renew-broker", names)
    return words("broker_renewed", file=folder / "broker.pem", names=names)


def _enrol(settings: CentralSettings, given: argparse.Namespace) -> str:
    """The token alone goes to the output, which is often a file."""
    site = site_of(given.node)
    if site != given.site:
        raise IdentityError("other_site", node=given.node, site=given.site)
    with reading(settings.database()) as conn:
        if not is_registered(conn, site):
            raise IdentityError("not_registered", site=site)
    with _registrar(settings) as registrar:
        token = registrar.new_token(given.node)
        valid = registrar.valid(given.node)
    note(settings.database(), "enrol", given.node)
    if valid:
        sys.stderr.write(f"{words('enrol_ends', node=given.node, count=valid)}\n")
    return token.text


def _revoke(settings: CentralSettings, given: argparse.Namespace) -> str:
    site_of(given.node)  # refuses what is no name of a node
    ended = _shut_out(settings, given)
    if not any(ended):
        raise IdentityError("nothing_to_revoke", node=given.node)
    note(settings.database(), "revoke-node", f"{given.node}: {given.reason}")
    if not ended.certificates:
        return words("token_revoked", node=given.node)
    return words("revoked", node=given.node, count=ended.certificates)


def _retire(settings: CentralSettings, given: argparse.Namespace) -> str:
    """A node that is shut out is only retired when that was stored: said twice, it is the same."""
    with reading(settings.database()) as conn:
        known, awaited = is_known(conn, given.node), given.node in awaited_from(conn)
    if not known and (given.back or not awaited):
        raise IdentityError("never_heard", node=given.node)
    shut_out = not given.back and has_authority(settings.folder)
    count = _shut_out(settings, given).certificates if shut_out else 0
    action = "retire-node --back" if given.back else "retire-node"
    deed = Deed(invoking_user(), action, f"{given.node}: {given.reason}")
    now_ms = _now_ms()
    with writing(settings.database()) as db, transaction(db.conn):
        retire(db.conn, given.node, None if given.back else now_ms)
        await_no_more(db.conn, given.node)
        record(db.conn, deed, now_ms)
    site = site_of(given.node)
    if given.back:
        return words("retired_back", node=given.node, site=site)
    lines = [words("retired", node=given.node, count=count)]
    with reading(settings.database()) as conn:
        lines += _without(conn, settings, given.node, site)
    return "\n".join(lines)


def _without(conn: Connection, settings: CentralSettings, node: str, site: str) -> Iterator[str]:
    """What is missing at a site without a hub that was retired."""
    now_ms = _now_ms()
    if not in_service(conn, site):
        yield words("retired_last", site=site)
        to_come = Appointments(conn, Scope()).to_come(site, day_of(now_ms))
        yield from named("appointments_left", site, to_come)
        return
    for hub, names in differing(conn, node).items():
        if names:
            yield words("retired_differing", node=node, hub=hub, site=site, names=", ".join(names))
    yield from named("appointments_unfit", site, unfit(conn, site, slot_rule(settings), now_ms))


def _shut_out(settings: CentralSettings, given: argparse.Namespace) -> Ended:
    folder = folder_of(settings.folder)
    authority = Authority.load(folder)
    with closing(Register(folder)) as register:
        registrar = Registrar(authority, register, SystemClock())
        ended = registrar.revoke(given.node, given.reason)
        write_list(folder, authority, register, _now_ms())
    return ended


def _list(settings: CentralSettings, _given: argparse.Namespace) -> str:
    folder = folder_of(settings.folder)
    root = fingerprint(Authority.load(folder).root).hex()
    now_ms = _now_ms()
    with closing(Register(folder)) as register:
        rows = register.certificates()
    return "\n".join((words("authority", fingerprint=root), *(_line(row, now_ms) for row in rows)))


def _carry(settings: CentralSettings, given: argparse.Namespace) -> str:
    identity = folder_of(settings.folder)
    if not has_authority(settings.folder):
        raise IdentityError("no_authority", folder=identity)
    access_list = given.config.parent / "broker/acl"  # where thutu-install lays it
    changed = carry_to_broker(identity, access_list, given.to)
    if not changed:
        return words("nothing_carried", folder=given.to)
    said = [words("carried", folder=given.to, files=", ".join(changed))]
    if FORMER_ACCESS_LIST in changed:
        said.append(words("access_list_kept", file=given.to / FORMER_ACCESS_LIST, own=access_list))
    return "\n".join(said)


def _line(row: CertificateRow, now_ms: int) -> str:
    if row.revoked_ms is not None:
        state = words("state_revoked", day=day_of(row.revoked_ms), reason=row.reason)
    else:
        state = words(
            "state_good" if now_ms <= row.until_ms else "state_over", day=day_of(row.until_ms)
        )
    return f"{row.node}  {row.serial}  {state}"


@contextmanager
def _registrar(settings: CentralSettings) -> Iterator[Registrar]:
    folder = folder_of(settings.folder)
    authority = Authority.load(folder)
    with closing(Register(folder)) as register:
        yield Registrar(authority, register, SystemClock())


def _now_ms() -> int:
    return SystemClock().stamp().wall_ms
