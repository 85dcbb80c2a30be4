"""A stream lasts as long as who follows it may see it, and there are so many of them at most."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import Request
from pydantic import BaseModel

from central.access.accounts import (
    SESSION_S,
    Admin,
    change_password,
    close_session,
    create_token,
    open_session,
    remove_account,
)
from central.access.passwords import Passwords
from central.access.permissions import Permission
from central.api import streams
from central.api.entrance import Entrance, Shown, TooOftenError
from central.api.streams import Streams
from central.store.connection import Database
from central.store.database import open_for_writing, writing
from tests.edge.running_site import TestClock

NAME = "An"
PROMISED_S = 30
AT_MOST_TURNS = 2_000
OF_ONE_ACCOUNT, OF_ALL = 20, 300


class Seen(BaseModel):
    """How often it was looked."""

    looks: int


class Followed:
    """A centre with one account, which shows its token or a session; each look at what is followed
    takes `look_s` seconds of its clock, and `ends` happens at the third."""

    def __init__(self, database: Path, look_s: float = 1) -> None:
        self.database = database
        self.clock = TestClock()
        with writing(database) as db:
            self.token = self._token(db, NAME)
            session = open_session(db, self.token, self.clock.wall_ms)
        assert session is not None
        self.session = session
        self.streams = Streams(Entrance(database, self.clock, 180), Permission.FIGURES)
        self.ends: Callable[[Database], object] = lambda _db: None
        self.looks = 0
        self.ended_s = 0.0
        self._look_s = look_s

    def add_account(self, name: str) -> Shown:
        """What one more account shows."""
        with writing(self.database) as db:
            return Shown(self._token(db, name), None)

    def _token(self, db: Database, name: str) -> str:
        return create_token(db, name, "national", None, self.clock.wall_ms, who="operator")

    def now_s(self) -> float:
        """Seconds of its clock."""
        return self.clock.mono_ns / 1e9

    def look(self, _admin: Admin) -> Seen:
        """What is followed."""
        self.looks += 1
        assert self.looks < AT_MOST_TURNS, "it never ends"
        if self.looks == 3:
            with closing(open_for_writing(self.database)) as db:
                self.ends(db)
            self.ended_s = self.now_s()
        self.clock.later(self._look_s)
        return Seen(looks=self.looks)

    async def follow(
        self, shown: Shown, news: Callable[[Seen | None, Seen], Seen | None] = lambda _, now: now
    ) -> AsyncGenerator[str, None]:
        """A stream of it."""
        request = Request({"type": "http", "headers": []}, _says_nothing)
        answer = await self.streams.follow(request, shown, "seen", self.look, news)
        return cast("AsyncGenerator[str, None]", answer.body_iterator)


async def _says_nothing() -> Any:
    await asyncio.Event().wait()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What time passes, passes while somebody looks."""
    monkeypatch.setattr(streams, "_EVERY_S", 0)


def revoked(_followed: Followed) -> Callable[[Database], object]:
    return lambda db: remove_account(db, NAME, 0, who="operator")


def signed_out(followed: Followed) -> Callable[[Database], object]:
    return lambda db: close_session(db, followed.session, 0)


def given_another_password(_followed: Followed) -> Callable[[Database], object]:
    return lambda db: change_password(
        db, Passwords(), NAME, "hàng chờ buổi sáng", 0, who="operator"
    )


def over(followed: Followed) -> Callable[[Database], object]:
    """Twelve hours go by."""
    return lambda _db: followed.clock.later(SESSION_S)


@pytest.mark.parametrize("look_s", [1, 9], ids=["idle", "busy"])
@pytest.mark.parametrize(
    ("with_token", "end"),
    [
        (True, revoked),
        (False, revoked),
        (False, signed_out),
        (False, given_another_password),
        (False, over),
    ],
)
def test_a_stream_ends_half_a_minute_after_the_right_to_it(
    database: Path,
    look_s: float,
    with_token: bool,
    end: Callable[[Followed], Callable[[Database], object]],
) -> None:
    followed = Followed(database, look_s)
    followed.ends = end(followed)
    shown = Shown(followed.token, None) if with_token else Shown(None, followed.session)

    async def until_it_ends() -> None:
        async with asyncio.timeout(60):
            async for _ in await followed.follow(shown):
                pass

    asyncio.run(until_it_ends())
    assert 0 < followed.now_s() - followed.ended_s <= PROMISED_S + look_s


def test_whoever_may_see_it_follows_on_and_hears_that_nothing_changes(database: Path) -> None:
    followed = Followed(database)

    async def some() -> list[str]:
        stream = await followed.follow(
            Shown(None, followed.session), lambda known, now: None if known else now
        )
        return [await anext(stream) for _ in range(5)]

    first, *others = asyncio.run(some())
    assert first.startswith("event: seen\ndata: ")
    assert others == [": still here\n\n"] * 4
    assert followed.looks == pytest.approx(4 * PROMISED_S, abs=2)


def test_those_who_come_at_once_take_no_more_places_than_there_are(database: Path) -> None:
    followed = Followed(database)
    shown = Shown(followed.token, None)

    async def begin() -> list[str | None]:
        waiting = [await followed.follow(shown) for _ in range(OF_ONE_ACCOUNT + 1)]
        return [await anext(stream, None) for stream in waiting]

    begun = asyncio.run(begin())
    assert [told is None for told in begun] == [False] * OF_ONE_ACCOUNT + [True]


def test_all_accounts_together_have_so_many_places(database: Path) -> None:
    followed = Followed(database)
    accounts = [followed.add_account(f"An {n}") for n in range(OF_ALL // OF_ONE_ACCOUNT)]
    late = followed.add_account("late")

    async def crowd() -> None:
        running = []
        for shown in accounts * OF_ONE_ACCOUNT:
            running.append(await followed.follow(shown))
            await anext(running[-1])
        with pytest.raises(TooOftenError) as refused:
            await followed.follow(late)
        assert refused.value.words == "admin.error_crowded"
        await running[0].aclose()
        assert await anext(await followed.follow(late))

    asyncio.run(crowd())
