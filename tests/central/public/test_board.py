"""What citizens are told of their wait, from the figures of a site through its half-days."""

import asyncio
from contextlib import closing

import pytest

from central.ingest.intake import Intake, Received
from central.public.board import Board
from central.public.queue import place_of
from central.rollup.folder import Folder
from central.store.database import Location, open_for_writing
from central.store.ingest import SqlIngestStore
from central.store.rollup import SqlRollupStore
from contract import events as e
from contract.stamp import Span
from tests.central.journal import DAY, MORNING_MS, NODE, Journal
from tests.edge.running_site import TestClock

MINUTE_MS = 60_000
LIVE_WITHIN_S = 180
NOON_BREAK_MIN = 120


def morning(opened_min: int, now_min: int, call_every_min: int) -> Journal:
    """Everybody came at the opening; one has been called every so many minutes since."""
    journal = Journal()
    journal.open_day()
    calls = (now_min - opened_min) // call_every_min
    for order in range(1, calls + 10):
        journal.add(e.TicketIssued(f"1{order:03}", ("1",)), opened_min * MINUTE_MS + order)
    for order in range(1, calls + 1):
        at_ms = (opened_min + order * call_every_min) * MINUTE_MS - 1
        wait = Span(at_ms - opened_min * MINUTE_MS)
        journal.add(e.TicketCalled(f"1{order:03}", "1", "1", wait, None), at_ms)
    return journal


def told_min(location: Location, journal: Journal, now_min: int) -> int | None:
    """What the last of nine others, and nine alone, would be told."""
    now_ms = MORNING_MS + now_min * MINUTE_MS
    with closing(open_for_writing(location)) as db:
        Intake(SqlIngestStore(db)).commit(
            [
                Received(journal.events_topic, journal.all(), now_ms),
                Received(journal.status_topic, journal.status(wall_ms=now_ms), now_ms),
            ]
        )
        Folder(SqlRollupStore(db)).step()
    board = Board(location, TestClock(now_ms), LIVE_WITHIN_S)
    queue = asyncio.run(board.queue(NODE))
    assert queue is not None
    last = max(queue.tickets)
    return place_of(queue, DAY, last).wait_min


@pytest.mark.parametrize("opened_min", [0, NOON_BREAK_MIN])
@pytest.mark.parametrize("after_min", [12, 20, 29, 45, 60, 76, 119])
def test_the_wait_is_told_by_the_pace_since_the_counters_opened(
    location: Location, opened_min: int, after_min: int
) -> None:
    """Nine wait and one is called every two minutes: eighteen minutes, at any time of the day."""
    now_min = opened_min + after_min
    told = told_min(location, morning(opened_min, now_min, 2), now_min)
    assert told is not None
    assert 16 <= told <= 21


def test_in_the_first_minutes_nothing_is_told(location: Location) -> None:
    assert told_min(location, morning(0, 8, 2), 8) is None
