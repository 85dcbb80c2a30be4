"""`thutu-hub enrol`: get the hub's certificate by hand, and see at once whether it came."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from edge.command_refused import CommandRefused
from edge.identity.enrolment import CentreUnreachable, EnrolmentRefused, enrol
from edge.identity.folder import IdentityError, IdentityFolder
from edge.settings import HubSettings
from runtime.enrolment import EnrolmentToken
from runtime.wording import say


def add_identity_commands(
    command: Callable[
        [str, Callable[[HubSettings, argparse.Namespace], int]], argparse.ArgumentParser
    ],
    words: Callable[[str], str],
    tell: Callable[[str], None],
) -> None:
    """Add them to the parser; `command` and `words` are those of `thutu-hub`.

    What people should know is said to `tell`.
    """

    def run(settings: HubSettings, options: argparse.Namespace) -> int:
        _enrol(settings, options)
        tell(say("hub_tool.enrolled", options.language, node=settings.node))
        return 0

    adding = command("enrol", run)
    adding.add_argument("--centre", help=words("help_centre"))
    adding.add_argument("--token-file", type=Path, help=words("help_token_file"))


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
        enrol(centre, token, folder, settings.node, options.language)
    except EnrolmentRefused as refused:
        raise CommandRefused("not_enrolled", what=refused) from refused
    except CentreUnreachable as error:
        raise CommandRefused("centre_away", centre=centre, what=error) from error
    except IdentityError as error:
        raise CommandRefused("identity_wrong", what=error) from error


def _token(file: Path) -> str:
    """Read it from standard input for `-`; never from the command line, which everyone can see."""
    return sys.stdin.readline() if file == Path("-") else file.read_text("ascii")
