"""What a hub asks a printer elsewhere on the site to print: facts, for its owner to word."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from contract.ids import CounterId, Name, TicketNumber


class SlipView(Struct, frozen=True):
    """One copy of a ticket that is to be printed, with what its citizen was told.

    `ticket` names the ticket for ever, unlike its number, which comes back every day; `copy` counts
    from 1, and copies after the first are marked. `service` is its name in the citizen's
    `language`, `issued_ms` UTC milliseconds since 1970, `follow_url` what its QR code opens.
    """

    ticket: Name
    number: TicketNumber
    copy: Annotated[int, Meta(ge=1, le=1000)]
    unit: str
    service: str
    counters: tuple[CounterId, ...]
    ahead: int
    expected_wait_min: int | None
    issued_ms: int
    clock_trusted: bool
    priority: bool = False
    training: bool = False
    language: Literal["vi", "en"] = "vi"
    follow_url: str | None = None


class Slips(Struct, frozen=True):
    """All that one printer has yet to bring out; a slip leaves the list with its outcome."""

    slips: tuple[SlipView, ...] = ()
