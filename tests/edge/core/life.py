"""A house played as `edge.hub` plays it, by clocks and people who do what they like.

The day is opened before each order, and a start notes itself and orders again what nobody saw
printed. Every row is read by a `Watch` and replayed from its bytes at once.
"""

from itertools import product
from random import Random

import msgspec

from contract import commands as c
from contract import events as e
from contract.codec import decode_entry, encode_entry
from contract.commands import Actor, AnyCommand, Order
from contract.snapshot import LinkView
from contract.stamp import Stamp
from edge.core.calendar import day_of
from edge.core.effects import slip_to_print, slips_after_restart
from edge.core.house import HUB, House, Turn, apply, carry_out, moved_to_new_journal, record
from edge.core.state import ENDED, State
from edge.core.view import snapshot
from tests.edge.core.invariants import Watch
from tests.edge.core.story import BOSS, CENTRE, GREETER, KIOSK, LAN, MINH, MONDAY_8, PAD, RULES

COUNTERS = ("1", "2", "3")
KEYPAD = Actor("keypad-1", "keypad", "1")
DISPLAY = Actor("b-1", "display")
ACTORS = (BOSS, BOSS, BOSS, KIOSK, GREETER, LAN, MINH, PAD, KEYPAD, CENTRE, HUB, DISPLAY)
LINES = (("1",), ("2",), ("1", "2"))
CLASSES = (None, None, "elderly")
WHIMS = (
    *("", "", "", "park", "transfer", "absent", "here after all"),
    *("finish", "oops", "oops", "pause", "press"),
)
CLOCK_CHANGES = (
    "",
    "",
    "set",
    "set",
    "lost",
    "moved",
    "lying",
    "power, then set",
    "power, then lost",
)
CLOCKLESS = ("", "lost", "power, then lost", "power, then lost", "set")
MOVES = ("journal damaged", "journal lost", "another machine")
_RUNNING_NS = 30 * 3_600 * 1_000_000_000  # a spare that was switched on the day before

_SERVICES = ("1", "2", "8", "7")
_NUMBERS = ("1001", "1002", "1003", "2001", "01001", "9999")
_ROLLS = ("1001", "1004", "1045", "1050", "2007", "01003", "7001", "1999999")
_CODES = ("A-1", "A-2")
DAYS = ("2026-11-20", "2026-11-23", "2026-11-25", "2026-12-31", "2026-02-30")
_SOME_COUNTERS = (*COUNTERS, "4")

# Every command with the arguments that matter; some of them make no sense.
ANYTHING: tuple[tuple[AnyCommand, ...], ...] = (
    tuple(c.IssueTicket(line, priority=p) for line, p in product(LINES, ("elderly", "friend"))),
    tuple(c.IssueTicket((service,), on_paper=False) for service in _SERVICES),
    tuple(c.CheckIn(code) for code in _CODES),
    tuple(
        c.BookAppointment(code, service, MONDAY_8 + hours * 3_600_000)
        for code, service, hours in product(_CODES, ("1", "7"), (-1, 1, 30))
    ),
    tuple(c.CancelAppointment(code) for code in _CODES),
    tuple(c.ReprintTicket(number) for number in _NUMBERS),
    tuple(c.VoidTicket(number, "nhầm") for number in _NUMBERS),
    tuple(c.ReturnTicket(number) for number in _NUMBERS),
    tuple(c.AddService(number, service) for number, service in product(_NUMBERS, _SERVICES)),
    tuple(c.RemoveService(number, service) for number, service in product(_NUMBERS, _SERVICES)),
    tuple(c.SignIn(counter) for counter in _SOME_COUNTERS),
    tuple(c.SignOut(counter) for counter in _SOME_COUNTERS),
    tuple(
        c.OpenCounter(counter, services)
        for counter, services in product(_SOME_COUNTERS, ((), ("2",), ("2", "1"), ("7",)))
    ),
    tuple(c.PauseCounter(counter, "trưa") for counter in _SOME_COUNTERS),
    tuple(c.CloseCounter(counter) for counter in _SOME_COUNTERS),
    tuple(c.CallNext(counter, end) for counter, end in product(_SOME_COUNTERS, (False, True))),
    tuple(c.CallTicket(x, number, "ốm") for x, number in product(_SOME_COUNTERS, _NUMBERS)),
    tuple(c.Recall(counter) for counter in _SOME_COUNTERS),
    tuple(c.StartService(counter) for counter in _SOME_COUNTERS),
    tuple(c.FinishService(counter) for counter in _SOME_COUNTERS),
    tuple(c.ReopenService(counter) for counter in _SOME_COUNTERS),
    tuple(c.TakeBackCall(counter) for counter in _SOME_COUNTERS),
    tuple(c.MarkNoShow(counter) for counter in _SOME_COUNTERS),
    tuple(c.TakeBackNoShow(counter) for counter in _SOME_COUNTERS),
    tuple(
        c.TransferTicket(counter, service, to)
        for counter, service, to in product(_SOME_COUNTERS, _SERVICES, (None, *_SOME_COUNTERS))
    ),
    tuple(c.ParkTicket(counter, "papers", 30) for counter in _SOME_COUNTERS),
    tuple(c.ResumeTicket(x, number) for x, number in product(_SOME_COUNTERS, _NUMBERS)),
    tuple(c.Rate(counter, level) for counter, level in product(_SOME_COUNTERS, (1, 4, 5))),
    tuple(
        c.AssignServices(counter, services)
        for counter, services in product(_SOME_COUNTERS, ((), ("2",), ("8", "1"), ("7",)))
    ),
    tuple(
        c.OpenDay(day, gone, of_day)
        for day, gone, of_day in product(DAYS, ((), ("1001", "2001"), _NUMBERS), (None, *DAYS[:2]))
    ),
    tuple(c.UseRoll(number) for number in _ROLLS),
    tuple(c.LeaveRoll(series) for series in "128"),
    tuple(c.ReportPrint(number, copy, "printed") for number, copy in product(_NUMBERS, (1, 2))),
    tuple(c.ReportPrint(number, copy, "failed") for number, copy in product(_NUMBERS, (1, 2))),
    (c.ReportDevice("printer-1", "ready"), c.ReportDevice("printer-1", "lost", "cover open")),
    (c.RemoveDevice("printer-1"), c.RemoveDevice("boards:b1")),
)


