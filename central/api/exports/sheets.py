"""Tables as CSV for programs and as XLSX for people."""

import csv
import io
from datetime import date, datetime

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from central.api.exports.table import Cell, Share, Table
from runtime.spreadsheet import harmless

_WIDEST = 42
_A4 = 9
_LOOKS: dict[type[object], str] = {
    int: "#,##0",
    float: "#,##0.0##",
    Share: "0.0%",
    datetime: "dd/mm/yyyy hh:mm",
    date: "dd/mm/yyyy",
}


def to_csv(table: Table) -> bytes:
    """UTF-8 with a mark at the beginning, without which Excel misreads Vietnamese; a point in
    numbers, and times as ISO 8601 has them. Text that a spreadsheet would take for a formula gets
    an apostrophe in front."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(table.columns)
    writer.writerows([_plain(cell) for cell in row] for row in table.rows)
    return text.getvalue().encode("utf-8-sig")


def to_xlsx(table: Table, made: datetime) -> bytes:
    """One sheet: title, notes, and a table with filters whose head stays in sight; on paper as wide
    as the sheet, with the head on each."""
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        book.set_properties({"title": table.title, "created": made.replace(tzinfo=None)})
        sheet = book.add_worksheet()
        sheet.write_string(0, 0, table.title, book.add_format({"bold": True, "font_size": 14}))
        quiet = book.add_format({"font_color": "#51646a"})
        for line, note in enumerate(table.notes, start=1):
            sheet.write_string(line, 0, note, quiet)
        head = len(table.notes) + 2
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        for column, words in enumerate(table.columns):
            sheet.write_string(head, column, words, bold)
            sheet.set_column(column, column, _width(table, column))
        looks = {kind: book.add_format({"num_format": look}) for kind, look in _LOOKS.items()}
        for line, row in enumerate(table.rows, start=head + 1):
            for column, cell in enumerate(row):
                _write(sheet, line, column, cell, looks)
        sheet.freeze_panes(head + 1, 2)
        sheet.autofilter(head, 0, head + max(1, len(table.rows)), len(table.columns) - 1)
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(head)
    return file.getvalue()


def _plain(cell: Cell) -> str | float | None:
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    return harmless(cell) if isinstance(cell, str) else cell


def _write(
    sheet: Worksheet, line: int, column: int, cell: Cell, looks: dict[type[object], Format]
) -> None:
    if isinstance(cell, str):
        sheet.write_string(line, column, cell)
    elif isinstance(cell, datetime):
        sheet.write_datetime(line, column, cell.replace(tzinfo=None), looks[datetime])
    elif isinstance(cell, date):
        sheet.write_datetime(line, column, cell, looks[date])
    elif cell is not None:
        sheet.write_number(line, column, cell, looks[type(cell)])


def _width(table: Table, column: int) -> int:
    longest = max((_length(row[column]) for row in table.rows), default=0)
    return min(_WIDEST, max(longest + 2, len(table.columns[column]) // 2 + 4, 9))


def _length(cell: Cell) -> int:
    if isinstance(cell, date):
        return len(_LOOKS[type(cell)])
    return len(str(cell or ""))
