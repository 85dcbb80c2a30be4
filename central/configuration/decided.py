"""What a hub should run, and how what it says that it runs stands to that."""

import re
from enum import Enum
from typing import NamedTuple

from central.catalogue.handled import Handled, services_in
from central.store.configurations import Made
from contract.wire import configuration_label

_LABEL = re.compile(r"([1-9][0-9]{0,11})-[0-9a-f]{12}")


class Standing(Enum):
    """What a hub runs: what it should, something older, or what this centre has not made."""

    RIGHT = "right"
    OLDER = "older"
    UNKNOWN = "unknown"


class Decided(NamedTuple):
    """What was made for a hub last, and the digest of its part of the catalogue as that is now."""

    made: Made
    catalogue: bytes

    @property
    def text(self) -> str:
        """What was decided for its site, as TOML."""
        return self.made.text

    @property
    def is_due(self) -> bool:
        """Whether the catalogue says something else than what was made last."""
        return self.catalogue != self.made.catalogue

    @property
    def number(self) -> int:
        """The number that this has, or gets when it is made; 0 for the hub's own settings."""
        return self.made.number + self.is_due

    @property
    def label(self) -> str | None:
        """What the hub reports while this is in force; None for its own settings."""
        if not self.number:
            return None
        return configuration_label(self.number, self.text, self.catalogue)

    def standing(self, reported: str) -> Standing:
        """How what a hub reports stands to this.

        A higher number with the same content is right: a centre of which only a backup is left may
        have made it.
        """
        number = number_in(reported)
        if number < self.made.number or (number == 0 and self.number):
            return Standing.OLDER
        if number == 0 or reported == configuration_label(number, self.text, self.catalogue):
            return Standing.RIGHT
        before = configuration_label(self.made.number, self.text, self.made.catalogue)
        return Standing.OLDER if self.is_due and reported == before else Standing.UNKNOWN

    def is_ahead(self, reported: str) -> bool:
        """Whether a hub runs this by a higher number than was made here."""
        is_right = self.standing(reported) is Standing.RIGHT
        return is_right and number_in(reported) > self.made.number


def decided(made: Made, handled: Handled) -> Decided:
    """What a node should run for which this was made last."""
    part = handled.by(services_in(made.text))
    return Decided(made, made.catalogue if part is None else part.digest)


def number_in(label: str) -> int:
    """The number in a label that a hub reports; 0 where its own settings are in force."""
    found = _LABEL.fullmatch(label)
    return int(found[1]) if found else 0