class Life:
    """A house, its clocks, its journal, and who watches over it.

    `honest` when every clock that says it is synchronised is right.
    """

    def __init__(self, *, honest: bool, wrong_ms: int) -> None:
        self.honest = honest
        self.true_ms = MONDAY_8
        self.mono_ns = 1_234_567
        self.boots = 1
        self.wrong_ms, self.synced = wrong_ms, False
        self.house = self.base = self.replayed = House()
        self.rows: list[bytes] = []
        self.watches = {training: Watch(honest) for training in (False, True)}

    @property
    def stamp(self) -> Stamp:
        """What the machine's clocks say now."""
        return Stamp(self.true_ms + self.wrong_ms, self.mono_ns, f"boot-{self.boots}", self.synced)

    @property
    def entries(self) -> list[e.Entry]:
        """What its journal says."""
        return [decode_entry(row) for row in self.rows]

    def pass_time(self, ms: int, ns: int = 0) -> None:
        """Let time pass."""
        self.true_ms += ms
        self.mono_ns += ms * 1_000_000 + ns

    def change_clock(self, change: str, wrong_ms: int) -> None:
        """Set the clock right, or let it be wrong by `wrong_ms`; perhaps after a power cut."""
        if change.startswith("power"):
            self.boots += 1
            self.mono_ns = 5_000_000_000
        if change in ("set", "power, then set"):
            self.wrong_ms, self.synced = 0, True
        if change in ("lost", "power, then lost", "moved"):
            self.wrong_ms, self.synced = wrong_ms, False
        if change == "lying" and not self.honest:
            self.wrong_ms, self.synced = wrong_ms, True
        if change.startswith("power"):
            self._start()

    def move(self, how: str) -> None:
        """Go on in a new journal, with the queue or with the mark alone, here or elsewhere."""
        live = self.house.live
        found = House() if how == "journal lost" else self.house
        moved = moved_to_new_journal(found, live.day, dict(live.orders))
        self.house = self.replayed = self.base = moved
        self.rows.clear()
        self.watches[True] = Watch(self.honest)  # practice begins anew
        if how == "journal lost":
            self.watches[False].lose_the_journal()
        if how == "another machine":
            self.boots += 1
            self.mono_ns = _RUNNING_NS
        self._start()

    def question(self) -> tuple[str, dict[str, str]]:
        """What is on a supervisor's screen: the day, and who is in the house."""
        live = self.house.live
        here = {n: t.id for n, t in live.tickets.items() if t.phase not in ENDED}
        return live.day, here

    def answer(
        self, question: tuple[str, dict[str, str]], day: str | None, *, all_gone: bool
    ) -> None:
        """Say that it is `day`, or the true one, and perhaps that all who were asked about have
        gone; and see that nobody else goes."""
        of_day, asked_about = question
        day = day or day_of(self.true_ms)
        gone = tuple(asked_about) if all_gone else ()
        here = {n: t.id for n, t in self.house.live.tickets.items()}
        for event in self.order(BOSS, c.OpenDay(day, gone, of_day)):
            if isinstance(event, e.TicketVoided):
                assert here[event.number] == asked_about[event.number], "another citizen"

    def work(self, counter: str, whim: str, *, training: bool) -> None:
        """Do what one would do now at this counter, or something else on a whim."""
        command = _next_step(self.house.queue(training=training), counter, whim)
        pressed = whim == "press" and isinstance(command, c.CallNext)
        self.order(Actor("key", "keypad", counter) if pressed else BOSS, command, training=training)
        if isinstance(command, c.FinishService):
            pad = Actor("pad", "pad", counter)
            for level in (4, 1):
                self.order(pad, c.Rate(counter, level), training=training)
        if isinstance(command, c.MarkNoShow) and whim == "here after all":
            self.order(BOSS, c.TakeBackNoShow(counter), training=training)
        if whim == "oops":
            again = c.TakeBackCall if command == c.CallNext(counter) else c.ReopenService
            self.order(BOSS, again(counter), training=training)

    def order(
        self, actor: Actor, command: AnyCommand, *, training: bool = False
    ) -> list[e.AnyEvent]:
        """Give an order, and see that a refused one does nothing and a kiosk's only issues.

        Returns what it did besides opening a day.
        """
        order = Order(len(self.rows).to_bytes(16, "big"), actor, command, training)
        turn = carry_out(RULES, self.house, order, self.stamp)
        done: list[e.AnyEvent] = [
            x.event for x in turn.entries if not isinstance(x.event, e.DayOpened)
        ]
        if turn.refused is not None:
            assert not done
        if actor.role in ("kiosk", "greeter"):
            assert all(isinstance(event, e.TicketIssued) for event in done)
        if not turn.entries:
            assert turn.house == self.house
        self._take(turn)
        return done

    def check(self) -> None:
        """See that rows alone tell everything, and that there is a picture of it."""
        assert self.replayed == self.house
        kept = msgspec.msgpack.encode(self.house)
        assert msgspec.msgpack.decode(kept, type=House) == self.house
        for training, watch in self.watches.items():
            watch.agrees_with(self.house.queue(training=training))
        link = LinkView(connected=False, unsent=0)
        shown = snapshot(RULES, "01-00097-01-h1", self.house, self.stamp, link)
        assert all(view.series in self.house.live.orders for view in shown.rolls)
        tickets = (*shown.waiting, *shown.parked, *shown.absent)
        assert all(t.issued_ms <= t.since_ms <= shown.now_ms for t in tickets)

    def _start(self) -> None:
        slips = slips_after_restart(RULES, self.house.live, self.stamp)
        started = (e.NodeStarted("0.1.0", "abc"), *slips)
        self._take(record(self.house, started, HUB, self.stamp))

    def _take(self, turn: Turn) -> None:
        for entry in turn.entries:
            assert entry.seq == len(self.rows) + 1
            row = encode_entry(entry)
            self.rows.append(row)
            self.replayed = apply(self.replayed, decode_entry(row))
            self.watches[entry.training].read(entry, self.true_ms)
            slip = slip_to_print(entry)
            queue = turn.house.queue(training=entry.training)
            assert slip is None or slip.number in queue.tickets
        self.house = turn.house


