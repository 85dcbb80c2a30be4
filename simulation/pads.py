"""Fingers of simulated citizens on rating buttons, whose contacts bounce as cheap ones do."""

from random import Random
from typing import Protocol

from runtime.clock import Clock

_BOUNCES = 6
_BOUNCE_S = (0.000_1, 0.003)
_HOLD_S = (0.03, 0.4)


class Contact(Protocol):
    """A contact that joins its pin to ground, such as a mock pin of gpiozero's."""

    def drive_low(self) -> None:
        """Close it."""
        ...

    def drive_high(self) -> None:
        """Open it."""
        ...


class Contacts(Protocol):
    """The contacts of a machine by pin, such as gpiozero's MockFactory."""

    def pin(self, number: int, /) -> Contact:
        """The contact at a pin."""
        ...


def press(pins: Contacts, pin: int, random: Random, clock: Clock) -> None:
    """Push the button at `pin` and let it go, while `clock` passes up to half a second."""
    button = pins.pin(pin)
    for _ in range(random.randint(0, _BOUNCES)):
        button.drive_low()
        clock.sleep(random.uniform(*_BOUNCE_S))
        button.drive_high()
        clock.sleep(random.uniform(*_BOUNCE_S))
    button.drive_low()
    clock.sleep(random.uniform(*_HOLD_S))
    for _ in range(random.randint(0, _BOUNCES)):
        button.drive_high()
        clock.sleep(random.uniform(*_BOUNCE_S))
        button.drive_low()
        clock.sleep(random.uniform(*_BOUNCE_S))
    button.drive_high()
