"""What SQL finds an event by."""

import pytest

from central.store.rows import FIND, Found
from contract import events as e


@pytest.mark.parametrize(
    ("event", "found"),
    [
        (e.TicketIssued("1001", ("2", "1")), ("1001", None, "2")),
        (e.TicketIssued("1001", ()), ("1001", None, None)),
        (e.TicketCalled("1001", "3", "1", None, None), ("1001", "3", "1")),
        (e.TicketTransferred("1001", "3", "1", "2", None, None), ("1001", "3", "1")),
        (e.RatingGiven("3", "1", 4, 4), (None, "3", "1")),
        (e.TicketVoided("1001", "gone"), ("1001", None, None)),
        (e.PaperLow("printer"), (None, None, None)),
    ],
)
def test_ticket_counter_and_service_are_found(event: e.Event, found: Found) -> None:
    assert FIND[type(event)](event) == found


def test_every_event_can_be_found() -> None:
    assert FIND.keys() >= set(e.Event.__subclasses__())
