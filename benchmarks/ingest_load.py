"""What hubs of a busy day send: messages on the wire, and what must be found in the centre."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec import Raw

from central.rollup.business_day import midnight_ms
from contract import events as e
from contract.codec import CHAIN_START, chain, encode_entry, encode_message
from contract.stamp import Span, Stamp
from contract.topics import up
from contract.wire import VERSION, Batch

DAY = "2026-11-20"

_MINUTE_MS = 60_000
_OPENING_AFTER_MS = 450 * _MINUTE_MS
_COUNTERS = 5


@dataclass(slots=True)
class Load:
    """The journals of `nodes` hubs as messages in the order in which a broker would deliver them,
    and how many events, tickets, finished services and ratings, by fives of a hub and service, are
    in them."""

    day: str = DAY
    messages: list[tuple[str, bytes]] = field(default_factory=list)
    events: int = 0
    issued: int = 0
    finished: int = 0
    wait_ms: int = 0
    ratings: int = 0


def day_of_hubs(
    nodes: int, events_per_node: int, events_per_message: int, *, seed: int = 7, day: str = DAY
) -> Load:
    """A day of `nodes` hubs, in messages of `events_per_message`, one hub after the other."""
    load = Load(day=day)
    per_node = []
    for node in node_names(nodes):
        rng = random.Random(f"{seed} {node}")  # noqa: S311 - a seed repeats a day
        rows = list(_rows(rng, events_per_node, load))
        per_node.append(list(messages_of(node, rows, events_per_message)))
        load.events += len(rows)
    for turn in range(max(map(len, per_node))):
        load.messages += [messages[turn] for messages in per_node if turn < len(messages)]
    return load


def node_names(count: int) -> list[str]:
    """Names of hubs, in all provinces in turn."""
    return [f"{1 + i % 34:02}-{20_000 + i:05}-01-h1" for i in range(count)]


def messages_of(node: str, rows: list[bytes], size: int) -> Iterator[tuple[str, bytes]]:
    """The rows of a hub's journal as messages of `size` rows."""
    before = CHAIN_START
    for start in range(0, len(rows), size):
        raws = tuple(map(Raw, rows[start : start + size]))
        after = chain(before, raws)
        batch = Batch(VERSION, node, "00000000000000aa", start + 1, before, after, raws)
        yield up(node, "events"), encode_message(batch)
        before = after


def _rows(rng: random.Random, count: int, load: Load) -> Iterator[bytes]:
    """The journal of a day: openings, then visits one after the other."""
    opening_ms = midnight_ms(load.day) + _OPENING_AFTER_MS
    at_ms, seq = 0, 0
    number = 1000
    answered: Counter[str] = Counter()
    waiting: list[e.Event] = [e.DayOpened(load.day, trusted=True, last_orders={})]
    waiting += [e.CounterOpened(str(i + 1), ("1", "2", "3")) for i in range(_COUNTERS)]
    while seq < count:
        if not waiting:
            number += 1
            waiting = (
                _visit(rng, str(number), load, answered) if seq + 6 <= count else [e.PaperLow("p")]
            )
        at_ms += rng.randint(1_000, 30_000)
        seq += 1
        wall_ms = opening_ms + at_ms % (9 * 60 * _MINUTE_MS)
        stamp = Stamp(wall_ms, at_ms * 1_000_000, "4f1c", synced=True)
        event = waiting.pop(0)
        entry = e.Entry(seq, stamp, "nv01", rng.randbytes(16), training=False, event=event)  # type: ignore[arg-type]  # every event made here is one
        yield encode_entry(entry)
    load.ratings += sum(n - n % 5 for n in answered.values())


def _visit(rng: random.Random, number: str, load: Load, answered: Counter[str]) -> list[e.Event]:
    counter, service = str(rng.randint(1, _COUNTERS)), rng.choice("1112345")
    wait = Span(int(rng.lognormvariate(2.2, 0.7) * _MINUTE_MS))
    walk = Span(rng.randint(8_000, 60_000))
    worked = Span(int(rng.lognormvariate(1.8, 0.5) * _MINUTE_MS))
    visit = Span(wait.ms + walk.ms + worked.ms)
    load.issued += 1
    load.finished += 1
    answered[service] += 1
    load.wait_ms += wait.ms
    return [
        e.TicketIssued(number, (service,)),
        e.TicketPrinted(number, 1, "confirmed"),
        e.TicketCalled(number, counter, service, wait, Span(rng.randint(0, 90_000))),
        e.ServiceStarted(number, counter, service, walk),
        e.ServiceFinished(number, counter, service, worked, worked, visit),
        e.RatingGiven(counter, service, rng.choice((4, 4, 4, 3)), 4),
    ]
