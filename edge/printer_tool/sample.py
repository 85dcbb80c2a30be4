"""A ticket to look at: what a citizen of this site would get, marked as training."""

from contract.slips import SlipView
from contract.stamp import Stamp
from edge.core.calendar import day_of
from edge.printing import code_link
from edge.settings import HubSettings
from edge.ticket.content import TicketContent, compose
from edge.ticket.template import Language
from runtime.wording import say

SAMPLE_NUMBER = "1025"
_FOLLOW_URL = "https://example.vn/1025"


def sample(now: Stamp, language: Language, hub: HubSettings | None) -> TicketContent:
    """A ticket in `language` for the first service of `hub`, or of a made-up site."""
    unit, service = say("printer_tool.test_unit", language), say("service.1", language)
    url: str | None = _FOLLOW_URL
    if hub is not None:
        unit = hub.site.unit
        for first in hub.site.services[:1]:
            service = first.name.get(language) or first.name.get("vi") or first.id
        if hub.follow_url:
            day = day_of(now.wall_ms)
            url = code_link(hub.site, hub.ticket_page, day=day, number=SAMPLE_NUMBER)
    return compose(
        SlipView(
            ticket="sample",
            number=SAMPLE_NUMBER,
            copy=1,
            unit=unit,
            service=service,
            counters=("1", "2"),
            ahead=5,
            expected_wait_min=20,
            issued_ms=now.wall_ms,
            clock_trusted=now.synced,
            priority=True,
            training=True,
            language=language,
            follow_url=url,
        )
    )
