"""A domain "no": what was asked cannot be, and a clerk can understand why.

The words for each reason are in the catalogue under `refusal.<reason>`.
"""

from enum import StrEnum

from msgspec import Struct, field


class Reason(StrEnum):
    """Why a command was refused."""

    NOT_ALLOWED = "not-allowed"
    NOT_YOUR_COUNTER = "not-your-counter"
    UNKNOWN_COUNTER = "unknown-counter"
    UNKNOWN_SERVICE = "unknown-service"
    UNKNOWN_PRIORITY = "unknown-priority"
    UNKNOWN_TICKET = "unknown-ticket"
    UNKNOWN_APPOINTMENT = "unknown-appointment"
    UNKNOWN_SERIES = "unknown-series"
    UNKNOWN_RATING_REASON = "unknown-rating-reason"
    UNKNOWN_DEVICE = "unknown-device"
    APPOINTMENT_TAKEN = "appointment-taken"
    APPOINTMENT_OTHER_DAY = "appointment-other-day"
    CLOSED_NOW = "closed-now"
    AFTER_LAST_TICKET = "after-last-ticket"
    NOBODY_WAITING = "nobody-waiting"
    COUNTER_CLOSED = "counter-closed"
    COUNTER_PAUSED = "counter-paused"
    COUNTER_OPEN = "counter-open"
    COUNTER_TAKEN = "counter-taken"
    COUNTER_BUSY = "counter-busy"
    COUNTER_EMPTY = "counter-empty"
    NOBODY_SIGNED_IN = "nobody-signed-in"
    NOT_STARTED = "not-started"
    ALREADY_STARTED = "already-started"
    NOT_WAITING = "not-waiting"
    NOT_PARKED = "not-parked"
    NOT_ABSENT = "not-absent"
    TICKET_ENDED = "ticket-ended"
    TICKET_AT_COUNTER = "ticket-at-counter"
    SERVICE_NOT_THERE = "service-not-there"
    SERVICE_ALREADY_THERE = "service-already-there"
    SERVICE_NOT_TO_COME = "service-not-to-come"
    CALL_STAYS = "call-stays"
    NO_SHOW_STAYS = "no-show-stays"
    NOTHING_TO_REOPEN = "nothing-to-reopen"
    REOPEN_TOO_LATE = "reopen-too-late"
    SERVICES_UNCHANGED = "services-unchanged"
    ROLL_NUMBER = "roll-number"
    ROLL_IN_USE = "roll-in-use"
    NO_ROLL = "no-roll"
    RATING_NOT_DUE = "rating-not-due"
    RATING_LEVEL = "rating-level"
    DEVICE_NOT_LOST = "device-not-lost"
    DAY_NOT_LATER = "day-not-later"
    DAY_CHANGED = "day-changed"
    KEY_REUSED = "key-reused"
    NOT_STORED = "not-stored"
    ISSUING_TOO_FAST = "issuing-too-fast"


class Refused(Struct, frozen=True):
    """The refusal of a command; `detail` fills the placeholders of its wording."""

    reason: Reason
    detail: dict[str, str] = field(default_factory=dict)
