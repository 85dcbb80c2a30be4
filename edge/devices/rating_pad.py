"""Rating buttons of one counter on GPIO pins: one press is one command, however contacts bounce."""

from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import entry_points

from gpiozero import LED, Button
from gpiozero.pins import Factory

from contract.commands import Rate
from contract.ids import CounterId
from edge.devices.transport import DeviceError
from runtime.clock import Clock
from runtime.settings import SettingsError

LEVELS = (3, 4, 5)
QUIET_MS = 250
_KERNEL_DEBOUNCE_S = 0.02  # 0.05 would swallow a tap of 30 ms
_THANKS_S = 2.0
_ENTRY_POINTS = "gpiozero_pin_factories"


class RatingPad:
    """Three, four or five buttons at a counter, worst level first, perhaps with a light in each.

    A press calls `report` from a thread of the pin library, which must only post it on; its light
    glows for a moment. The hub decides whether a rating was due.
    """

    def __init__(
        self,
        counter: CounterId,
        pins: Sequence[int],
        levels: int,
        report: Callable[[Rate], None],
        clock: Clock,
        *,
        pin_factory: Factory,
        led_pins: Sequence[int] = (),
    ) -> None:
        """Listen to `pins`, numbered as the Pi's GPIO, each a button to ground.

        Raises SettingsError when the pins do not fit the levels, DeviceError when one is not to
        be had.
        """
        _check(counter, pins, levels, led_pins)
        self._counter = counter
        self._report = report
        self._clock = clock
        self._quiet_since_ns = [-QUIET_MS * 1_000_000] * levels
        self._buttons: list[Button] = []
        self._leds: list[LED] = []
        try:
            for pin in led_pins:
                self._leds.append(LED(pin, pin_factory=pin_factory))
            for place, pin in enumerate(pins):
                button = Button(pin, bounce_time=_KERNEL_DEBOUNCE_S, pin_factory=pin_factory)
                self._buttons.append(button)
                button.when_pressed = partial(self._on_press, place)
                button.when_released = partial(self._quiet_ms, place)
        except Exception as error:
            self.close()
            raise DeviceError(f"the rating buttons of counter {counter}: {error}") from error

    def close(self) -> None:
        """Let go of the pins."""
        for device in (*self._buttons, *self._leds):
            device.close()

    def _on_press(self, place: int) -> None:
        if self._quiet_ms(place) < QUIET_MS:
            return
        if self._leds:
            self._leds[place].blink(on_time=_THANKS_S, off_time=0, n=1)
        self._report(Rate(self._counter, place + 1))

    def _quiet_ms(self, place: int) -> float:
        """End the quiet of a button, as every edge does, and return how long it had lasted."""
        now_ns = self._clock.stamp().mono_ns
        quiet_ns = now_ns - self._quiet_since_ns[place]
        self._quiet_since_ns[place] = now_ns
        return quiet_ns / 1e6


def open_pin_factory(name: str) -> Factory:
    """Load a pin library by gpiozero's name for it: `lgpio` on a Pi, `mock` in a simulation.

    gpiozero by itself would fall back silently to another one. Raises SettingsError when there
    is none of that name, DeviceError when it does not work here.
    """
    found = entry_points(group=_ENTRY_POINTS, name=name)
    if not found:
        raise SettingsError(f"{name!r} is not a pin library of gpiozero, such as lgpio")
    try:
        return next(iter(found)).load()()
    except Exception as error:
        raise DeviceError(f"the pin library {name} does not work here: {error}") from error


def _check(counter: CounterId, pins: Sequence[int], levels: int, led_pins: Sequence[int]) -> None:
    where = f"the rating buttons of counter {counter}"
    if levels not in LEVELS:
        raise SettingsError(f"{where}: {levels} levels, but ratings have 3, 4 or 5")
    if len(pins) != levels:
        raise SettingsError(f"{where}: {len(pins)} pins for {levels} levels")
    if led_pins and len(led_pins) != levels:
        raise SettingsError(f"{where}: {len(led_pins)} lights for {levels} levels")
    if len({*pins, *led_pins}) < len(pins) + len(led_pins):
        raise SettingsError(f"{where}: a pin is used twice")
