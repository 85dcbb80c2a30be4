"""A ticket to look at: what a citizen of this site would get, marked as training."""

from contract.stamp import Stamp
from edge.settings import HubSettings
from edge.ticket.content import TicketContent, compose
from runtime.wording import say

SAMPLE_NUMBER = "1025"
_FOLLOW_URL = "https://example.vn/1025"


def sample(now: Stamp, language: str, hub: HubSettings | None) -> TicketContent:
    """A ticket in `language` for the first service of `hub`, or of a made-up site."""
    unit, service = say("printer_tool.test_unit", language), say("service.1", language)
    url = _FOLLOW_URL
    if hub is not None:
        unit = hub.site.unit
        for first in hub.site.services[:1]:
            service = first.name.get(language) or first.name.get("vi") or first.id
        if hub.follow_url:
            url = hub.follow_url.format(site=hub.site.site, day="2026-07-01", number=SAMPLE_NUMBER)
    return compose(
        unit_name=unit,
        service_name=service,
        number=SAMPLE_NUMBER,
        counters=("1", "2"),
        ahead=5,
        expected_wait_min=20,
        issued_ms=now.wall_ms,
        clock_trusted=now.synced,
        priority=True,
        training=True,
        language=language,
        qr_url=url,
    )
