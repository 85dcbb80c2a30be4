"""Whose token a request came with."""

from msgspec import Struct

from contract.commands import Role
from contract.ids import CounterId, Name
from edge.core.report import StaffFigures


class Me(Struct, frozen=True):
    """A device or a member of staff; `figures` are a clerk's or supervisor's own of today."""

    id: Name
    role: Role
    counter: CounterId | None
    figures: StaffFigures | None = None
