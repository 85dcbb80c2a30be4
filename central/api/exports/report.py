"""The monthly report as PDF, on A4."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from io import BytesIO

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace, TTFFont

from central.api.exports.drawing import Bars, Lines, draw
from central.api.exports.fonts import REGULAR, SEMI_BOLD, printable
from central.api.freshness import counted
from central.api.models import DayFigures, Freshness, FreshnessOfMany
from central.api.period_models import MonthReport, ProvincePeriod, RatingFigures, SitePeriod
from runtime.wording import say

_FAMILY = "BeVietnamPro"
_INK, _QUIET, _ACCENT, _LINE = (22, 38, 43), (81, 100, 106), (15, 82, 87), (221, 227, 225)
_MARGIN_MM, _WIDTH_MM, _CHART_MM = 18.0, 174.0, (174.0, 52.0)
_MS_PER_MINUTE = 60_000
_MOST_SITES = 15
_FIGURES_OF_A_ROW = ("wait_p90", "wait_p50", "issued", "visits", "no_shows")


def to_pdf(report: MonthReport, where: str, made: datetime, language: str) -> bytes:
    """Key figures beside those of the month before, days, provinces, the sites with the longest
    waits, ratings, and how far all of it can be trusted; `where` names the scope."""
    return _Paper(where, made, language).whole(report)


class _Paper(FPDF):
    def __init__(self, where: str, made: datetime, language: str) -> None:
        super().__init__(format="A4")
        self._where, self._made, self._language = where, made, language
        self.alias_nb_pages("")  # or a name that holds the alias would become a number
        self.set_margin(_MARGIN_MM)
        self.set_auto_page_break(auto=True, margin=_MARGIN_MM)
        self.add_font(_FAMILY, "", REGULAR)
        self.add_font(_FAMILY, "B", SEMI_BOLD)
        self.set_creation_date(made)
        self.set_lang(language)

    def whole(self, report: MonthReport) -> bytes:
        """The file's bytes."""
        title = self._say("title", month=f"{report.first_day:%m/%Y}")
        self.set_title(f"{title} – {self._where}")
        self.add_page()
        self._line(title, 18, "B", _ACCENT)
        self._line(self._where, 13, "B")
        if self._made.date() <= report.last_day:
            self._body(self._say("not_over", day=f"{self._made:%d/%m/%Y}"))
        self._note(_up_to(report.freshness, self._language))
        self.ln(3)
        self._key_figures(report)
        self._days(report)
        self._provinces(report.provinces, report.last_day)
        self._sites(report.sites, report.last_day)
        self._ratings(report.ratings)
        self._trust(report)
        return bytes(self.output())

    def normalize_text(self, text: str) -> str:
        """What is printed of `text`: nothing vanishes because the letters lack it."""
        font = self.current_font
        return super().normalize_text(
            printable(text, font.cmap) if isinstance(font, TTFFont) else text
        )

    def footer(self) -> None:
        """At the foot of every page."""
        self.set_y(-12)
        self.set_font(_FAMILY, size=7.5)
        self.set_text_color(*_QUIET)
        made = self._say("made", time=f"{self._made:%H:%M %d/%m/%Y}")
        self.cell(_WIDTH_MM / 2, 5, made)
        page = self._say("page", page=self.page_no())
        self.cell(_WIDTH_MM / 2, 5, page, align="R")

    # --- parts --------------------------------------------------------------------------------

    def _key_figures(self, report: MonthReport) -> None:
        last_of_before = report.first_day - timedelta(days=1)
        now = self._summed(report.figures, report.freshness, report.last_day)
        now["reporting"] = f"{report.reporting} / {report.sites_in_all}"
        before = dict.fromkeys(now, "")
        if report.before.reporting:
            before = self._summed(report.before.figures, report.before.freshness, last_of_before)
            before["reporting"] = self._number(report.before.reporting)
        cells = [(key, value, before[key]) for key, value in now.items()]
        width = _WIDTH_MM / 4
        for start in (0, 4):
            top = bottom = self.get_y()
            for place, (key, value, earlier) in enumerate(cells[start : start + 4]):
                left = _MARGIN_MM + place * width
                self.set_xy(left, top)
                self._line(value, 15, "B", width=width)
                self.set_x(left)
                self._line(self._say(key), 8, "", _QUIET, width=width)
                if earlier:
                    self.set_x(left)
                    month = f"{last_of_before:%m/%Y}"
                    words = self._say("month_before", month=month, value=earlier)
                    self._line(words, 7.5, "", _QUIET, width=width)
                bottom = max(bottom, self.get_y())
            self.set_y(bottom + 3)

    def _summed(self, figures: DayFigures, fresh: FreshnessOfMany, last: date) -> dict[str, str]:
        return {
            "column_issued": self._count(figures.issued, fresh, last),
            "column_visits": self._count(figures.visits, fresh, last),
            "column_no_shows": self._count(figures.no_shows, fresh, last),
            "column_wait_p50": self._minutes(figures.wait.p50_ms),
            "column_wait_p90": self._minutes(figures.wait.p90_ms),
            "column_service_p50": self._minutes(figures.service.p50_ms),
            "column_second_wait_p50": self._minutes(figures.second_wait.p50_ms),
        }

    def _days(self, report: MonthReport) -> None:
        self._heading("days")
        days = tuple(f"{point.first_day.day}" for point in report.days)
        waits = [point.figures.wait for point in report.days]
        charts = (
            Bars(
                self._say("chart_issued"),
                _CHART_MM,
                days,
                tuple(point.figures.issued for point in report.days),
            ),
            Lines(
                self._say("chart_wait"),
                _CHART_MM,
                days,
                (
                    (
                        self._say("column_wait_p50"),
                        tuple(_in_minutes(wait.p50_ms) for wait in waits),
                    ),
                    (
                        self._say("column_wait_p90"),
                        tuple(_in_minutes(wait.p90_ms) for wait in waits),
                    ),
                ),
            ),
        )
        for chart, png in zip(charts, draw(charts), strict=True):
            self._picture(png, chart.title)

    def _provinces(self, provinces: Sequence[ProvincePeriod], last: date) -> None:
        if not provinces:
            return
        self._heading("provinces")
        self._table(
            (52, 20, 20, 22, 22, 18, 20),
            [
                self._say(f"column_{name}")
                for name in ("province", *_FIGURES_OF_A_ROW, "reporting_of_sites")
            ],
            [
                [
                    one.name,
                    *self._row(one.figures, one.freshness, last),
                    f"{one.reporting} / {one.sites}",
                ]
                for one in sorted(provinces, key=_longest_wait_first)
            ],
        )

    def _sites(self, sites: Sequence[SitePeriod], last: date) -> None:
        with_waits = [site for site in sites if site.figures.wait.p90_ms is not None]
        worst = sorted(with_waits, key=_longest_wait_first)[:_MOST_SITES]
        if not worst:
            return
        self._heading("longest_waits")
        self._table(
            (70, 22, 22, 20, 20, 20),
            [self._say(f"column_{name}") for name in ("name", *_FIGURES_OF_A_ROW)],
            [
                [site.name or site.site, *self._row(site.figures, site.freshness, last)]
                for site in worst
            ],
        )

    def _row(
        self, figures: DayFigures, fresh: Freshness | FreshnessOfMany, last: date
    ) -> list[str]:
        return [
            self._minutes(figures.wait.p90_ms),
            self._minutes(figures.wait.p50_ms),
            self._count(figures.issued, fresh, last),
            self._count(figures.visits, fresh, last),
            self._count(figures.no_shows, fresh, last),
        ]

    def _ratings(self, ratings: RatingFigures) -> None:
        self._heading("ratings")
        if ratings.answers is None:
            self._body(self._say("ratings_few"))
            return
        self._body(
            self._say(
                "ratings_given",
                answers=self._number(ratings.answers),
                finished=self._number(ratings.finished),
                rate=self._share(ratings.response_rate),
            )
        )
        if ratings.satisfied_interval is None:
            self._body(self._say("ratings_hidden"))
        else:
            self._body(
                self._say(
                    "ratings_satisfied",
                    share=self._share(ratings.satisfied),
                    low=self._share(ratings.satisfied_interval.low),
                    high=self._share(ratings.satisfied_interval.high),
                )
            )
        self._note(self._say("ratings_no_survey"))

    def _trust(self, report: MonthReport) -> None:
        self._heading("trust")
        self._body(
            self._say(
                "trust_words",
                sites=report.sites_in_all,
                reporting=report.reporting,
                never=report.freshness.never,
                offline=report.freshness.offline,
                missing=self._number(report.freshness.missing),
                unsure=self._number(report.figures.unsure),
            )
        )
        for key in ("silence", "method", "hidden"):
            self._note(self._say(key))

    # --- drawing ------------------------------------------------------------------------------

    def _line(
        self,
        text: str,
        size: float,
        style: str = "",
        colour: tuple[int, int, int] = _INK,
        width: float = _WIDTH_MM,
    ) -> None:
        self.set_font(_FAMILY, style, size)
        self.set_text_color(*colour)
        self.multi_cell(width, size * 0.48, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _heading(self, key: str) -> None:
        if self.will_page_break(40):
            self.add_page()
        self.ln(5)
        self._line(self._say(key), 12, "B", _ACCENT)
        self.ln(1.5)

    def _body(self, text: str) -> None:
        self._line(text, 9.5)
        self.ln(1)

    def _note(self, text: str) -> None:
        self._line(text, 8.5, "", _QUIET)
        self.ln(0.8)

    def _picture(self, png: bytes, words: str) -> None:
        if self.will_page_break(_CHART_MM[1] + 4):
            self.add_page()
        self.image(BytesIO(png), w=_CHART_MM[0], alt_text=words)
        self.ln(3)

    def _table(
        self, widths: Sequence[int], head: Sequence[str], rows: Sequence[Sequence[str]]
    ) -> None:
        self.set_font(_FAMILY, size=8.5)
        self.set_text_color(*_INK)
        self.set_draw_color(*_LINE)
        with self.table(
            col_widths=tuple(widths),
            width=_WIDTH_MM,
            text_align=("LEFT", *["RIGHT"] * (len(widths) - 1)),
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=FontFace(emphasis="BOLD", color=_QUIET),
            line_height=4.6,
            padding=0.8,
        ) as table:
            for cells in (head, *rows):
                row = table.row()
                for cell in cells:
                    row.cell(cell)

    # --- words --------------------------------------------------------------------------------

    def _say(self, key: str, **values: object) -> str:
        return say(f"centre_report.{key}", self._language, **values)

    def _number(self, n: float, places: int = 0) -> str:
        text = f"{n:,.{places}f}"
        return text.translate(str.maketrans(",.", ".,")) if self._language == "vi" else text

    def _count(self, n: int, fresh: Freshness | FreshnessOfMany, last: date) -> str:
        known = counted(n, fresh, last, self._made.date())
        return "–" if known is None else self._number(known)

    def _minutes(self, ms: int | None) -> str:
        return "–" if ms is None else self._number(ms / _MS_PER_MINUTE, 1)

    def _share(self, share: float | None) -> str:
        return "–" if share is None else f"{self._number(share * 100, 1)} %"


def _up_to(fresh: FreshnessOfMany, language: str) -> str:
    time = fresh.complete_up_to
    known = say("centre_report.unknown", language) if time is None else f"{time:%H:%M %d/%m/%Y}"
    return say("centre_report.complete", language, time=known)


def _longest_wait_first(one: SitePeriod | ProvincePeriod) -> int:
    wait_ms = one.figures.wait.p90_ms
    return 1 if wait_ms is None else -wait_ms


def _in_minutes(ms: int | None) -> float | None:
    return None if ms is None else ms / _MS_PER_MINUTE
