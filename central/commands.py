"""The commands of `thutu-central`: how one is added, and what it says to its reader."""

import argparse
from collections.abc import Callable

from central.settings import CentralSettings
from runtime.command_line import reader_language
from runtime.wording import say

Command = Callable[[CentralSettings, argparse.Namespace], str]


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


def words(key: str, **values: object) -> str:
    """The words of `thutu-central` for `key`, in the language of whoever typed the command."""
    return say(f"central_tool.{key}", reader_language(), **values)
