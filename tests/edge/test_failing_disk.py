"""Lives of a hub whose disk fails at any write, before or after it is done, amid power cuts."""

import shutil
import uuid
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import Any, Literal

import pytest
from msgspec.structs import replace

from contract import commands as c
from contract.codec import decode_entry
from contract.commands import Actor
from contract.events import TicketIssued
from contract.refusals import Reason, Refused
from contract.site_rules import Session
from edge.hub import Hub
from edge.store.high_water import HighWater
from edge.store.journal import Journal, StoreError
from edge.store.recovery import rebuild
from tests.edge.core.invariants import Watch
from tests.edge.running_site import EVERY_DAY, IDENTITY, KIOSK, RULES, RunningHub, TestClock

LIVES = 10
HAPPENINGS = 150
BOSS = Actor("pt01", "supervisor")
AT_ALL_HOURS = replace(RULES, sessions=(Session(EVERY_DAY, "00:00", "23:59", "23:59"),))
AT_COUNTER = (
    *(c.StartService, c.FinishService, c.MarkNoShow, c.TakeBackCall, c.Recall),
    *(c.ReopenService, c.TakeBackNoShow),
)
OUTCOMES: tuple[Literal["printed", "failed", "unknown"], ...] = ("printed", "failed", "unknown")


class FailingDisk:
    """A disk whose next writes fail, `left` of them; some are on it nevertheless."""

    def __init__(self, random: Random, patch: pytest.MonkeyPatch) -> None:
        self.left = 0
        self._random = random
        for owner, name in ((Journal, "append"), (HighWater, "write")):
            patch.setattr(owner, name, self._failing(getattr(owner, name), may_be_done=True))
        for name in ("reopen", "save_checkpoint"):
            patch.setattr(Journal, name, self._failing(getattr(Journal, name)))

    def _failing(
        self, write: Callable[..., None], *, may_be_done: bool = False
    ) -> Callable[..., None]:
        def written(store: Any, *what: object) -> None:
            if self.left == 0:
                write(store, *what)
                return
            self.left -= 1
            if may_be_done and self._random.random() < 0.5:  # as where only its sync fails
                known = dict(vars(store))
                write(store, *what)
                vars(store).update(known)
            raise StoreError("disk I/O error")

        return written


class Computer(RunningHub):
    """A hub that lets go of its folder when it cannot start, as a process does that ends."""

    def _started(self) -> Hub:
        hub = Hub(IDENTITY, self.rules, self.folder, self.clock, self._print)
        try:
            hub.start()
        except StoreError:
            hub.close()
            raise
        return hub


class Life:
    """What people ask of a hub, what they were told, and what befalls it."""

    def __init__(self, random: Random, disk: FailingDisk, folder: Path) -> None:
        self.random, self.disk, self.folder = random, disk, folder
        self.cuts = 0
        self.clock = TestClock()
        self.numbers: dict[uuid.UUID, str] = {}
        self.refused: set[uuid.UUID] = set()
        self.computer = Computer(folder / "0", self.clock, AT_ALL_HOURS)

    def happen(self) -> None:
        """Let one thing happen."""
        self.clock.later(self.random.choice((0, 0.1, 3, 20)))
        happenings: tuple[Callable[[], None], ...] = (
            *(self.take_a_number, self.ask_again, self.work, self.report, self.fail),
            *(self.restart, self.cut_power),
        )
        self.random.choices(happenings, (35, 10, 35, 7, 8, 2, 3))[0]()
        if self.computer.hub.damage is not None:
            self.restart()

    def take_a_number(self, key: uuid.UUID | None = None) -> None:
        """At the kiosk; who asked before must be given the same number."""
        key = key or uuid.UUID(int=self.random.getrandbits(128), version=4)
        fails = self.disk.left > 0
        said = self.computer.give(KIOSK, c.IssueTicket((self.random.choice("125"),)), key)
        if isinstance(said, Refused):
            assert fails if said.reason == Reason.NOT_STORED else key in self.refused
            self.refused.add(key)
            return
        assert said.number is not None
        assert self.numbers.setdefault(key, said.number) == said.number
        assert len({*self.numbers.values()}) == len(self.numbers)

    def ask_again(self) -> None:
        """With an earlier id, whatever was said to it."""
        if keys := sorted({*self.numbers, *self.refused}):
            self.take_a_number(self.random.choice(keys))

    def work(self) -> None:
        """Do something at a counter."""
        counter = self.random.choice("12")
        seat = self.computer.hub.house.live.counters.get(counter)
        command: c.AnyCommand = c.CallNext(counter, finish_current=self.random.random() < 0.5)
        if seat is None or seat.phase != "open":
            command = c.OpenCounter(counter)
        elif seat.ticket is not None and self.random.random() < 0.8:
            command = self.random.choice(AT_COUNTER)(counter)
        self.computer.give(BOSS, command)

    def report(self) -> None:
        """The printer speaks of its last slips."""
        for slip in self.computer.prints[-3:]:
            outcome = self.random.choice(OUTCOMES)
            self.computer.hub.report(c.ReportPrint(slip.number, slip.copy, outcome))

    def fail(self) -> None:
        """Spoil the next writes."""
        self.disk.left = self.random.choice((1, 1, 2, 3, 6))

    def restart(self) -> None:
        """End the hub in an orderly way, and start it until it runs."""
        self.computer.close()
        self._start()

    def cut_power(self) -> None:
        """Go on from the disk as it is, perhaps at once and perhaps after a reboot."""
        before = self.computer
        self.cuts += 1
        shutil.copytree(before.folder, self.folder / str(self.cuts))
        left, self.disk.left = self.disk.left, 0
        before.close()
        self.disk.left = left
        if self.random.random() < 0.5:
            self.clock = TestClock(self.clock.wall_ms, f"after-cut-{self.cuts}")
        self._start()

    def _start(self) -> None:
        """As the service manager does, again and again; the disk recovers at last."""
        while True:
            with suppress(StoreError):
                self.computer = Computer(self.folder / str(self.cuts), self.clock, AT_ALL_HOURS)
                return

    def check(self) -> None:
        """See on the healthy disk that rows tell everything, and all that people were told."""
        self.disk.left = 0
        self.take_a_number()
        house = self.computer.hub.house
        self.computer.close()
        folder = self.folder / str(self.cuts)
        assert not list(folder.glob("journal-damaged-*"))
        with closing(Journal(folder / "journal.db")) as journal:
            kept = rebuild(journal)
            entries = [decode_entry(row.body) for row in journal.checked_rows()]
        assert (kept.house, kept.damage) == (house, None)
        watch = Watch()
        for entry in entries:
            if not entry.training:
                watch.read(entry, entry.stamp.wall_ms)
        watch.agrees_with(house.live)
        issued = {
            uuid.UUID(bytes=entry.command_id): entry.event.number
            for entry in entries
            if isinstance(entry.event, TicketIssued)
        }
        assert self.numbers.items() <= issued.items()
        assert not issued.keys() - self.numbers.keys() - self.refused


@pytest.mark.parametrize("seed", range(LIVES))
def test_whatever_a_disk_does_nobody_is_lost_and_no_number_comes_twice(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.hub._ROWS_PER_CHECKPOINT", 23)
    random = Random(seed)
    life = Life(random, FailingDisk(random, monkeypatch), tmp_path)
    for _ in range(HAPPENINGS):
        life.happen()
    life.check()
