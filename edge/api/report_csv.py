"""A day's report as a table that spreadsheet programs open with a double click."""

import csv
from io import StringIO

from contract.day_report import DayReport
from contract.site_rules import Rules
from runtime.spreadsheet import harmless
from runtime.wording import say

# Spreadsheet programs take a file for UTF-8 only with this at its start.
_BYTE_ORDER_MARK = "\ufeff"
_DECIMAL_MARK = {"vi": ",", "en": "."}
_MS_PER_S = 1000

# The words of a column under `report.<first>`, and where its figure is in each line's figures.
_COLUMNS = (
    ("tickets", "tickets"),
    ("called", "called"),
    ("served", "served"),
    ("no_shows", "no_shows"),
    *(
        (f"{measure}_{part}", f"{measure}.{part}_ms")
        for measure in ("waits", "service_times")
        for part in ("p50", "p90", "longest")
    ),
    ("ratings", "ratings.count"),
    ("rating_mean", "ratings.mean"),
    ("pauses", "pauses"),
    ("paused", "paused_ms"),
)


def report_csv(report: DayReport, rules: Rules, language: str) -> bytes:
    """One line for the site, each service, each counter and each member of staff.

    Durations are whole seconds; what does not apply to a line, or never happened, is empty. No
    name is taken for a formula.
    """

    def words(key: str, **values: object) -> str:
        return say(f"report.{key}", language, **values)

    names = {service.id: service.name.get(language, service.id) for service in rules.services}
    file = StringIO(newline="")
    lines = csv.writer(file)
    head = ("day", "kind", "name", *(column for column, _ in _COLUMNS))
    lines.writerow(words(key) for key in head)
    for kind, name, figures in (
        ("site", rules.site_name, report),
        *(("service", names.get(s.service, s.service), s) for s in report.services),
        *(("counter", words("counter_name", counter=c.counter), c) for c in report.counters),
        *(("staff", s.staff, s) for s in report.staff),
    ):
        cells = (_cell(figures, path, _DECIMAL_MARK[language]) for _, path in _COLUMNS)
        lines.writerow((report.day, words(kind), harmless(name), *cells))
    return (_BYTE_ORDER_MARK + file.getvalue()).encode()


def _cell(figures: object, path: str, decimal_mark: str) -> str:
    value: object = figures
    for part in path.split("."):
        value = getattr(value, part, None)
    match value:
        case int() if path.endswith("_ms"):
            return str(round(value / _MS_PER_S))
        case float():
            return f"{value:.2f}".replace(".", decimal_mark)
        case None:
            return ""
        case _:
            return str(value)
