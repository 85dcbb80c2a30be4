"""What a booking system says about appointments, and what it is answered."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field

from central.api.freshness import local_time
from central.api.models import Count, Model, NextOffset, Problem
from central.appointments.book import Wanted
from central.rollup.business_day import day_of
from central.store.appointments import AppointmentRow, Withdrawal

SERVICE_PATTERN = r"^[a-z0-9][a-z0-9-]{0,23}$"
CODE_PATTERN = r"^[A-Z0-9][A-Z0-9-]{3,23}$"
_NUMBER_OF_A_PERSON = re.compile(r"(?:[0-9]-*){9}")


class State(StrEnum):
    """How far an appointment has come: `booked` at the centre; `delivered` to the site, where it
    can be checked in, also without a line; `checked_in`; `called`; `served`; `not_come`, when
    called or by the end of its day; `undelivered`, when that is over and the site had it only after
    its slot had begun, or never, so that nobody could check the citizen in; `unknown` once the day
    is over, until the site, which was cut off, has told everything of it, and for good where what
    it recorded is lost, or where its clock cannot tell whether it had the appointment before the
    slot; `cancelled`."""

    BOOKED = "booked"
    DELIVERED = "delivered"
    CHECKED_IN = "checked_in"
    CALLED = "called"
    SERVED = "served"
    NOT_COME = "not_come"
    UNDELIVERED = "undelivered"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


def _names_nobody(code: str) -> str:
    if _NUMBER_OF_A_PERSON.search(code):
        raise ValueError("nine digits in a row may be somebody's number; use another code")
    if not re.search("[0-9]", code) or not re.search("[A-Z]", code):
        raise ValueError("a code has a digit and a capital letter, or no kiosk would know it")
    return code


def _on_a_minute(slot: datetime) -> datetime:
    if slot.second or slot.microsecond:
        raise ValueError("a slot begins on a whole minute")
    return slot


Because = Literal["site-ended", "not-offered"]
_BECAUSE: dict[Withdrawal, Because] = {
    Withdrawal.SITE_ENDED: "site-ended",
    Withdrawal.NOT_OFFERED: "not-offered",
}
Code = Annotated[
    str,
    Field(
        pattern=CODE_PATTERN,
        description="What the citizen shows or types, in print or as a QR code. It stands for "
        "nobody: never a name, a telephone or an identity number.",
        examples=["HK7PX3M9"],
    ),
    AfterValidator(_names_nobody),
]


class SlotWanted(Model):
    """A slot. Nothing else is taken, and above all nothing about a person."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: str = Field(
        pattern=SERVICE_PATTERN,
        description="A service of the site's configuration.",
        examples=["1"],
    )
    slot: Annotated[AwareDatetime, AfterValidator(_on_a_minute)] = Field(
        description="When the slot begins.", examples=["2026-11-23T08:30:00+07:00"]
    )

    def wanted(self, code: str | None = None) -> Wanted:
        """The same for the book."""
        return Wanted(self.service, round(self.slot.timestamp()) * 1000, code)


class BookingWanted(SlotWanted):
    """A slot, and perhaps the code that the citizen has been given."""

    code: Code | None = Field(
        default=None, description="Left out, the centre makes one.", examples=["HK7PX3M9"]
    )


class Appointment(Model):
    """An appointment as it is now."""

    code: str = Field(examples=["HK7PX3M9"])
    service: str = Field(examples=["1"])
    slot: datetime = Field(examples=["2026-11-23T08:30:00+07:00"])
    state: State
    at_site: bool = Field(
        description="Whether the site's hub is known to have it as it is here, or to have given "
        "it back. While it has not, the one before may still be checked in there.",
        examples=[True],
    )
    cancelled_because: Because | None = Field(
        description="Why the authority cancelled it: the site's last day is before the slot "
        "(`site-ended`), or its configuration no longer has the service, or is closed then "
        "(`not-offered`). Null where whoever booked cancelled it, and where it is not cancelled.",
        examples=[None],
    )
    since: datetime | None = Field(
        description="Since when it is checked in, called, served or not come, by a clock that can "
        "be trusted; else null.",
        examples=["2026-11-23T08:21:40+07:00"],
    )


class BookingProblem(Problem):
    """Why nothing was booked."""

    free_slots: list[datetime] = Field(
        default=[],
        description="When free slots of this service begin that are nearest to the one wanted, "
        "where another slot would do.",
        examples=[["2026-11-23T08:45:00+07:00"]],
    )


class FreeSlot(Model):
    """A slot that takes somebody yet."""

    slot: datetime = Field(description="When it begins.", examples=["2026-11-23T08:30:00+07:00"])
    left: int | None = Field(
        description="How many more it takes; null where as many as will.", examples=[2]
    )


class FreeSlots(Model):
    """The slots of a day in which a service can be booked now, in order."""

    slots: list[FreeSlot]


class AppointmentPage(Model):
    """The appointments of a site and day, by slot, those too that were cancelled."""

    total: Count
    next_offset: NextOffset
    appointments: list[Appointment]


def appointment(row: AppointmentRow, today: str) -> Appointment:
    """An appointment as it is told."""
    service, slot_ms = row.present
    return Appointment(
        code=row.code,
        service=service,
        slot=local_time(slot_ms),
        state=_state(row, today),
        at_site=row.is_at_site,
        cancelled_because=None if row.phase is not None else _BECAUSE.get(row.withdrawn),
        since=None if row.phase_ms is None else local_time(row.phase_ms),
    )


def _state(row: AppointmentRow, today: str) -> State:
    if row.phase is not None:
        return State(row.phase)
    if row.cancelled:
        return State.CANCELLED
    if row.day < today:
        was_in_time = row.was_in_time
        if row.told_ms is None or day_of(row.told_ms) <= row.day or was_in_time is None:
            return State.UNKNOWN
        return State.NOT_COME if was_in_time else State.UNDELIVERED
    return State.DELIVERED if row.is_at_site else State.BOOKED
