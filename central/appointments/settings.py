"""The setting of what can be booked."""

from typing import Annotated

from msgspec import Meta, Struct


class AppointmentSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A half-day is booked in slots of `slot_min`, from its first number on; for as many citizens
    each as `appointments_per_slot` of the service says."""

    slot_min: Annotated[int, Meta(ge=5, le=240)] = 15
