"""Who stands at the kiosk without a slip, and so is told the number aloud. Pure.

A number is told once: what is in the house when the program starts counts as told, so that a
restart says nothing again; and only while its citizen is likely to stand at the kiosk.
"""

from collections.abc import Collection, Iterator

from msgspec import Struct

from contract.snapshot import SlipState, Snapshot, TicketView

AT_KIOSK_S = 30.0

_NO_SLIP: frozenset[SlipState] = frozenset({"none", "failed", "unknown"})


class OwnNumber(Struct, frozen=True):
    """The number of a citizen who gets no slip, or of whose slip nobody knows."""

    number: str


class NoSlips:
    """What the hub's pictures tell of citizens without a slip.

    Where `kiosks` are named, of those who took their number at one of them, and of those of whom
    the hub does not say where.
    """

    def __init__(self, kiosks: Collection[str] = ()) -> None:
        self._kiosks = frozenset(kiosks)
        self._told: frozenset[str] | None = None

    def see(self, picture: Snapshot) -> list[OwnNumber]:
        """Take the hub's newest picture; returns the numbers to tell now, in order of arrival."""
        in_house = frozenset(ticket.number for ticket in _in_house(picture))
        if self._told is None:
            self._told = in_house
        new = [
            ticket.number
            for ticket in _in_hall(picture)
            if ticket.slip in _NO_SLIP
            and self._is_heard_by(ticket.issuer)
            and ticket.number not in self._told
            and picture.now_ms - ticket.issued_ms <= AT_KIOSK_S * 1000
        ]
        self._told = self._told & in_house | frozenset(new)
        return [OwnNumber(number) for number in new]

    def _is_heard_by(self, issuer: str | None) -> bool:
        return not self._kiosks or issuer is None or issuer in self._kiosks


def _in_hall(picture: Snapshot) -> list[TicketView]:
    """Those who wait, or were called so soon that they may still stand at the kiosk."""
    called = [view.ticket for view in picture.counters if view.ticket is not None]
    in_hall = [ticket for ticket in called if ticket.phase == "called"]
    return sorted((*in_hall, *picture.waiting), key=lambda ticket: ticket.issued_ms)


def _in_house(picture: Snapshot) -> Iterator[TicketView]:
    yield from (*picture.waiting, *picture.parked, *picture.absent)
    for counter in picture.counters:
        if counter.ticket is not None:
            yield counter.ticket
