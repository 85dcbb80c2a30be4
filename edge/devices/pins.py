"""Buttons on GPIO pins: one push is one press, however contacts bounce."""

from collections.abc import Callable
from importlib.metadata import entry_points

from gpiozero import Button
from gpiozero.pins import Factory

from edge.devices.transport import DeviceError
from runtime.clock import Clock
from runtime.settings import SettingsError

QUIET_MS = 250
_KERNEL_DEBOUNCE_S = 0.02  # 0.05 would swallow a tap of 30 ms
_ENTRY_POINTS = "gpiozero_pin_factories"


class PushButton:
    """A button from `pin`, numbered as the Pi's GPIO, to ground.

    `pressed` is called by a thread of the pin library, and must only post the press on. A press
    counts after `quiet_ms` without any edge.
    """

    def __init__(
        self,
        pin: int,
        pressed: Callable[[], object],
        clock: Clock,
        pin_factory: Factory,
        *,
        quiet_ms: int = QUIET_MS,
    ) -> None:
        """Listen to the pin. Raises gpiozero's errors when it is not to be had."""
        self._pressed = pressed
        self._clock = clock
        self._needed_ms = quiet_ms
        self._quiet_since_ns = -quiet_ms * 1_000_000
        self._button = Button(pin, bounce_time=_KERNEL_DEBOUNCE_S, pin_factory=pin_factory)
        self._button.when_pressed = self._on_press
        self._button.when_released = self._quiet_ms

    def close(self) -> None:
        """Let go of the pin."""
        self._button.close()

    def _on_press(self) -> None:
        if self._quiet_ms() >= self._needed_ms:
            self._pressed()

    def _quiet_ms(self) -> float:
        """End the quiet, as every edge does, and return how long it had lasted."""
        now_ns = self._clock.stamp().mono_ns
        quiet_ns = now_ns - self._quiet_since_ns
        self._quiet_since_ns = now_ns
        return quiet_ns / 1e6


def open_pin_factory(name: str) -> Factory:
    """Load a pin library by its name in gpiozero: `gpiod` on a Pi, `mock` in a simulation.

    gpiozero by itself would fall back silently to another one. Raises SettingsError when there is
    none of that name, DeviceError when it does not work here.
    """
    found = entry_points(group=_ENTRY_POINTS, name=name)
    if not found:
        raise SettingsError(f"{name!r} is not a pin library of gpiozero, such as gpiod")
    try:
        return next(iter(found)).load()()
    except Exception as error:
        raise DeviceError(f"the pin library {name} does not work here: {error}") from error
