"""The day's log and report in words and figures. Pure."""

from collections.abc import Iterable

from msgspec import Struct, structs

from contract.day_log import LogLine, LogPage
from contract.day_report import CounterFigures, DayReport, ServiceFigures, StaffFigures
from display.terminal.scene import (
    Scene,
    clock_time,
    date_words,
    elapsed,
    priority_name,
    reason_words,
    service_name,
)
from runtime.wording import say

_NONE = "–"
_Figures = DayReport | ServiceFigures | CounterFigures | StaffFigures


class LogRow(Struct, frozen=True):
    """When, what, by whom and why."""

    time: str
    what: str
    who: str
    why: str


class Sheet(Struct, frozen=True):
    """A table under its title: `head` names the columns, the first of which names the row."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def log_rows(scene: Scene, page: LogPage) -> tuple[LogRow, ...]:
    """The lines of a page."""
    return tuple(
        LogRow(
            clock_time(line.at_ms),
            _what(scene, line),
            line.actor,
            reason_words(scene, line.reason or ""),
        )
        for line in page.lines
    )


def report_lines(scene: Scene, report: DayReport) -> tuple[str, ...]:
    """The day in two sentences."""
    language = scene.language
    mean = "" if report.ratings.mean is None else f" ({report.ratings.mean:.2f})"
    return (
        say(
            "terminal.report_visits",
            language,
            tickets=report.tickets,
            visits=report.visits,
            served=report.served,
        ),
        say(
            "terminal.report_others",
            language,
            no_shows=report.no_shows,
            voided=report.voided,
            ratings=f"{report.ratings.count}{mean}",
        ),
    )


def report_sheets(scene: Scene, report: DayReport) -> tuple[Sheet, ...]:
    """The site and its services, its counters, its staff."""
    language = scene.language
    whole = (scene.snapshot.site_name, report)
    services = ((service_name(scene, one.service), one) for one in report.services)
    counters = ((f"{say('terminal.counter', language)} {c.counter}", c) for c in report.counters)
    staff = ((one.staff, one) for one in report.staff)
    return (
        _sheet("report_services", language, (whole, *services)),
        _sheet("report_counters", language, counters),
        _sheet("report_staff", language, staff),
    )


def _sheet(title: str, language: str, named: Iterable[tuple[str, _Figures]]) -> Sheet:
    head = tuple(
        say(f"terminal.report_{column}", language)
        for column in ("served", "no_shows", "wait", "wait_90", "service", "service_90", "ratings")
    )
    rows = tuple((name, *_cells(figures)) for name, figures in named)
    return Sheet(say(f"terminal.{title}", language), ("", *head), rows)


def _cells(figures: _Figures) -> tuple[str, ...]:
    waits = None if isinstance(figures, StaffFigures) else figures.waits
    services = figures.service_times
    return (
        str(figures.served),
        str(figures.no_shows),
        _time(waits.p50_ms if waits else None),
        _time(waits.p90_ms if waits else None),
        _time(services.p50_ms),
        _time(services.p90_ms),
        str(figures.ratings.count),
    )


def _time(duration_ms: int | None) -> str:
    return _NONE if duration_ms is None else elapsed(duration_ms)


def _what(scene: Scene, line: LogLine) -> str:
    services = ", ".join(service_name(scene, service) for service in line.services)
    named = {
        "services": services or say("terminal.usual_services", scene.language),
        "service": service_name(scene, line.service or ""),
        "priority": priority_name(scene, line.priority or ""),
        "day": date_words(line.day or ""),
    }
    return say(f"log.{line.kind}", scene.language, **{**structs.asdict(line), **named})
