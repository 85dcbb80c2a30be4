"""A slip of the queue as a job for the ticket printer."""

from edge.core.calendar import trusted_wall_ms
from edge.core.effects import Slip
from edge.core.rules import Rules
from edge.core.state import State
from edge.devices.escpos_printer import PrintJob
from edge.ticket.content import compose


def print_job(
    rules: Rules, queue: State, slip: Slip, *, training: bool, follow_url: str | None
) -> PrintJob:
    """The words of `slip`, in the citizen's language, with what the citizen was told."""
    ticket = queue.tickets[slip.number]
    service = rules.service(ticket.service)
    names = service.name if service else {}
    wall_ms = trusted_wall_ms(queue, ticket.issued)
    content = compose(
        unit_name=rules.unit,
        service_name=names.get(ticket.language) or names.get("vi") or ticket.service,
        number=ticket.number,
        counters=tuple(c.id for c in rules.counters if ticket.service in c.services),
        ahead=ticket.ahead,
        expected_wait_min=ticket.expected_wait_min,
        issued_ms=ticket.issued.wall_ms if wall_ms is None else wall_ms,
        clock_trusted=wall_ms is not None,
        priority=ticket.priority is not None,
        copy=slip.copy,
        training=training,
        language=ticket.language,
        qr_url=follow_url
        and follow_url.format(site=rules.site, day=queue.day, number=ticket.number),
    )
    return PrintJob(slip.number, slip.copy, content)
