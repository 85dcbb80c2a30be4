"""What the centre booked, moved and cancelled, on its way into the hub's journal."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from contract.commands import Actor, AnyCommand, BookAppointment, CancelAppointment, Order
from contract.refusals import Reason, Refused
from contract.wire import VERSION, Appointments, Booking
from edge.core.house import NO_COMMAND
from edge.hub import Reply
from runtime.sealed import SealError, unseal_from

logger = logging.getLogger(__name__)

_CENTRE = Actor("centre", "centre")
_AS_IT_SHOULD_BE = (Reason.UNKNOWN_APPOINTMENT, Reason.APPOINTMENT_TAKEN)
"""Nothing to cancel, and who is here already: the hub's word on both is last."""


class CentreBookings:
    """Hands the centre's bookings to the queue, and knows how far it has been told.

    After a restart it knows nothing, and is told again of every day to come: what is the same
    already changes nothing, and what was refused gets another chance. `submit` is the hub's;
    `changed` is called, from any thread, when `upto` has grown. None of it ever raises.
    """

    def __init__(
        self,
        node: str,
        centre_key: bytes,
        submit: Callable[[Order], Future[Reply]],
        changed: Callable[[], None],
    ) -> None:
        self._node = node
        self._centre_key = centre_key
        self._submit = submit
        self._changed = changed
        self._upto = 0

    def upto(self) -> int:
        """Up to which of the centre's changes everything is in the journal."""
        return self._upto

    def hear(self, sealed: bytes) -> None:
        """Take what came on `down/appointments`, unless it is not the centre's word to this node,
        is known already, or leaves out something before it."""
        try:
            news = unseal_from(sealed, Appointments, self._centre_key)
        except SealError as error:
            logger.warning("bookings are not taken: %s", error)
            return
        if (news.version, news.node) != (VERSION, self._node):
            logger.warning("bookings of version %s for %s are not taken", news.version, news.node)
            return
        if not news.after <= self._upto < news.upto:
            return
        replies = [self._submit(Order(NO_COMMAND, _CENTRE, _order(b))) for b in news.bookings]
        if replies:  # the hub answers in order: behind the last, all are answered
            replies[-1].add_done_callback(lambda _last: self._answered(news, replies))
        else:
            self._answered(news, replies)

    def _answered(self, news: Appointments, replies: Sequence[Future[Reply]]) -> None:
        for booking, reply in zip(news.bookings, replies, strict=True):
            said = reply.result() if reply.exception() is None else None
            if not isinstance(said, Refused):
                continue
            if said.reason is Reason.NOT_STORED:
                return  # the centre says it again
            if said.reason not in _AS_IT_SHOULD_BE:
                logger.warning("appointment %s is not taken: %s", booking.code, said.reason)
        self._upto = max(self._upto, news.upto)
        self._changed()


def _order(booking: Booking) -> AnyCommand:
    if booking.service is None:
        return CancelAppointment(booking.code)
    return BookAppointment(booking.code, booking.service, booking.slot_ms)