def _next_step(queue: State, counter: str, whim: str) -> AnyCommand:
    seat = queue.counters.get(counter)
    whims: dict[str, AnyCommand] = {"transfer": c.TransferTicket(counter, "2")}
    usual: AnyCommand
    if seat is None or seat.ticket is None:
        opened = seat is not None and seat.phase == "open"
        usual = c.CallNext(counter) if opened else c.OpenCounter(counter)
        parked = [t.number for t in queue.tickets.values() if t.phase == "parked"]
        whims = {
            "pause": c.PauseCounter(counter, "trưa"),
            "absent": c.CloseCounter(counter),
            "park": c.ResumeTicket(counter, min(parked, default="1001")),
        }
    elif queue.tickets[seat.ticket].phase == "called":
        usual = c.StartService(counter)
        whims |= {
            "absent": c.MarkNoShow(counter),
            "here after all": c.MarkNoShow(counter),
            "pause": c.Recall(counter),
            "press": c.CallNext(counter, finish_current=True),
        }
    else:
        usual = c.CallNext(counter, finish_current=True)
        finish = c.FinishService(counter)
        oops = usual if int(seat.ticket) % 2 else finish
        whims |= {"park": c.ParkTicket(counter, "signature"), "finish": finish, "oops": oops}
    return whims.get(whim, usual)


def day_of_mistakes(seed: int, *whims: str) -> Life:
    """A day of 400 deeds by a right clock, with these whims more often than usual."""
    random = Random(seed)
    life = Life(honest=True, wrong_ms=0)
    life.change_clock("set", 0)
    for _ in range(400):
        life.pass_time(random.randrange(30_000))
        if random.random() < 0.3:
            life.order(KIOSK, c.IssueTicket(random.choice(LINES)))
        life.work(random.choice(COUNTERS), random.choice((*WHIMS, *whims)), training=False)
    life.check()
    return life
