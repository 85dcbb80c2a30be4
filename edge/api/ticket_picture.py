"""A ticket as a picture: what the printer would burn, for screens and for those who install."""

from io import BytesIO

from contract.site_rules import Rules
from contract.slips import SlipView
from edge.core.calendar import day_of
from edge.core.effects import Slip
from edge.core.house import House
from edge.core.numbering import is_training, number_of
from edge.printing import code_link, slip_view
from edge.ticket.content import TicketContent, compose
from edge.ticket.layout import Paper
from edge.ticket.raster import RasterRenderer
from edge.ticket.template import Language, TicketTemplate

_SAMPLE_ORDER = 25
_SAMPLE_AHEAD = 3
_SAMPLE_WAIT_MIN = 20


def ticket_content(
    rules: Rules, house: House, number: str, follow_url: str | None
) -> TicketContent | None:
    """The first slip of a ticket of today in words; None when there is no such number."""
    training = is_training(number)
    queue = house.queue(training=training)
    if number not in queue.tickets:
        return None
    slip = Slip(number, 1)
    return compose(slip_view(rules, queue, slip, training=training, follow_url=follow_url))


def sample_content(
    rules: Rules, language: Language, now_ms: int, follow_url: str | None
) -> TicketContent:
    """A slip that nobody was given, in words of `language`, to see what tickets look like."""
    service = rules.services[0]
    number = number_of(service.series, _SAMPLE_ORDER, training=False)
    return compose(
        SlipView(
            ticket="sample",
            number=number,
            copy=1,
            unit=rules.unit,
            service=service.name.get(language) or service.name["vi"],
            counters=tuple(c.id for c in rules.counters if service.id in c.services),
            ahead=_SAMPLE_AHEAD,
            expected_wait_min=_SAMPLE_WAIT_MIN,
            issued_ms=now_ms,
            clock_trusted=True,
            language=language,
            follow_url=code_link(rules, follow_url, day=day_of(now_ms), number=number),
        )
    )


def picture(content: TicketContent, paper: Paper, template: TicketTemplate) -> bytes:
    """The slip as PNG, as the site's `template` wants it, one pixel for each dot of `paper`."""
    file = BytesIO()
    RasterRenderer(paper).preview(template.apply(content)).save(file, "PNG", optimize=True)
    return file.getvalue()
