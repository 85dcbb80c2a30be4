"""A day's report as a slip for the ticket printer: short, and the same figures as everywhere."""

from datetime import date

from contract.day_report import CounterFigures, DayReport, ServiceFigures
from contract.site_rules import Rules
from edge.ticket.content import tidy
from edge.ticket.sheet import Section, Sheet
from runtime.wording import say

_MS_PER_MIN = 60_000


def report_sheet(report: DayReport, rules: Rules, language: str, *, training: bool) -> Sheet:
    """The site's day, and a line for each service and counter; waits are medians in minutes."""

    def words(key: str, **values: object) -> str:
        return tidy(say(f"report.slip_{key}", language, **values))

    def line(name: str, figures: ServiceFigures | CounterFigures) -> str:
        done = words("line", name=name, served=figures.served, no_shows=figures.no_shows)
        if figures.waits.p50_ms is None:
            return done
        return f"{done}, {words('wait', minutes=round(figures.waits.p50_ms / _MS_PER_MIN))}"

    names = {service.id: service.name.get(language, service.id) for service in rules.services}
    return Sheet(
        organisation=tidy(rules.site_name),
        title=words("title", day=f"{date.fromisoformat(report.day):%d/%m/%Y}"),
        facts=(
            words("tickets", tickets=report.tickets, visits=report.visits),
            words("others", no_shows=report.no_shows, voided=report.voided),
            words("ratings", ratings=report.ratings.count),
        ),
        sections=(
            Section(
                words("services"),
                tuple(line(names.get(one.service, one.service), one) for one in report.services),
            ),
            Section(
                words("counters"),
                tuple(
                    line(say("report.counter_name", language, counter=one.counter), one)
                    for one in report.counters
                ),
            ),
        ),
        mark=tidy(say("ticket.training", language)) if training else None,
    )
