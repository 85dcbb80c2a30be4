"""From a slip of the queue to a job for a ticket printer, here or elsewhere on the site."""

import logging
from collections.abc import Iterator

from contract.commands import ReportDevice
from contract.follow import follow_link
from contract.site_rules import Rules
from contract.slips import SlipView
from edge.core.calendar import trusted_wall_ms
from edge.core.effects import Slip
from edge.core.state import State
from edge.devices.escpos_printer import PrintJob
from edge.devices.printer_profile import PrinterProfile
from edge.ticket.content import TicketContent, compose
from edge.ticket.letters import LetterError
from edge.ticket.template import Language

logger = logging.getLogger(__name__)


def slip_view(
    rules: Rules, queue: State, slip: Slip, *, training: bool, follow_url: str | None
) -> SlipView:
    """The facts of `slip`, whose ticket is in `queue`, with what the citizen was told."""
    ticket = queue.tickets[slip.number]
    service = rules.service(ticket.service)
    names = service.name if service else {}
    wall_ms = trusted_wall_ms(queue, ticket.issued)
    return SlipView(
        ticket=ticket.id,
        number=ticket.number,
        copy=slip.copy,
        unit=rules.unit,
        service=names.get(ticket.language) or names.get("vi") or ticket.service,
        counters=tuple(c.id for c in rules.counters if ticket.service in c.services),
        ahead=ticket.ahead,
        expected_wait_min=ticket.expected_wait_min,
        issued_ms=ticket.issued.wall_ms if wall_ms is None else wall_ms,
        clock_trusted=wall_ms is not None,
        priority=ticket.priority is not None,
        training=training,
        language=_worded_in(ticket.language),
        follow_url=code_link(rules, follow_url, day=queue.day, number=ticket.number),
    )


def print_job(slip: SlipView) -> PrintJob:
    """The words of `slip`, in the citizen's language."""
    return PrintJob(slip.number, slip.copy, compose(slip))


def code_link(rules: Rules, follow_url: str | None, *, day: str, number: str) -> str | None:
    """What the QR code of a ticket opens. None without `follow_url`, and with one that cannot be
    filled in: a ticket without its code is better than none."""
    if follow_url is None:
        return None
    try:
        return follow_link(follow_url, site=rules.site, day=day, number=number)
    except ValueError as error:
        logger.warning("Ticket %s has no code: %s", number, error)
        return None


def only_as_pictures(rules: Rules, profile: PrinterProfile) -> Iterator[tuple[str, LetterError]]:
    """The services whose tickets a printer cannot set in letters, as it should, and why."""
    if profile.mode == "raster":
        return
    renderer = profile.renderer()
    for service in rules.services:
        try:
            for language, name in service.name.items():
                renderer.encode(_specimen(rules, name, language))
        except LetterError as error:
            yield service.id, error


def absent(printer: str) -> ReportDevice:
    """The news that nobody drives a printer elsewhere on the site."""
    return ReportDevice(printer, "lost", "no-satellite")


def _specimen(rules: Rules, service_name: str, language: str) -> TicketContent:
    return compose(
        SlipView(
            ticket="specimen",
            number="0000",
            copy=1,
            unit=rules.unit,
            service=service_name,
            counters=(),
            ahead=0,
            expected_wait_min=None,
            issued_ms=0,
            clock_trusted=True,
            language=_worded_in(language),
        )
    )


def _worded_in(language: str) -> Language:
    """The language of a ticket for whoever chose `language`: there are words in these two."""
    return "en" if language == "en" else "vi"
