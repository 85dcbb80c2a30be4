"""The live queue and the training queue of one site, and one order's way through them."""

from msgspec import Struct, field
from msgspec.structs import replace

from contract.commands import Actor, Order
from contract.events import AnyEvent, Entry
from contract.refusals import Refused
from contract.site_rules import Rules
from contract.stamp import Stamp
from edge.core.calendar import day_to_open, remembered
from edge.core.change import without_way_back
from edge.core.decide import decide
from edge.core.evolve import evolve
from edge.core.state import State

HUB = Actor("hub", "hub")
NO_COMMAND = b""
_SOME_TIME = Stamp(wall_ms=0, mono_ns=0, boot="", synced=False)


class House(Struct, frozen=True):
    """Everything a hub knows after journal row `seq`."""

    seq: int = 0
    live: State = field(default_factory=State)
    training: State = field(default_factory=State)

    def queue(self, *, training: bool) -> State:
        """The live queue, or the one in which staff practise."""
        return self.training if training else self.live


class Turn(Struct, frozen=True):
    """What an order did: the new rows, perhaps none, the house after them, a refusal or None.

    A refused order may still have opened the business day.
    """

    house: House
    entries: tuple[Entry, ...]
    refused: Refused | None = None


def carry_out(rules: Rules, house: House, order: Order, stamp: Stamp) -> Turn:
    """Open the business day if that is due, then carry out `order` or refuse it."""
    opening = day_to_open(house.queue(training=order.training), stamp)
    opened = record(house, () if opening is None else (opening,), HUB, stamp, order.training)
    decision = decide(rules, opened.house.queue(training=order.training), order, stamp)
    if isinstance(decision, Refused):
        return Turn(opened.house, opened.entries, decision)
    done = record(
        opened.house, decision, order.actor, stamp, order.training, command_id=order.command_id
    )
    return Turn(done.house, opened.entries + done.entries)


def record(
    house: House,
    events: tuple[AnyEvent, ...],
    actor: Actor,
    stamp: Stamp,
    training: bool = False,
    *,
    command_id: bytes = NO_COMMAND,
) -> Turn:
    """Give `events` their rows; the first carries the command's id."""
    entries = []
    for event in events:
        entry = Entry(house.seq + 1, stamp, actor.id, command_id, training, event)
        command_id = NO_COMMAND
        house = apply(house, entry)
        entries.append(entry)
    return Turn(house, tuple(entries))


def apply(house: House, entry: Entry) -> House:
    """The house after one more journal row."""
    if entry.training:
        return replace(house, seq=entry.seq, training=evolve(house.training, entry))
    return replace(house, seq=entry.seq, live=evolve(house.live, entry))


def moved_to_new_journal(house: House, day: str, least_orders: dict[str, int]) -> House:
    """The house as row 0 of a new journal: tickets keep their order, and numbers go on above
    both the house's own and `least_orders` of business day `day`, the last that is known of.

    The next clock that can be trusted opens the day anew, which writes the numbers down there. What
    only the old journal tells cannot be taken back.
    """
    live = house.live
    shift = house.seq + 1
    orders = {
        series: max(live.orders.get(series, 0), least_orders.get(series, 0))
        for series in {*live.orders, *least_orders}
    }
    tickets = {n: replace(t, place=t.place - shift) for n, t in live.tickets.items()}
    counters = {id_: without_way_back(counter) for id_, counter in live.counters.items()}
    calls = tuple(replace(call, seq=call.seq - shift) for call in live.calls)
    moved = replace(
        live,
        day=day or live.day,
        day_trusted=False,
        today=replace(live.today, opened_seq=0),
        days_left={},
        orders=orders,
        last_issue=_SOME_TIME,
        past_orders=remembered(live.past_orders, live.day, live.orders),
        tickets=tickets,
        counters=counters,
        calls=calls,
    )
    return House(0, moved)
