"""A plausible morning at a site, as a journal, with what must be found in the figures."""

import random
from collections import Counter
from dataclasses import dataclass, field

from contract import events as e
from contract.stamp import MS_PER_DAY, Span
from tests.central.journal import DAY, Journal

MINUTE_MS = 60_000


@dataclass
class Morning:
    """The journal of a morning and the exact durations in it."""

    journal: Journal
    waits: list[int] = field(default_factory=list)
    services: list[int] = field(default_factory=list)
    issued: int = 0
    finished: int = 0
    answered: Counter[str] = field(default_factory=Counter)

    @property
    def ratings(self) -> int:
        """Answers that are in the figures: whole batches of five of each service."""
        return sum(n - n % 5 for n in self.answered.values())


def morning(
    node: str,
    tickets: int = 60,
    counters: int = 3,
    seed: int = 1,
    *,
    day: str = DAY,
    days_before: int = 0,
) -> Morning:
    """First come, first served, at some counters, from 07:30 on; the last of them still wait."""
    rng = random.Random(seed)
    made = Morning(Journal(node, epoch=f"{seed:016x}"))
    happened: list[tuple[int, e.AnyEvent]] = []
    free_at = {str(number): 0 for number in range(1, counters + 1)}
    happened += [(0, e.CounterOpened(counter, ("1", "2", "3"))) for counter in free_at]
    arrival = 0
    for order in range(1, tickets + 1):
        arrival += int(rng.expovariate(1 / (150 * MINUTE_MS / tickets)))
        service = rng.choice("1112345")
        number = f"{service}{order:03}"
        happened.append((arrival, e.TicketIssued(number, (service,))))
        made.issued += 1
        if order > tickets - 4:
            continue
        counter = min(free_at, key=free_at.__getitem__)
        called = max(arrival + 20_000, free_at[counter])
        wait, walk = called - arrival, rng.randint(8_000, 60_000)
        worked = int(rng.lognormvariate(1.8, 0.5) * MINUTE_MS)
        idle = Span(max(0, called - free_at[counter]))
        happened.append((called, e.TicketCalled(number, counter, service, Span(wait), idle)))
        made.waits.append(wait)
        if rng.random() < 0.05:
            free_at[counter] = called + walk
            happened.append(
                (free_at[counter], e.NoShowMarked(number, counter, service, Span(walk)))
            )
            continue
        started = called + walk
        free_at[counter] = ended = started + worked
        happened += [
            (started, e.ServiceStarted(number, counter, service, Span(walk))),
            (
                ended,
                e.ServiceFinished(
                    number, counter, service, Span(worked), Span(worked), Span(ended - arrival)
                ),
            ),
        ]
        made.services.append(worked)
        made.finished += 1
        if rng.random() < 0.35:
            happened.append(
                (ended + 5_000, e.RatingGiven(counter, service, rng.choice((4, 4, 4, 3)), 4))
            )
            made.answered[service] += 1
    made.journal.open_day(day)
    for at_ms, event in sorted(happened, key=lambda pair: pair[0]):
        made.journal.add(event, at_ms - days_before * MS_PER_DAY)
    return made
