import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import msgspec
import pytest

from contract.commands import IssueTicket, ReportDevice
from contract.snapshot import Snapshot
from edge.api import changes
from edge.api.changes import Changes
from edge.api.snapshots import Snapshots
from tests.edge.running_site import HUB, KIOSK, RunningHub, RunningSite

Event = tuple[int, Snapshot]


def read_event(lines: Iterator[str]) -> Event:
    fields = {}
    for line in lines:
        if not line:
            break
        name, _, value = line.partition(": ")
        fields[name] = value
    assert fields["event"] == "snapshot"
    return int(fields["id"]), msgspec.json.decode(fields["data"], type=Snapshot)


def test_the_whole_picture_at_once_and_after_every_change(
    site: RunningSite, kiosk: httpx.Client
) -> None:
    with kiosk.stream("GET", "/api/stream") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers["cache-control"] == "no-store"
        lines = stream.iter_lines()
        seq, picture = read_event(lines)
        assert (seq, picture.waiting) == (site.hub.house.seq, ())

        site.give(KIOSK, IssueTicket(("1",)))
        seq, picture = read_event(lines)
        assert seq == picture.seq == site.hub.house.seq
        assert [ticket.number for ticket in picture.waiting] == ["1001"]

        site.give(HUB, ReportDevice("printer-1", "lost", "paper-out"))
        _, picture = read_event(lines)
        assert [(d.device, d.state, d.condition) for d in picture.devices] == [
            ("printer-1", "lost", "paper-out")
        ]
        assert len(picture.waiting) == 1


def test_many_changes_make_few_pictures_and_the_last_one_counts(
    site: RunningSite, kiosk: httpx.Client
) -> None:
    with kiosk.stream("GET", "/api/stream") as stream:
        lines = stream.iter_lines()
        read_event(lines)
        for _ in range(200):
            site.give(KIOSK, IssueTicket(("1",)))
        pictures = 0
        newest = 0
        while newest < site.hub.house.seq:
            newest, picture = read_event(lines)
            pictures += 1
    assert len(picture.waiting) == 200
    assert pictures < 100


def test_a_training_stream_shows_only_training(site: RunningSite, kiosk: httpx.Client) -> None:
    site.give(KIOSK, IssueTicket(("1",)))
    with kiosk.stream("GET", "/api/stream", params={"training": "true"}) as stream:
        _, picture = read_event(stream.iter_lines())
    assert picture.training
    assert picture.waiting == ()


def test_who_comes_to_a_silent_site_is_told_the_time_of_now(
    site: RunningSite, kiosk: httpx.Client
) -> None:
    told_ms = []
    for _ in range(2):
        with kiosk.stream("GET", "/api/stream") as stream:
            _, picture = read_event(stream.iter_lines())
        told_ms.append(picture.now_ms)
        site.clock.later(3600)
    assert told_ms[1] - told_ms[0] == 3_600_000


def test_a_reader_who_leaves_is_forgotten(site: RunningSite) -> None:
    followers = Changes(site.hub)
    followed = Snapshots(site.hub, followers)

    async def look_once() -> None:
        stream: AsyncIterator[bytes] = followed.follow(training=False, may_look=lambda: True)
        await anext(stream)
        assert len(followers._followers) == 1
        await stream.aclose()  # type: ignore[attr-defined]  # it is a generator

    asyncio.run(look_once())
    assert len(followers._followers) == 0


def test_a_reader_whose_server_is_gone_stops_nobody(site: RunningHub) -> None:
    followed = Snapshots(site.hub, Changes(site.hub))
    loop = asyncio.new_event_loop()
    stream = followed.follow(training=False, may_look=lambda: True)
    loop.run_until_complete(anext(stream))
    loop.close()
    assert site.give(KIOSK, IssueTicket(("1",))) is not None


def test_the_stream_of_a_removed_device_ends_with_the_next_change(
    site: RunningSite, kiosk: httpx.Client
) -> None:
    with kiosk.stream("GET", "/api/stream") as stream:
        lines = stream.iter_lines()
        read_event(lines)
        site.access.remove_device("kiosk-1")
        site.give(KIOSK, IssueTicket(("1",)))
        assert list(lines) == []


def test_the_stream_of_an_ended_session_ends_on_a_silent_site(
    site: RunningSite, clerk: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "_KEEP_ALIVE_S", 0.1)
    with clerk.stream("GET", "/api/stream") as stream:
        lines = stream.iter_lines()
        read_event(lines)
        read_event(lines)
        site.clock.later(20 * 3600)
        while next(lines, None) is not None:
            pass


def test_a_disk_that_cannot_be_read_ends_no_stream(site: RunningSite, kiosk: httpx.Client) -> None:
    with kiosk.stream("GET", "/api/stream") as stream:
        lines = stream.iter_lines()
        read_event(lines)
        site.access._db.execute("DROP TABLE devices")
        site.give(KIOSK, IssueTicket(("1",)))
        _, picture = read_event(lines)
        assert [ticket.number for ticket in picture.waiting] == ["1001"]
