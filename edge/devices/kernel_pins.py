"""A Raspberry Pi's pins by the kernel's own interface, as gpiozero's pin library `gpiod`.

The kernel debounces, stamps each edge, and gives a pin back however the program ends. Source:
linux/gpio.h (its version 2), by the Python package of libgpiod.
"""

import errno
import logging
import os
import select
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Lock, RLock, Thread

from gpiod import Chip, EdgeEvent, LineRequest, LineSettings
from gpiod.line import Bias, Direction, Edge, Value
from gpiozero.exc import PinFixedPull, PinInvalidBounce, PinInvalidFunction, PinSetInput
from gpiozero.pins.local import LocalPiFactory
from gpiozero.pins.pi import PinInfo, PiPin

from edge.devices.transport import DeviceError

logger = logging.getLogger(__name__)

HEADER_LABELS = ("pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1")
"""What the kernel calls the chip behind the 40 pins of a Pi 1 to 3, of a Pi 4, and of a Pi 5.

Its number is no help: a Pi 5 has several chips, and this one has been gpiochip4 and gpiochip0.
"""

_CONSUMER = "thutu"
_UNUSED = LineSettings(direction=Direction.INPUT, bias=Bias.DISABLED)
_BIASES = {"up": Bias.PULL_UP, "down": Bias.PULL_DOWN, "floating": Bias.DISABLED}
_PULLS = {bias: pull for pull, bias in _BIASES.items()}
_EDGES = {"both": Edge.BOTH, "rising": Edge.RISING, "falling": Edge.FALLING}
_EDGE_NAMES = {edge: name for name, edge in _EDGES.items()}


class KernelPins(LocalPiFactory):  # type: ignore[misc]  # gpiozero has no types
    """The pins of this Pi; each is taken when a device uses it, and given back with the device."""

    def __init__(self, devices: Path = Path("/dev")) -> None:
        """Open the chip of the 40 pins. Raises DeviceError."""
        super().__init__()
        self.pin_class = KernelPin
        self._chip = header_chip(devices)
        self._asking = Lock()
        self.edges = EdgeWatch()

    def request(self, number: int, settings: LineSettings) -> LineRequest:
        """Take a pin. Raises DeviceError, which names the program that has it."""
        with self._asking:
            try:
                return self._chip.request_lines({number: settings}, consumer=_CONSUMER)
            except (OSError, ValueError) as error:
                raise DeviceError(self._why_not(number, error)) from error

    def close(self) -> None:
        """Give all pins back."""
        super().close()
        self.edges.close()
        self._chip.close()

    def _why_not(self, number: int, error: Exception) -> str:
        if isinstance(error, OSError) and error.errno == errno.EBUSY:
            user = self._chip.get_line_info(number).consumer
            return f"GPIO {number} is used by another program, {user}"
        return f"GPIO {number} is not to be had: {error}"


