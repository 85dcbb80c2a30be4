"""The commands of `thutu-central`: how one is added, and what it says to its reader."""

import argparse
from collections.abc import Callable

from central.settings import CentralSettings
from contract.ids import split_node
from runtime.command_line import reader_language
from runtime.worded_error import WordedError
from runtime.wording import say

Command = Callable[[CentralSettings, argparse.Namespace], str]


class NodeNameError(WordedError):
    """What was typed is not the name of a node; nothing was changed."""

    section = "node_refused"


class Commands:
    """The commands of a program; what each answers is said to `tell`."""

    def __init__(
        self,
        parsers: "argparse._SubParsersAction[argparse.ArgumentParser]",
        tell: Callable[[str], None],
    ) -> None:
        self._parsers = parsers
        self._tell = tell

    def add(self, name: str, command: Command) -> argparse.ArgumentParser:
        """Add a command, helped by the words of its name; returns its parser."""
        parser = self._parsers.add_parser(name, help=words(f"help_{name.replace('-', '_')}"))
        parser.set_defaults(command=lambda settings, given: self._tell(command(settings, given)))
        return parser


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
