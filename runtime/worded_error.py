"""Errors that say what happened in the words of the catalogue."""

from typing import ClassVar

from runtime.wording import say


class WordedError(Exception):
    """What was asked for cannot be; `str` of it is English, for logs and for programs.

    A value may be such an error too, or several: they are worded in the same language, a line each.
    """

    section: ClassVar[str]

    def __init__(self, key: str, /, **values: object) -> None:
        self.key = key
        self.values = values
        super().__init__(self.words("en"))

    def words(self, language: str) -> str:
        """What people read. Raises KeyError when the catalogue lacks the key."""
        values = {name: _worded(value, language) for name, value in self.values.items()}
        return say(f"{self.section}.{self.key}", language, **values)


def _worded(value: object, language: str) -> object:
    if isinstance(value, WordedError):
        return value.words(language)
    if isinstance(value, tuple):
        return "\n".join(str(_worded(one, language)) for one in value)
    return value
