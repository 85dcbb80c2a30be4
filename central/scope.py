"""Which part of the country someone may see."""

from typing import Literal

from msgspec import Struct

Role = Literal["national", "province"]


class Scope(Struct, frozen=True):
    """The whole nation, or one province by its two-digit code."""

    province: str | None = None

    def covers(self, province: str) -> bool:
        """Whether what belongs to `province` may be seen."""
        return self.province is None or self.province == province
