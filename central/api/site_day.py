"""One site's day, by service, counter and quarter of an hour, purely."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from central.api.figures import answers, answers_by_service, duration, figures
from central.api.freshness import local_time
from central.api.models import CounterDay, CounterNow, CounterStatus, Quarter, ServiceDay
from central.rollup.business_day import QUARTER_MS
from central.store.cells import CellKey, CounterKey, CounterTally, RatingKey, Tally, merge
from central.store.reader import CounterRow

_MS_PER_HOUR = 3_600_000


def service_days(
    cells: Mapping[CellKey, Tally], ratings: Counter[RatingKey], names: Mapping[str, str]
) -> list[ServiceDay]:
    """Figures by service, in the order of their ids."""
    tallies: defaultdict[str, list[Tally]] = defaultdict(list)
    for key, tally in cells.items():
        tallies[key.service].append(tally)
    given = answers_by_service(ratings)
    days = []
    for service in sorted(tallies):
        of_day = figures(tallies[service])
        days.append(
            ServiceDay(
                service=service,
                name=names.get(service),
                figures=of_day,
                ratings=answers(given[service], of_day.finished),
            )
        )
    return days


def counter_days(cells: Mapping[CounterKey, CounterTally]) -> list[CounterDay]:
    """How each counter spent the day, in the order of their numbers."""
    days = []
    for counter in sorted({key.counter for key in cells}):
        tallies = [tally for key, tally in cells.items() if key.counter == counter]
        service_ms = sum(tally.service_ms for tally in tallies)
        walk_ms = sum(tally.walk_ms for tally in tallies)
        idle_ms = sum(tally.idle_ms for tally in tallies)
        visits = sum(tally.visits for tally in tallies)
        open_ms = service_ms + walk_ms + idle_ms
        days.append(
            CounterDay(
                counter=counter,
                service_ms=service_ms,
                walk_ms=walk_ms,
                idle_ms=idle_ms,
                pause_ms=sum(tally.pause_ms for tally in tallies),
                closed_ms=sum(tally.closed_ms for tally in tallies),
                called=sum(tally.called for tally in tallies),
                finished=sum(tally.finished for tally in tallies),
                visits=visits,
                no_shows=sum(tally.no_shows for tally in tallies),
                visits_per_open_hour=(
                    round(visits * _MS_PER_HOUR / open_ms, 2) if open_ms else None
                ),
            )
        )
    return days


def counters_now(rows: Iterable[CounterRow]) -> list[CounterNow]:
    """What each counter does now."""
    return [
        CounterNow(
            node=row.node,
            counter=row.counter,
            state=CounterStatus(row.state),
            since=None if row.since_ms is None else local_time(row.since_ms),
            pause_reason=row.reason,
        )
        for row in rows
    ]


def quarters(cells: Mapping[CellKey, Tally]) -> list[Quarter]:
    """Every quarter of an hour from the first with an event to the last."""
    tallies: defaultdict[int, list[Tally]] = defaultdict(list)
    for key, tally in cells.items():
        tallies[key.quarter_ms].append(tally)
    if not tallies:
        return []
    found = []
    for start_ms in range(min(tallies), max(tallies) + 1, QUARTER_MS):
        total = merge(tallies.get(start_ms, []))
        found.append(
            Quarter(
                start=local_time(start_ms),
                issued=total.issued,
                called=total.called,
                finished=total.finished,
                no_shows=total.no_shows,
                wait=duration(total.wait),
            )
        )
    return found
