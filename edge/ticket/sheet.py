"""A slip that is no ticket: a title, and figures under headings."""

from msgspec import Struct


class Section(Struct, frozen=True):
    """Lines under a heading of their own."""

    title: str
    lines: tuple[str, ...]


class Sheet(Struct, frozen=True):
    """A slip in words: whose it is, what it is, and what it says; `mark` stands above all."""

    organisation: str
    title: str
    facts: tuple[str, ...]
    sections: tuple[Section, ...]
    mark: str | None = None
