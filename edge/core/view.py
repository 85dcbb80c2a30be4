"""The state as people and displays see it."""

from contract import snapshot as s
from contract.site_rules import Counter as CounterRule
from contract.site_rules import Rules
from contract.stamp import Stamp
from edge.core import calendar, estimate
from edge.core.effects import slip_told
from edge.core.house import House
from edge.core.numbering import number_of
from edge.core.rating import rating_left_ms
from edge.core.state import Call, Counter, Ticket


def snapshot(
    rules: Rules, node: str, house: House, stamp: Stamp, link: s.LinkView, *, training: bool = False
) -> s.Snapshot:
    """The whole site at `stamp`. Past times are shown by the clock as it is believed now."""
    state = house.queue(training=training)
    wall_ms = calendar.trusted_wall_ms(state, stamp)
    now_ms = stamp.wall_ms if wall_ms is None else wall_ms

    def shown_ms(past: Stamp) -> int:
        return calendar.shown_ms(state, past, stamp)

    def ticket_view(ticket: Ticket) -> s.TicketView:
        return s.TicketView(
            number=ticket.number,
            service=ticket.service,
            phase=ticket.phase,
            issued_ms=min(shown_ms(ticket.issued), shown_ms(ticket.since)),
            since_ms=shown_ms(ticket.since),
            priority=ticket.priority,
            counter=ticket.counter,
            further_services=ticket.services[1:],
            park_reason=ticket.park_reason,
            due_ms=ticket.due_ms,
            calls=ticket.calls,
            slip=slip_told(rules, state, ticket, stamp),
            issuer=ticket.issuer,
            earlier=calendar.may_be_earlier(state, ticket.since, stamp),
        )

    def in_phase(phase: str) -> tuple[s.TicketView, ...]:
        found = [ticket for ticket in state.tickets.values() if ticket.phase == phase]
        return tuple(ticket_view(ticket) for ticket in sorted(found, key=lambda t: t.place))

    def counter_view(rule: CounterRule) -> s.CounterView:
        counter = state.counters.get(rule.id, Counter(rule.id, (), stamp))
        left_ms = rating_left_ms(rules, counter, stamp)
        return s.CounterView(
            counter=counter.id,
            phase=counter.phase,
            since_ms=shown_ms(counter.since),
            services=counter.services or rule.services,
            staff=counter.staff,
            ticket=None if counter.ticket is None else ticket_view(state.tickets[counter.ticket]),
            pause_reason=counter.pause_reason,
            served=state.today.served.get(counter.id, 0),
            usual_services=rule.services,
            rating_due_ms=None if left_ms is None else now_ms + left_ms,
            rated=counter.rating is not None and counter.rating.rated,
            finished_seq=None if counter.rating is None else counter.rating.seq,
        )

    def service_view(service: str) -> s.ServiceView:
        queued = [
            min(shown_ms(t.queued) + t.early_ms, now_ms)
            for t in state.tickets.values()
            if t.phase == "waiting" and t.service == service
        ]
        return s.ServiceView(
            service=service,
            waiting=len(queued),
            oldest_ms=min(queued, default=None),
            expected_wait_min=estimate.expected_wait_min(rules, state, service),
            open_counters=sum(
                c.phase == "open" and service in c.services for c in state.counters.values()
            ),
        )

    def call_view(call: Call) -> s.CallView:
        return s.CallView(
            seq=call.seq,
            number=call.number,
            counter=call.counter,
            at_ms=shown_ms(call.at),
            times=call.times,
            priority=call.priority,
            resumed=call.resumed,
        )

    def roll_view(series: str) -> s.RollView:
        order = state.orders.get(series, 0) + 1
        return s.RollView(
            series=series,
            next_number=number_of(series, order, training=training),
            services=tuple(x.id for x in rules.services if x.series == series),
        )

    return s.Snapshot(
        node=node,
        site=rules.site,
        site_name=rules.site_name,
        seq=house.seq,
        day=state.day,
        now_ms=now_ms,
        clock_trusted=wall_ms is not None,
        issuing=calendar.issuing(rules, state, stamp),
        counters=tuple(counter_view(rule) for rule in rules.counters),
        services=tuple(service_view(service.id) for service in rules.services),
        waiting=in_phase("waiting"),
        parked=in_phase("parked"),
        absent=in_phase("absent"),
        calls=tuple(call_view(call) for call in state.calls),
        devices=tuple(
            s.DeviceView(id_, device.state, device.condition, shown_ms(device.since))
            for id_, device in state.devices.items()
        ),
        link=link,
        issued_today=state.today.issued,
        finished_today=state.today.finished,
        ratings_today=state.today.ratings,
        training=training,
        presses_ignored_today=state.today.presses_ignored,
        rolls=tuple(roll_view(series) for series in state.rolls),
    )
