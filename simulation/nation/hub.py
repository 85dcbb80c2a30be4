"""One hub of the nation: the real core and the real sender over a journal in memory.

Beside `edge.hub.Hub` it lacks what 3,139 of them cannot have on one machine: a writer's thread, a
file with its syncs, the local API, and printers that take their time.
"""

from dataclasses import dataclass
from uuid import uuid4

from contract.codec import decode_entry, encode_entry
from contract.commands import Actor, Answer, AnyCommand, Order, Rate, ReportPrint, Role
from contract.events import NodeStarted
from contract.refusals import Refused
from contract.site_rules import Rules
from contract.snapshot import LinkView, Snapshot
from edge.core.answer import answer
from edge.core.calendar import clock_step, day_to_open
from edge.core.effects import slip_to_print, slips_after_restart
from edge.core.house import HUB, NO_COMMAND, House, Turn, apply, carry_out, record
from edge.core.view import snapshot
from edge.node_identity import Identity
from edge.upstream.sender import Sender
from edge.upstream.uplink import Uplink
from runtime.clock import Clock
from runtime.hub_client import Refusal
from runtime.mqtt import MqttSettings
from simulation.clock import SimulatedClock, SimulatedTime
from simulation.nation.journal import MemoryJournal
from simulation.nation.shared_uplink import SharedUplink

_STARTED = NodeStarted("nation", "nation")


class NationHub:
    """A hub with its people's clients and its devices; the premises of a simulated day."""

    def __init__(
        self,
        node: str,
        rules: Rules,
        shared: SharedUplink,
        simulated: SimulatedTime,
        *,
        epoch: str,
        line_clock: Clock,
        clock_error_ms: int = 0,
    ) -> None:
        """`line_clock` is real time, by which the uplink is paced and lag is measured."""
        self.node = node
        self._identity = Identity(node, _STARTED.software, _STARTED.config)
        self.rules = rules
        self._shared = shared
        self._own: Uplink | None = None
        self._time = simulated
        self._line_clock = line_clock
        self._boots = 0
        self._sent_before = 0
        self.journal = MemoryJournal(epoch, lambda: line_clock.stamp().mono_ns // 1_000_000)
        self.house = House()
        self._clock = self._new_clock(clock_error_ms)
        self._stamp = self._clock.stamp()
        self._sender = self._new_sender()
        self._notify = shared.attach(node, self._sender)
        self._begin()

    @property
    def connected(self) -> bool:
        """Whether the broker can be reached now."""
        return self._shared.connected if self._own is None else self._own.connected

    @property
    def sent(self) -> int:
        """How many rows went to the broker over all boots, repeats included."""
        own = 0 if self._own is None else self._own.sent_entries
        return self._sent_before + self._sender.sent_entries + own

    def take_own_line(self, broker: MqttSettings) -> None:
        """Leave the shared connection, which must have been stopped, for one of its own."""
        self._own = Uplink(
            self.journal,
            broker,
            self._identity,
            clock=self._clock,
            line_clock=self._line_clock,
        )
        self._notify = self._own.notify
        self._own.start()

    def stop(self) -> None:
        """Say goodbye to the centre on its own line, if it has one."""
        if self._own is not None:
            self._own.stop()

    def write_something(self) -> None:
        """Note a start, so that there is something to send."""
        self._keep(record(self.house, (_STARTED,), HUB, self._clock.stamp()))

    def restart(self) -> None:
        """Lose power and get it back: everything is rebuilt from the journal.

        Raises AssertionError when the queue is not what it was.
        """
        rebuilt = House()
        for body in self.journal.bodies:
            rebuilt = apply(rebuilt, decode_entry(body))
        if rebuilt != self.house:
            raise AssertionError(f"{self.node}: the journal tells of another queue")
        self.house = rebuilt
        self._clock = self._new_clock(0)
        self._stamp = self._clock.stamp()
        self._sent_before += self._sender.sent_entries
        self._sender = self._new_sender()
        self._notify = self._shared.attach(self.node, self._sender)
        self._begin()

    def correct_clock(self) -> None:
        """Let the network tell the time."""
        self._clock.correct()

    def device(self, name: str, role: Role) -> "Asker":
        """A client of a new device."""
        return Asker(self, Actor(name, role))

    def staff(self, name: str, role: Role) -> "Asker":
        """A client of a new member of staff."""
        return Asker(self, Actor(name, role))

    def take_slip(self, number: str) -> None:
        """Nothing to wait for: slips come out as soon as they are asked for."""

    def press_rating(self, counter: str, level: int) -> None:
        """Press a button of a counter's pad."""
        self.carry_out(Actor(f"pad-{counter}", "pad", counter), Rate(counter, level))

    def carry_out(self, actor: Actor, command: AnyCommand) -> Answer | Refused:
        """Decide an order and keep its rows, as `edge.hub.Hub` does."""
        before, self._stamp = self._stamp, self._clock.stamp()
        stamp = self._stamp
        step = clock_step(before, stamp)
        if step is not None:
            self._keep(record(self.house, (step,), HUB, stamp))
        order = Order(uuid4().bytes, actor, command)
        turn = carry_out(self.rules, self.house, order, stamp)
        self._keep(turn)
        mine = [entry for entry in turn.entries if entry.actor == actor.id]
        return turn.refused or answer(mine, turn.house.seq)

    def snapshot(self) -> Snapshot:
        """The whole site now."""
        link = LinkView(
            connected=self.connected, unsent=self.journal.last_seq - self.journal.cursor
        )
        return snapshot(self.rules, self.node, self.house, self._clock.stamp(), link)

    def _new_clock(self, error_ms: int) -> SimulatedClock:
        self._boots += 1
        return SimulatedClock(self._time, f"{self.node}-{self._boots}", error_ms)

    def _new_sender(self) -> Sender:
        return Sender(
            self.journal,
            self._shared,
            self._identity,
            clock=self._clock,
        )

    def _begin(self) -> None:
        self._keep(record(self.house, (_STARTED,), HUB, self._stamp))
        opening = day_to_open(self.house.live, self._stamp)
        if opening is not None:
            self._keep(record(self.house, (opening,), HUB, self._stamp))
        slips = slips_after_restart(self.rules, self.house.live, self._stamp)
        self._keep(record(self.house, slips, HUB, self._stamp))

    def _keep(self, turn: Turn) -> None:
        if not turn.entries:
            return
        self.journal.append([encode_entry(entry) for entry in turn.entries], line_up=self.connected)
        self.house = turn.house
        for entry in turn.entries:
            slip = slip_to_print(entry)
            if slip is not None:
                report = ReportPrint(slip.number, slip.copy, "printed", proof="confirmed")
                order = Order(NO_COMMAND, HUB, report, entry.training)
                self._keep(carry_out(self.rules, self.house, order, entry.stamp))
        self._notify()


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who asks a hub, in the place of `runtime.hub_client.HubClient`."""

    hub: NationHub
    actor: Actor

    def command(self, command: AnyCommand) -> Answer | Refusal:
        """Give an order."""
        said = self.hub.carry_out(self.actor, command)
        if isinstance(said, Refused):
            return Refusal(said.reason, said.detail, words=said.reason)
        return said

    def snapshot(self) -> Snapshot:
        """Ask for the whole picture."""
        return self.hub.snapshot()
