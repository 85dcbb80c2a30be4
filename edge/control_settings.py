"""The settings of buttons on a machine's own pins and of keypads on its USB."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from contract.ids import CounterId, Name, ServiceId, whole

TICKET_BUTTONS = "ticket-buttons"

Gpio = Annotated[int, Meta(ge=0, le=27)]
Key = Annotated[str, Meta(pattern=whole(r"(KEY|BTN)_[A-Z0-9_]{1,30}"))]
KeyUse = Annotated[
    str,
    Meta(
        pattern=whole(r"next|recall|absent|ticket:[a-z0-9][a-z0-9-]{0,23}"),
        description="`next`, `recall`, `absent`, or `ticket:` and a service.",
    ),
]


class PadSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Rating buttons on this machine's own pins, numbered as GPIO, the worst level first."""

    counter: CounterId
    pins: tuple[Gpio, ...]
    led_pins: tuple[Gpio, ...] = ()


class ServiceButton(Struct, frozen=True, forbid_unknown_fields=True):
    """A button to ground that gives a number of one service, and its light, if it has one."""

    service: ServiceId
    pin: Gpio
    led_pin: Gpio | None = None


class KeypadSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A USB keypad, by its path in /dev/input/by-id, and what its keys do.

    With a counter its keys call there: `next` ends the service of whoever was called and calls the
    next number; held for 0.8 s it calls the present one again, as `recall` does, and held for 3 s
    it marks that nobody came, as `absent` does. Without, its keys give numbers.
    """

    name: Name
    path: Path
    keys: dict[Key, KeyUse]
    counter: CounterId | None = None

    def __post_init__(self) -> None:
        for key, use in self.keys.items():
            if use.startswith("ticket:") == (self.counter is not None):
                raise ValueError(
                    f"{self.name}: {key} = {use!r}, but with a counter keys call, and give tickets "
                    "without"
                )


class ControlSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What people press: rating pads, ticket buttons and keypads; `pin_library` is gpiozero's."""

    pads: tuple[PadSettings, ...] = ()
    ticket_buttons: tuple[ServiceButton, ...] = ()
    keypads: tuple[KeypadSettings, ...] = ()
    pin_library: str = "gpiod"

    def __post_init__(self) -> None:
        pins = [pin for pad in self.pads for pin in (*pad.pins, *pad.led_pins)]
        pins += [button.pin for button in self.ticket_buttons]
        pins += [button.led_pin for button in self.ticket_buttons if button.led_pin is not None]
        if twice := sorted({pin for pin in pins if pins.count(pin) > 1}):
            raise ValueError(f"GPIO {', '.join(map(str, twice))}: used twice")

    @property
    def devices(self) -> tuple[str, ...]:
        """The name of each device, under which it speaks to the hub."""
        pads = tuple(pad_name(pad.counter) for pad in self.pads)
        buttons = (TICKET_BUTTONS,) if self.ticket_buttons else ()
        return (*pads, *buttons, *(keypad.name for keypad in self.keypads))

    @property
    def issuing_devices(self) -> tuple[str, ...]:
        """Those that give out numbers."""
        buttons = (TICKET_BUTTONS,) if self.ticket_buttons else ()
        return (*buttons, *(keypad.name for keypad in self.keypads if keypad.counter is None))


def pad_name(counter: str) -> str:
    """The name of the rating pad of a counter."""
    return f"pad-{counter}"
