"""However many ask, a queue is read from the database seldom, and no more of them are kept than
there are sites."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from central.public import board
from central.public.board import Board
from central.public.queue import SiteQueue
from central.store import database as store
from central.store.connection import Connection
from central.store.database import Location
from central.store.protocol import StoreError
from contract.events import TicketIssued
from tests.central.journal import MORNING_MS, NODE, Journal
from tests.central.test_live import HandClock, send
from tests.edge.running_site import TestClock

SITE = NODE.removesuffix("-h1")
MANY = 200
PROMISED_S = 5
SITES = 3_139

Scene = Callable[["Asked"], Coroutine[object, object, None]]


class Asked:
    """A board over the database in `file`, and how often that was read."""

    def __init__(self, file: Path) -> None:
        self.clock = TestClock(MORNING_MS + 60_000)
        self.reads = 0
        self.is_away = False
        self._file = file
        self._journal = Journal()
        self._journal.open_day()
        self._board = Board(file, self.clock, 180)

    def issue(self, number: str) -> None:
        """Somebody has drawn a number, and the centre knows."""
        self._journal.add(TicketIssued(number, ("1",)), 1_000)
        send(self._file, self._journal, HandClock())

    @contextmanager
    def reading_copy(self, location: Location) -> Iterator[Connection]:
        """A connection as the board gets it."""
        self.reads += 1
        if self.is_away:
            raise StoreError("away")
        with store.reading_copy(location) as conn:
            yield conn

    async def queue(self, place: str = NODE) -> SiteQueue | None:
        """What one who asks is told."""
        return await self._board.queue(place)

    async def numbers(self) -> list[str]:
        """The numbers that one who asks is told of."""
        queue = await self.queue()
        return [] if queue is None else sorted(queue.tickets)

    async def crowd(self) -> list[SiteQueue | BaseException | None]:
        """What many are told who ask in the same moment."""
        asking = (self.queue() for _ in range(MANY))
        return await asyncio.gather(*asking, return_exceptions=True)


@pytest.fixture
def play(database: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Scene], None]:
    """Plays a scene at a site where one waits."""
    asked = Asked(database)
    asked.issue("1001")
    monkeypatch.setattr(board, "reading_copy", asked.reading_copy)
    return lambda scene: asyncio.run(scene(asked))


def test_many_who_ask_are_one_question(play: Callable[[Scene], None]) -> None:
    async def scene(asked: Asked) -> None:
        first, *others = await asked.crowd()
        assert isinstance(first, SiteQueue)
        assert all(other is first for other in others)
        for _ in range(MANY):
            assert await asked.queue() is first
        assert asked.reads == 1

    play(scene)


def test_a_queue_is_read_anew_after_its_seconds_and_not_before(
    play: Callable[[Scene], None],
) -> None:
    async def scene(asked: Asked) -> None:
        assert await asked.numbers() == ["1001"]
        asked.issue("1002")
        asked.clock.later(PROMISED_S - 0.01)
        assert await asked.numbers() == ["1001"]
        asked.clock.later(0.01)
        assert await asked.numbers() == ["1001", "1002"]
        assert asked.reads == 2
        asked.clock.later(PROMISED_S - 0.01)
        await asked.crowd()
        assert asked.reads == 2, "the seconds begin anew with each reading"

    play(scene)


def test_a_question_that_failed_is_asked_again_at_once_by_one_for_all(
    play: Callable[[Scene], None],
) -> None:
    async def scene(asked: Asked) -> None:
        asked.is_away = True
        failed = await asked.crowd()
        assert all(isinstance(one, StoreError) for one in failed)
        assert asked.reads == 1
        asked.is_away = False
        assert all(isinstance(one, SiteQueue) for one in await asked.crowd())
        assert asked.reads == 2
        await asked.crowd()
        assert asked.reads == 2

    play(scene)


def test_who_leaves_takes_the_answer_from_nobody(play: Callable[[Scene], None]) -> None:
    async def scene(asked: Asked) -> None:
        leaving, staying = (asyncio.create_task(asked.queue()) for _ in range(2))
        await asyncio.sleep(0)
        leaving.cancel()
        assert isinstance(await staying, SiteQueue)
        assert asked.reads == 1

    play(scene)


def test_a_hub_and_its_site_are_asked_apart(play: Callable[[Scene], None]) -> None:
    async def scene(asked: Asked) -> None:
        assert await asked.queue(SITE) is not await asked.queue(NODE)
        assert asked.reads == 2

    play(scene)


def test_what_was_read_longest_ago_goes_when_there_are_too_many(
    play: Callable[[Scene], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert board._MOST_SITES >= SITES, "all sites of the nation have room"
    monkeypatch.setattr(board, "_MOST_SITES", 3)
    first, second, third, fourth = (f"{SITE}-h{number}" for number in range(1, 5))

    async def scene(asked: Asked) -> None:
        await asked.queue(first)
        asked.clock.later(1)
        for place in (second, third):
            await asked.queue(place)
        asked.clock.later(PROMISED_S - 1)
        for place in (first, fourth):  # the one read anew, the other one too many
            await asked.queue(place)
        assert asked.reads == 5
        for place in (first, third, fourth):
            await asked.queue(place)
        assert asked.reads == 5
        await asked.queue(second)
        assert asked.reads == 6

    play(scene)