class KernelPin(PiPin):  # type: ignore[misc]  # gpiozero has no types
    """One pin, as gpiozero's devices use it: an input with a pull, or an output; no PWM."""

    def __init__(self, factory: KernelPins, info: PinInfo) -> None:
        super().__init__(factory, info)
        self._settings = _UNUSED
        self._edges = Edge.BOTH
        self._debounce = timedelta()
        self._request: LineRequest | None = None
        self._using = RLock()

    def output_with_state(self, state: bool) -> None:
        """Drive the pin, at this level from the first moment."""
        self._configure(LineSettings(direction=Direction.OUTPUT, output_value=Value(bool(state))))

    def close(self) -> None:
        """Let the line float, as it was, and give it back."""
        self._set_when_changed(None)
        with self._using:
            if self._request is not None:
                self._configure(_UNUSED)
                self._request.release()
                self._request = None

    def _get_function(self) -> str:
        return "output" if self._settings.direction is Direction.OUTPUT else "input"

    def _set_function(self, value: str) -> None:
        if value not in {"input", "output"}:
            raise PinInvalidFunction(f"{self!r} is no {value}")
        if value == "output":
            self.output_with_state(False)
        else:
            self._configure(_UNUSED)

    def _get_state(self) -> bool:
        with self._using:
            return self._requested().get_value(self._number) is Value.ACTIVE

    def _set_state(self, value: bool) -> None:
        with self._using:
            if self._settings.direction is not Direction.OUTPUT:
                raise PinSetInput(f"{self!r} is an input")
            self._requested().set_value(self._number, Value(bool(value)))

    def _get_pull(self) -> str:
        return _PULLS.get(self._settings.bias, "floating")

    def _set_pull(self, value: str) -> None:
        if self._info.pull not in {value, ""}:
            raise PinFixedPull(f"{self!r} has a pull-{self._info.pull} resistor of its own")
        self._configure(replace(self._settings, bias=_BIASES[value]))

    def _get_bounce(self) -> float | None:
        return self._debounce.total_seconds() or None

    def _set_bounce(self, value: float | None) -> None:
        if value is not None and value < 0:
            raise PinInvalidBounce(f"{value} s is no time to settle")
        self._debounce = timedelta(seconds=value or 0)
        self._listen_anew()

    def _get_edges(self) -> str:
        return _EDGE_NAMES[self._edges]

    def _set_edges(self, value: str) -> None:
        self._edges = _EDGES[value]
        self._listen_anew()

    def _enable_event_detect(self) -> None:
        with self._using:
            # Both at once: before 6.1.91 the kernel forgets its queue when edges follow a debounce.
            self._configure(
                replace(self._settings, edge_detection=self._edges, debounce_period=self._debounce)
            )
            self._factory.edges.watch(self._requested().fd, self._tell)

    def _disable_event_detect(self) -> None:
        with self._using:
            self._factory.edges.forget(self._requested().fd)
            self._configure(
                replace(
                    self._settings,
                    edge_detection=Edge.NONE,
                    debounce_period=_UNUSED.debounce_period,
                )
            )

    def _listen_anew(self) -> None:
        if self._get_when_changed() is not None:
            self._enable_event_detect()

    def _configure(self, settings: LineSettings) -> None:
        with self._using:
            if self._request is None:
                self._request = self._factory.request(self._number, settings)
            else:
                self._request.reconfigure_lines({self._number: settings})
            self._settings = settings

    def _requested(self) -> LineRequest:
        if self._request is None:
            raise DeviceError(f"{self!r} is neither an input nor an output yet")
        return self._request

    def _tell(self) -> None:
        """Tell the device of the edges that the kernel has kept. Raises OSError."""
        with self._using:
            waiting = self._request is not None and self._request.wait_edge_events(0)
            edges = self._requested().read_edge_events() if waiting else []
        for edge in edges:
            changed = self._get_when_changed()
            if changed is not None:
                changed(edge.timestamp_ns / 1e9, edge.event_type is EdgeEvent.Type.RISING_EDGE)


class EdgeWatch:
    """One thread that says when the kernel has edges for a pin."""

    def __init__(self) -> None:
        self._waiting = select.epoll()
        self._closing = os.eventfd(0)
        self._waiting.register(self._closing, select.EPOLLIN)
        self._tells: dict[int, Callable[[], None]] = {}
        self._thread = Thread(target=self._run, name="gpio", daemon=True)
        self._thread.start()

    def watch(self, fd: int, tell: Callable[[], None]) -> None:
        """Call `tell` from the thread whenever `fd` can be read; it raises OSError at its end."""
        if self._tells.get(fd) is None:
            self._waiting.register(fd, select.EPOLLIN)
        self._tells[fd] = tell

    def forget(self, fd: int) -> None:
        """Call no more for `fd`, but for a call that is on its way."""
        if self._tells.pop(fd, None) is not None:
            self._waiting.unregister(fd)

    def close(self) -> None:
        """End the thread."""
        if self._thread.is_alive():
            os.eventfd_write(self._closing, 1)
            self._thread.join()
            self._waiting.close()
            os.close(self._closing)

    def _run(self) -> None:
        while True:
            for fd, _ in self._waiting.poll():
                if fd == self._closing:
                    return
                tell = self._tells.get(fd)
                if tell is not None:
                    self._call(fd, tell)

    def _call(self, fd: int, tell: Callable[[], None]) -> None:
        try:
            tell()
        except OSError as error:
            logger.error("a pin fell silent: %s", error)  # noqa: TRY400  # its chip is gone
            self.forget(fd)
        except Exception:
            logger.exception("what a pin told was not taken")


def header_chip(devices: Path) -> Chip:
    """Open the chip behind a Pi's 40 pins. Raises DeviceError when there is none, or none to be
    had."""
    refused: OSError | None = None
    for path in sorted(devices.glob("gpiochip*")):
        try:
            chip = Chip(str(path))
        except OSError as error:
            refused = error
            continue
        if chip.get_info().label in HEADER_LABELS:
            return chip
        chip.close()
    if refused is not None:
        raise DeviceError(f"{refused}; programs that use the pins are in the group gpio")
    raise DeviceError(f"{devices} has no chip of a Pi's 40 pins, such as {HEADER_LABELS[-1]}")
