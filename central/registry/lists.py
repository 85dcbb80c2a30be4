"""Reading an operator's list in CSV: all of it, or its faults with their lines."""

import csv
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

from runtime.worded_error import WordedError

_MOST_FAULTS = 50
_LONGEST_NAME = 200


class ListError(WordedError):
    """A list that cannot be used; every fault with its line, one to a line."""

    section = "list_refused"


def read_lines(path: Path) -> list[str]:
    """The lines of a file in UTF-8. Raises ListError."""
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise ListError("unreadable", file=path, what=error.strerror) from error
    except UnicodeDecodeError as error:
        raise ListError("not_utf8", file=path) from error


def take_rows(
    lines: Sequence[str],
    columns: Sequence[str],
    take: Callable[[Mapping[str, str]], None],
    *,
    optional: Sequence[str] = (),
) -> None:
    """Give each row below the line of column names to `take`, by column, in NFC and stripped; a
    list may lack `optional` columns.

    `take` raises ListError for a row with a fault. Raises ListError naming every fault with its
    line; nothing of a faulty list should be used.
    """
    faults: list[ListError] = []
    reader = csv.DictReader((f"{line}\n" for line in lines), strict=True)
    try:
        found = tuple(reader.fieldnames or ())
        columns = (*columns, *(column for column in optional if column in found))
        if sorted(found) != sorted(columns):
            raise ListError("columns", wanted=", ".join(columns), found=", ".join(found))
        for row in reader:
            try:
                take(_plain(row, columns))
            except ListError as fault:
                faults.append(ListError("line", line=reader.line_num, fault=fault))
    except csv.Error as error:
        faults.append(ListError("line", line=reader.line_num, fault=error))
    refuse(faults)


def read_name(text: str) -> str:
    """A name that fits on a page. Raises ListError."""
    if not 0 < len(text) <= _LONGEST_NAME or not text.isprintable():
        raise ListError("name", longest=_LONGEST_NAME)
    return text


def read_days(first: str, last: str) -> tuple[date | None, date | None]:
    """The first and the last day in force, None where nothing is written. Raises ListError."""
    days = tuple(_read_day(text) if text else None for text in (first, last))
    if days[0] and days[1] and days[1] < days[0]:
        raise ListError("ends_before", first=days[0], last=days[1])
    return days[0], days[1]


def refuse(faults: Sequence[ListError]) -> None:
    """Raise a ListError that names the first of these faults; without any do nothing."""
    if faults:
        raise ListError("faults", faults=tuple(faults[:_MOST_FAULTS]))


def _read_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ListError("day", day=repr(text)) from error


def _plain(row: Mapping[str | None, str | None], columns: Sequence[str]) -> dict[str, str]:
    if None in row or None in row.values():
        raise ListError("fields", count=len(columns))
    return {column: unicodedata.normalize("NFC", row[column] or "").strip() for column in columns}
