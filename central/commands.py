"""The commands of `thutu-central`: how one is added, and what it says to its reader."""

import argparse
import getpass
import os
from collections.abc import Callable

from central.access.audit import Deed, record
from central.settings import CentralSettings
from central.store.database import Location, transaction, writing
from contract.ids import split_node
from runtime.clock import SystemClock
from runtime.command_line import reader_language
from runtime.data_owner import user_name
from runtime.worded_error import WordedError
from runtime.wording import say

Command = Callable[[CentralSettings, argparse.Namespace], str]


class NodeNameError(WordedError):
    """What was typed is not the name of a node; nothing was changed."""

    section = "node_refused"


class Commands:
    """The commands of a program, or of a group in it; what each answers is said to `tell`, and its
    help is in `section` of the wording."""

    def __init__(
        self,
        parsers: "argparse._SubParsersAction[argparse.ArgumentParser]",
        tell: Callable[[str], None],
        section: str = "central_tool",
    ) -> None:
        self._parsers = parsers
        self._tell = tell
        self._section = section

    def add(self, name: str, command: Command) -> argparse.ArgumentParser:
        """Add a command, helped by the words of its name; returns its parser."""
        key = f"{self._section}.help_{name.replace('-', '_')}"
        parser = self._parsers.add_parser(name, help=say(key, reader_language()))
        parser.set_defaults(command=lambda settings, given: self._tell(command(settings, given)))
        return parser

    def group(self, name: str, section: str) -> "Commands":
        """Add a command that has commands of its own, with their words in `section`; returns what
        takes these."""
        said = say(f"{section}.{name}_command", reader_language())
        parser = self._parsers.add_parser(name, help=said)
        parsers = parser.add_subparsers(required=True, metavar="COMMAND")
        return Commands(parsers, self._tell, section)


def invoking_user() -> str:
    """The operating system's user who gave the command, for the audit log: behind `sudo` the one
    who called it, and the number of one that has no name.

    The environment is believed: who may run these commands may write the database itself.
    """
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # which of them depends on the version of Python
        return user_name()


def note(database: Location, action: str, subject: str) -> None:
    """A line in the audit log about what a command has done, in a transaction of its own."""
    deed = Deed(invoking_user(), action, subject)
    with writing(database) as db, transaction(db.conn):
        record(db.conn, deed, SystemClock().stamp().wall_ms)


def site_of(node: str) -> str:
    """The site of a node whose name somebody typed. Raises NodeNameError."""
    try:
        return split_node(node).site
    except ValueError as error:
        raise NodeNameError("no_node", node=node) from error


def reason(text: str) -> str:
    """A reason as somebody gave it, for `add_argument`; one that says nothing is refused."""
    if not text.strip():
        raise argparse.ArgumentTypeError(words("empty_reason"))
    return text


def words(key: str, **values: object) -> str:
    """The words of `thutu-central` for `key`, in the language of whoever typed the command."""
    return say(f"central_tool.{key}", reader_language(), **values)
