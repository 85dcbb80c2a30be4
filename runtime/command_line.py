"""A program's command line in its reader's language: Vietnamese, or English where LANG says so."""

import argparse
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, Protocol

from runtime.wording import LANGUAGES, say

_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
_WRONG_USAGE = 2


def reader_language(environment: Mapping[str, str] = os.environ) -> str:
    """The first language of the catalogue unless the locale names another of it.

    Source: POSIX.1-2017, section 8.2: LC_ALL goes before LC_MESSAGES before LANG.
    """
    locale = next((environment[name] for name in _VARIABLES if environment.get(name)), "")
    tag = locale.replace("_", ".").partition(".")[0].lower()
    return tag if tag in LANGUAGES else LANGUAGES[0]


class Words(Protocol):
    """What one program says to its reader."""

    def __call__(self, key: str, **values: object) -> str:
        """The words for `key`, with its placeholders filled. Raises KeyError for no such key."""
        ...


def words_of(section: str) -> Words:
    """The words of a section of the catalogue, by their keys in it, in the reader's language."""

    def words(key: str, **values: object) -> str:
        return say(f"{section}.{key}", reader_language(), **values)

    return words


class CommandLine(argparse.ArgumentParser):
    """An argument parser that speaks the reader's language, and whose subcommands do too.

    Help for arguments comes from the catalogue, in `language`; what argparse finds wrong is quoted
    as it is, for it names the argument.
    """

    def __init__(self, **options: Any) -> None:
        self.language = reader_language()
        super().__init__(**options, add_help=False, formatter_class=_Formatter)
        self._positionals.title = say("command_line.arguments", self.language)
        self._optionals.title = say("command_line.options", self.language)
        self.add_argument(
            "-h", "--help", action="help", help=say("command_line.help", self.language)
        )

    def error(self, message: str) -> NoReturn:
        """Say what was wrong and where the help is, and leave with status 2."""
        self.print_usage(sys.stderr)
        words = say("command_line.wrong", self.language, what=message, program=self.prog)
        self.exit(_WRONG_USAGE, f"{self.prog}: {words}\n")


class _Formatter(argparse.HelpFormatter):
    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        worded = say("command_line.usage", reader_language()) if prefix is None else prefix
        super().add_usage(usage, actions, groups, f"{worded} " if prefix is None else prefix)
