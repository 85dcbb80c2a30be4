"""What provinces and units are called, as of a day."""

from datetime import date
from typing import NamedTuple

from central.registry.dated_names import DatedNames

_PROVINCE_LENGTH = 2


class Places(NamedTuple):
    """The provinces and the units that there are and were."""

    provinces: DatedNames
    units: DatedNames

    def name(self, code: str, day: date) -> str:
        """The name of a province or a unit on a day, the code itself when there is none such."""
        known = self.provinces if len(code) == _PROVINCE_LENGTH else self.units
        return known.name(code, day)
