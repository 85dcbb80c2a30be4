"""Small snapshots for tests of what people look at."""

from contract.commands import Answer
from contract.snapshot import (
    CallView,
    CounterPhase,
    CounterView,
    LinkView,
    ServiceView,
    Snapshot,
    TicketPhase,
    TicketView,
)

NOW_MS = 1_790_647_800_000  # 2026-09-29 09:10 at the site
ANSWER = Answer(seq=12, number="1025", ahead=3, expected_wait_min=9)


def ticket(
    number: str, phase: TicketPhase = "waiting", counter: str | None = None, calls: int = 0
) -> TicketView:
    return TicketView(
        number=number,
        service=number[0],
        phase=phase,
        issued_ms=NOW_MS - 600_000,
        since_ms=NOW_MS,
        counter=counter,
        calls=calls,
    )


def counter_view(
    counter: str = "3",
    number: str | None = None,
    ticket_phase: TicketPhase = "called",
    phase: CounterPhase = "open",
    calls: int = 1,
) -> CounterView:
    return CounterView(
        counter=counter,
        phase=phase,
        since_ms=NOW_MS,
        services=("1",),
        ticket=None if number is None else ticket(number, ticket_phase, counter, calls),
    )


def snapshot(
    *counters: CounterView, seq: int = 1, calls: tuple[CallView, ...] = (), waiting: int = 4
) -> Snapshot:
    return Snapshot(
        node="01-00097-01-h1",
        site="01-00097-01",
        site_name="Phường Cửa Nam",
        seq=seq,
        day="2026-09-29",
        now_ms=NOW_MS + seq,
        clock_trusted=True,
        issuing="open",
        counters=counters,
        services=(
            ServiceView("1", waiting, NOW_MS - 480_000, 9, 2),
            ServiceView("2", 0, None, None, 1),
        ),
        waiting=(),
        parked=(),
        absent=(),
        calls=calls,
        devices=(),
        link=LinkView(connected=True, unsent=0),
        issued_today=31,
        finished_today=20,
        ratings_today=3,
    )
