"""The operations of `/api/v1` that give files; each is written to the audit log."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Path, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response

from central.access.permissions import Permission
from central.api.entrance import Admission, Entrance, Shown
from central.api.exports.report import to_pdf
from central.api.exports.sheets import to_csv, to_xlsx
from central.api.exports.table import Table, days_table, sites_table
from central.api.freshness import local_time
from central.api.known import Period
from central.api.parameters import (
    PROBLEMS,
    FromQuery,
    ToQuery,
    found,
    period_of,
    shown_at,
    where_of,
)
from central.api.turns import Turns
from central.registry.places import Places
from central.scope import Scope, unit_of
from central.store.visible import Where
from runtime.wording import say

_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class FileKind(StrEnum):
    """CSV for programs, XLSX for people."""

    CSV = "csv"
    XLSX = "xlsx"


class Language(StrEnum):
    """Of the file's words; Vietnamese unless asked otherwise."""

    VI = "vi"
    EN = "en"


LanguageQuery = Annotated[Language, Query(alias="language", description="Of the file's words.")]
MonthPath = Annotated[
    str,
    Path(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", description="The month.", examples=["2026-11"]),
]
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_TABLES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {"text/csv": _BINARY, _SHEET: _BINARY}},
}
_PDF: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": {"application/pdf": _BINARY}}
}


# A report is a process of 100 MB and a second or two, a table of all sites and a year 100 MB and
# most of a minute.
_AT_ONCE, _IN_LINE = 1, 7
_AGAIN_S = 10


class Asker(NamedTuple):
    """An account that was let in, and what it shows to be let in again."""

    name: str
    shown: Shown


def export_router(entrance: Entrance) -> APIRouter:
    """The operations, for whom `entrance` lets in to see figures."""

    async def asker(shown: Annotated[Shown, Depends(shown_at(entrance))]) -> Asker:
        async with entrance.admit(shown, Permission.FIGURES) as admission:
            return Asker(admission.admin.name, shown)

    async def in_turn(line: Turns, asker: Asker, work: Callable[[Admission], Response]) -> Response:
        """Whoever stands in line keeps nothing of the database meanwhile."""
        async with (
            line.turn_of(asker.name),
            entrance.admit(asker.shown, Permission.FIGURES) as admission,
        ):
            return await run_in_threadpool(work, admission)

    Asking = Annotated[Asker, Depends(asker)]  # noqa: N806 - a type
    Somewhere = Annotated[Where, Depends(where_of)]  # noqa: N806 - as above
    router = APIRouter(prefix="/api/v1", responses=PROBLEMS, tags=["exports"])
    drawings = Turns(_AT_ONCE, _IN_LINE, _AGAIN_S)
    tables = Turns(_AT_ONCE, _IN_LINE, _AGAIN_S)

    @router.get(
        "/exports/sites.{kind}",
        summary="A table of sites",
        responses=_TABLES,
        response_class=Response,
    )
    async def sites(
        asker: Asking,
        kind: FileKind,
        where: Somewhere,
        *,
        first: FromQuery = None,
        last: ToQuery = None,
        language: LanguageQuery = Language.VI,
    ) -> Response:
        """Every site over a period: throughput, waits, answers, and until when it is complete. One
        table is made at a time; beyond a few who wait, and two of an account, 429."""
        period = _begun(period_of(first, last, entrance.today()), "from", entrance.today())
        work = partial(table_of_sites, kind=kind, where=where, period=period, language=language)
        return await in_turn(tables, asker, work)

    def table_of_sites(
        admission: Admission, kind: FileKind, where: Where, period: Period, language: Language
    ) -> Response:
        title = _titled(
            "sites_title", admission, where, period, places=entrance.places(), language=language
        )
        made = local_time(entrance.now_ms())
        answer = found(admission.archive.sites(period, where))
        names = {
            site.province: entrance.places().name(site.province, period.last) for site in answer
        }
        table = sites_table(title, answer, names, made, language, last=period.last)
        entrance.note(admission, "export", f"sites.{kind} {title}")
        return _file(table, kind, f"sites-{period.first}-{period.last}", made)

    @router.get(
        "/exports/days.{kind}",
        summary="A table of days",
        responses=_TABLES,
        response_class=Response,
    )
    async def days(
        asker: Asking,
        kind: FileKind,
        where: Somewhere,
        *,
        first: FromQuery = None,
        last: ToQuery = None,
        language: LanguageQuery = Language.VI,
    ) -> Response:
        """Every day of a period, of the scope or a part of it; made in turn, as those of sites."""
        period = _begun(period_of(first, last, entrance.today()), "from", entrance.today())
        work = partial(table_of_days, kind=kind, where=where, period=period, language=language)
        return await in_turn(tables, asker, work)

    def table_of_days(
        admission: Admission, kind: FileKind, where: Where, period: Period, language: Language
    ) -> Response:
        title = _titled(
            "days_title", admission, where, period, places=entrance.places(), language=language
        )
        made = local_time(entrance.now_ms())
        table = days_table(title, found(admission.archive.days(period, where)), made, language)
        entrance.note(admission, "export", f"days.{kind} {title}")
        return _file(table, kind, f"days-{period.first}-{period.last}", made)

    @router.get(
        "/reports/{month}.pdf",
        summary="The monthly report",
        responses=_PDF,
        response_class=Response,
    )
    async def report(
        asker: Asking,
        month: MonthPath,
        where: Somewhere,
        language: LanguageQuery = Language.VI,
    ) -> Response:
        """Key figures, every day, the longest waits, ratings with their interval, and how far it
        can be trusted; on A4, with charts. One is drawn at a time; beyond a few who wait, and two
        of an account, 429."""
        period = _begun(_month(month), "month", entrance.today())
        work = partial(drawn, month=month, period=period, where=where, language=language)
        return await in_turn(drawings, asker, work)

    def drawn(
        admission: Admission, month: str, period: Period, where: Where, language: Language
    ) -> Response:
        answer = found(admission.archive.report(period, where))
        made = local_time(entrance.now_ms())
        name = _place(admission.admin.scope, where, entrance.places(), period.last, language)
        if where.site and answer.sites[0].name:
            name = f"{answer.sites[0].name} ({where.site})"
        pdf = to_pdf(answer, name, made, language)
        entrance.note(admission, "export", f"report {month} {name}")
        return _download(pdf, "application/pdf", f"report-{month}.pdf")

    return router


