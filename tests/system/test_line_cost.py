"""What a hub's line costs: every byte of IP between a hub and Mosquitto, with TLS and TCP's own
acknowledgements, as the kernel counted them."""

import re
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple, Self
from uuid import uuid4

import pytest

from contract.commands import (
    Actor,
    Answer,
    AnyCommand,
    CallNext,
    FinishService,
    IssueTicket,
    OpenCounter,
    Order,
    Rate,
    SignIn,
    StartService,
)
from contract.wire import Health
from edge import node
from edge.node import Node
from edge.upstream.sender import HEARTBEAT_S
from tests.edge.running_site import TestClock
from tests.system.identity_ground import NODE, Ground
from tests.waiting import until

VIETNAM = timezone(timedelta(hours=7))
DAY_S = 86_400
BEATS = 12
LONGEST_HEALTH = Health(85, undervoltage=True, wear_percent=100, free_mb=999_999)
TICKETS = 12
TICKETS_A_DAY = 120
# Four times a day a line of mobile radio breaks and comes back.
CONNECTIONS_A_DAY = 4
# IPv4, TCP, and TCP's time stamps, which Linux uses.
HEADERS_BYTES = 20 + 20 + 12
_COUNTERS = struct.Struct("=QQ")
_COUNTERS_AT = 120
_SEGMENTS = struct.Struct("=II")
_SEGMENTS_AT = 136


class Traffic(NamedTuple):
    """Bytes of IP in both directions, and how many packets."""

    bytes: int
    packets: int

    def since(self, before: "Traffic") -> "Traffic":
        return Traffic(self.bytes - before.bytes, self.packets - before.packets)


class Meter:
    """The kernel's own counters (`struct tcp_info`) of what the thread of a hub's line opens."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._sockets: list[socket.socket] = []
        connect = socket.create_connection

        def noted(*args: object, **more: object) -> socket.socket:
            opened: socket.socket = connect(*args, **more)  # type: ignore[arg-type]  # passed on
            if threading.current_thread().name == f"mqtt-thutu-{NODE}":
                self._sockets.append(opened.dup())
            return opened

        monkeypatch.setattr(socket, "create_connection", noted)

    def read(self) -> Traffic:
        size, packets = 0, 0
        for each in self._sockets:
            info = each.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
            segments = sum(_SEGMENTS.unpack_from(info, _SEGMENTS_AT))
            size += sum(_COUNTERS.unpack_from(info, _COUNTERS_AT)) + segments * HEADERS_BYTES
            packets += segments
        return Traffic(size, packets)

    def settled(self) -> Traffic:
        """What was counted once nothing has moved for a while."""
        before = self.read()
        while True:
            threading.Event().wait(0.3)
            if (now := self.read()) == before:
                return now
            before = now

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._sockets:
            each.close()


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Meter]:
    with Meter(monkeypatch) as meter:
        yield meter


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    ground = Ground(tmp_path)
    ground.start_broker()
    try:
        yield ground
    finally:
        ground.stop_broker()


@contextmanager
def running_hub(ground: Ground) -> Iterator[Node]:
    """A hub at 9:00 tomorrow, in opening hours whenever this runs, whose line has come to rest."""
    tomorrow = datetime.now(VIETNAM).replace(hour=9) + timedelta(days=1)
    clock = TestClock(wall_ms=int(tomorrow.timestamp() * 1000))
    ground.give_token()
    with ground.centre() as centre, ground.hub(centre, clock) as hub:
        until(lambda: all_is_sent(hub))
        yield hub


def all_is_sent(hub: Node) -> bool:
    link = hub.hub.snapshot().link
    return link.connected and link.unsent == 0


def do(hub: Node, command: AnyCommand) -> None:
    """Give an order, and leave the line time to say so before the next."""
    actor = Actor("k1", "kiosk") if isinstance(command, IssueTicket) else Actor("nv01", "clerk")
    actor = Actor("p1", "pad", "1") if isinstance(command, Rate) else actor
    reply = hub.hub.submit(Order(uuid4().bytes, actor, command)).result(10)
    assert isinstance(reply, Answer), reply
    threading.Event().wait(0.3)


def a_day_of_rest(connection: Traffic, beat_bytes: float) -> float:
    return CONNECTIONS_A_DAY * connection.bytes + DAY_S / HEARTBEAT_S * beat_bytes


def test_a_day_costs_an_idle_hub_under_200_kb_and_a_busy_one_what_its_tickets_say(
    ground: Ground, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node, "read_health", lambda *_: LONGEST_HEALTH)
    with running_hub(ground) as hub:
        do(hub, SignIn("1"))
        do(hub, OpenCounter("1"))
        connection = meter.settled()
        for _ in range(BEATS):
            hub._bookings_changed()
            threading.Event().wait(0.3)
        beats = meter.settled().since(connection)
        assert all_is_sent(hub)
        before = meter.settled()
        for _ in range(TICKETS):
            for command in (
                IssueTicket(("1",)),
                CallNext("1"),
                StartService("1"),
                FinishService("1"),
                Rate("1", 4),
            ):
                do(hub, command)
        until(lambda: all_is_sent(hub))
        tickets = meter.settled().since(before)
        rows = hub.hub.journal.last_seq
    idle = a_day_of_rest(connection, beats.bytes / BEATS)
    busy = idle + tickets.bytes / TICKETS * TICKETS_A_DAY
    print(
        f"connection and its first words: {connection}; a status: {beats.bytes / BEATS:.0f} bytes "
        f"in {beats.packets / BEATS:.1f} packets; a ticket: {tickets.bytes / TICKETS:.0f} bytes in "
        f"{tickets.packets / TICKETS:.1f}; {rows} rows; "
        f"a day, idle: {idle / 1000:.0f} KB; {TICKETS_A_DAY} tickets: {busy / 1000:.0f} KB"
    )
    assert idle < 200_000
    assert busy < 1_000_000


def test_a_hub_asks_for_a_keepalive_that_needs_no_pings(ground: Ground) -> None:
    with running_hub(ground):
        asked = re.search(rf"as {NODE} \(p5, c1, k([0-9]+)", ground.log.read_text("utf-8"))
    assert asked is not None
    assert HEARTBEAT_S < int(asked[1]) <= 300
