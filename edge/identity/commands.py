"""`thutu-hub enrol` and `init-tls`: the hub's certificates, towards the centre and on site."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from edge.command_refused import CommandRefused
from edge.identity.enrolment import CentreUnreachable, EnrolmentRefused, enrol
from edge.identity.folder import IdentityError, IdentityFolder
from edge.settings import HubSettings
from edge.site_certificate import SiteCertificate
from runtime.authority import AuthorityError
from runtime.clock import SystemClock
from runtime.command_line import reader_language, words_of
from runtime.enrolment import EnrolmentToken

_words = words_of("hub_tool")


def add_identity_commands(
    command: Callable[
        [str, Callable[[HubSettings, argparse.Namespace], int]], argparse.ArgumentParser
    ],
    tell: Callable[[str], None],
) -> None:
    """Add them to the parser; `command` is that of `thutu-hub`.

    What people should know is said to `tell`.
    """

    def run(settings: HubSettings, options: argparse.Namespace) -> int:
        _enrol(settings, options)
        tell(_words("enrolled", node=settings.node))
        return 0

    adding = command("enrol", run)
    adding.add_argument("--centre", help=_words("help_centre"))
    adding.add_argument("--token-file", type=Path, help=_words("help_token_file"))

    def run_init_tls(settings: HubSettings, options: argparse.Namespace) -> int:
        made = _init_tls(settings, options)
        tell(_words("tls_made", file=made))
        return 0

    making = command("init-tls", run_init_tls)
    making.add_argument("--name", action="append", default=[], help=_words("help_tls_name"))


def _init_tls(settings: HubSettings, options: argparse.Namespace) -> Path:
    """Make the site's authority and the hub's certificate; returns where the authority's is."""
    clock = SystemClock(has_chip=settings.clock_chip)
    certificate = SiteCertificate(settings.tls_folder, settings.node, clock)
    try:
        certificate.create(settings.site.site, options.name)
    except AuthorityError as error:
        raise CommandRefused("tls_there", folder=settings.tls_folder) from error
    except ValueError as error:
        raise CommandRefused("tls_name", what=error) from error
    return certificate.authority_file


def _enrol(settings: HubSettings, options: argparse.Namespace) -> None:
    identity = settings.identity
    centre = options.centre or (identity and identity.centre)
    file = options.token_file or (identity and identity.token_file)
    if not centre or not file:
        raise CommandRefused("no_centre")
    try:
        token = EnrolmentToken.parse(_token(file))
    except (OSError, ValueError) as error:
        raise CommandRefused("no_token", file=file, what=error) from error
    folder = IdentityFolder(settings.identity_folder, settings.node)
    try:
        enrol(centre, token, folder, settings.node, reader_language())
    except EnrolmentRefused as refused:
        raise CommandRefused("not_enrolled", what=refused) from refused
    except CentreUnreachable as error:
        raise CommandRefused("centre_away", centre=centre, what=error) from error
    except IdentityError as error:
        raise CommandRefused("identity_wrong", what=error) from error


def _token(file: Path) -> str:
    """Read it from standard input for `-`; never from the command line, which everyone can see."""
    return sys.stdin.readline() if file == Path("-") else file.read_text("ascii")
