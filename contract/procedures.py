"""Administrative procedures, by their national codes and the days on which they are in force."""

from collections.abc import Iterable
from datetime import date
from itertools import pairwise
from typing import Annotated

from msgspec import Meta, Struct

from contract.ids import Day, ServiceId, whole

ProcedureCode = Annotated[
    str,
    Meta(
        pattern=whole(r"[0-9]\.[0-9]{6}(\.[0-9A-Z.]+)?"),
        max_length=40,
        description="A national code (mã TTHC), e.g. `1.001193`.",
    ),
]


class Procedure(Struct, frozen=True, omit_defaults=True):
    """An administrative procedure, its national code, and the service that handles it.

    It is in force from `valid_from` to `valid_to`, both included; None leaves that end open.
    """

    code: ProcedureCode
    name: dict[str, str]
    service: ServiceId
    valid_from: date | None = None
    valid_to: date | None = None

    def __post_init__(self) -> None:
        if self.days[0] > self.days[1]:
            raise ValueError(f"procedure {self.code} ends before it begins")

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day in force."""
        return self.valid_from or date.min, self.valid_to or date.max

    def is_in_force(self, day: Day) -> bool:
        """Whether it is offered on a business day."""
        first, last = self.days
        return first.isoformat() <= day <= last.isoformat()


class WrittenProcedure(Procedure, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A procedure in a file that somebody writes, where an unknown key is a mistake; in a message
    it is for newer software."""


def named_twice(procedures: Iterable[Procedure]) -> list[str]:
    """The codes that have two entries for the same day."""
    ordered = sorted(procedures, key=lambda one: (one.code, one.days))
    return sorted(
        {
            earlier.code
            for earlier, later in pairwise(ordered)
            if earlier.code == later.code and later.days[0] <= earlier.days[1]
        }
    )
