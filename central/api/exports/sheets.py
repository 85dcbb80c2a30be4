"""Tables as CSV for programs and as XLSX for people."""

import csv
import io
from datetime import datetime

import xlsxwriter

from central.api.exports.table import Table
from runtime.spreadsheet import harmless

_WIDEST = 42


def to_csv(table: Table) -> bytes:
    """UTF-8 with a mark at the beginning, without which Excel misreads Vietnamese; a point in
    numbers. Text that a spreadsheet would take for a formula gets an apostrophe in front."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(table.columns)
    writer.writerows(
        [harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in table.rows
    )
    return text.getvalue().encode("utf-8-sig")


def to_xlsx(table: Table, made: datetime) -> bytes:
    """One sheet: title, notes, and a table with filters whose head stays in sight."""
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
        whole = book.add_format({"num_format": "#,##0"})
        broken = book.add_format({"num_format": "#,##0.0##"})
        for line, row in enumerate(table.rows, start=head + 1):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(line, column, cell)
                elif cell is not None:
                    sheet.write_number(
                        line, column, cell, whole if isinstance(cell, int) else broken
                    )
        sheet.freeze_panes(head + 1, 2)
        sheet.autofilter(head, 0, head + max(1, len(table.rows)), len(table.columns) - 1)
    return file.getvalue()


def _width(table: Table, column: int) -> int:
    longest = max((len(str(row[column] or "")) for row in table.rows), default=0)
    return min(_WIDEST, max(longest + 2, len(table.columns[column]) // 2 + 4, 9))
