"""Rating buttons of one counter on GPIO pins, lit while a rating is due."""

from collections.abc import Callable, Sequence
from functools import partial
from threading import Lock
from typing import Literal

from gpiozero import LED
from gpiozero.pins import Factory

from contract.commands import Rate
from contract.ids import CounterId
from contract.snapshot import CounterView
from edge.devices.pins import PushButton
from edge.devices.transport import DeviceError
from runtime.clock import Clock
from runtime.settings import SettingsError

LEVELS = (3, 4, 5)
_THANKS_BLINKS = 3
_THANKS_S = 0.3

_Lights = Literal["dark", "live", "thanks"]


class RatingPad:
    """Three, four or five buttons at a counter, worst level first, perhaps with a light in each.

    Every press is reported, from a thread of the pin library, by `report`, which must only post it
    on; whether a rating was due the hub decides. The lights are all on while one is, and all blink
    when it was counted: they never tell the staff which it was.
    """

    def __init__(
        self,
        counter: CounterId,
        pins: Sequence[int],
        levels: int,
        report: Callable[[Rate], object],
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
        self._finished_seq: int | None = None
        self._lights: _Lights = "dark"
        self._due_ms: int | None = None
        self._showing = Lock()
        self._buttons: list[PushButton] = []
        self._leds: list[LED] = []
        try:
            for pin in led_pins:
                self._leds.append(LED(pin, pin_factory=pin_factory))
            for level, pin in enumerate(pins, 1):
                pressed = partial(self._pressed, level)
                self._buttons.append(PushButton(pin, pressed, clock, pin_factory))
        except Exception as error:
            self.close()
            raise DeviceError(f"the rating buttons of counter {counter}: {error}") from error

    def show(self, view: CounterView | None, now_ms: int) -> None:
        """Light what the hub says of this counter at `now_ms`; None when it says nothing."""
        due_ms = view.rating_due_ms if view is not None else None
        rated = view is not None and view.rated
        with self._showing:
            if view is not None:
                self._finished_seq = view.finished_seq
            if due_ms is not None and due_ms > now_ms:
                if due_ms != self._due_ms:
                    self._light("live", on_time=(due_ms - now_ms) / 1000, off_time=0, n=1)
            elif self._lights == "live" and rated:
                self._light("thanks", on_time=_THANKS_S, off_time=_THANKS_S, n=_THANKS_BLINKS)
            elif not (self._lights == "thanks" and rated):
                self._light("dark")
            self._due_ms = due_ms

    def close(self) -> None:
        """Let go of the pins."""
        for device in (*self._buttons, *self._leds):
            device.close()

    def _pressed(self, level: int) -> None:
        self._report(Rate(self._counter, level, finished_seq=self._finished_seq))

    def _light(self, lights: _Lights, **blinks: float) -> None:
        self._lights = lights
        for led in self._leds:
            if lights == "dark":
                led.off()
            else:
                led.blink(**blinks)


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