def _month(text: str) -> Period:
    first = date.fromisoformat(f"{text}-01")
    following = (first + timedelta(days=31)).replace(day=1)
    return Period(first, following - timedelta(days=1))


def _begun(period: Period, parameter: str, today: date) -> Period:
    """The period. Raises RequestValidationError for one of which nothing can be known yet."""
    if period.first > today:
        said = f"it begins on {period.first}, and today is {today}"
        raise RequestValidationError([{"loc": (parameter,), "msg": said, "type": "period"}])
    return period


def _titled(
    key: str, admission: Admission, where: Where, period: Period, *, places: Places, language: str
) -> str:
    return say(
        f"centre_report.{key}",
        language,
        where=_place(admission.admin.scope, where, places, period.last, language),
        first=f"{period.first:%d/%m/%Y}",
        last=f"{period.last:%d/%m/%Y}",
    )


def _place(scope: Scope, where: Where, places: Places, day: date, language: str) -> str:
    """The narrowest place that the question and the scope name, as it was called on a day."""
    unit, province = where.unit or scope.unit, where.province or scope.province
    if where.site:
        return f"{places.name(unit_of(where.site), day)} ({where.site})"
    if unit:
        return f"{places.name(unit, day)}, {places.name(unit[:2], day)}"
    return places.name(province, day) if province else say("centre_report.nation", language)


def _file(table: Table, kind: FileKind, name: str, made: datetime) -> Response:
    if kind is FileKind.CSV:
        return _download(to_csv(table), "text/csv; charset=utf-8", f"{name}.csv")
    return _download(to_xlsx(table, made), _SHEET, f"{name}.xlsx")


def _download(content: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)
