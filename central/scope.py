"""Which part of the country someone may see, and what they may do there."""

from typing import Literal

from msgspec import Struct

Role = Literal["national", "province", "unit", "auditor", "operator", "booking"]


UNIT_LENGTH = len("01-00097")


def unit_of(site: str) -> str:
    """The commune-level unit of a site, with its province's code, such as `01-00097`."""
    return site[:UNIT_LENGTH]


class Scope(Struct, frozen=True):
    """The whole nation, one province by its two-digit code, or within it one commune-level unit
    such as `01-00097`. A unit's scope names its province too."""

    province: str | None = None
    unit: str | None = None

    @staticmethod
    def of(province: str | None, unit: str | None) -> "Scope":
        """The scope of a place that somebody names: a unit alone says which province it is in."""
        return Scope(province or (unit or "")[:2] or None, unit)

    def covers(self, province: str) -> bool:
        """Whether something that belongs to `province` may be seen."""
        return self.province is None or self.province == province

    def covers_unit(self, unit: str) -> bool:
        """Whether something that belongs to `unit` may be seen."""
        return self.covers(unit[:2]) and self.unit in (None, unit)
