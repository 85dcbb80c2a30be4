"""Buttons that give out numbers, one for each service, with a light that says what they do."""

from collections.abc import Callable, Iterator, Sequence, Set
from concurrent.futures import Future
from functools import partial
from threading import Lock

from gpiozero import LED
from gpiozero.pins import Factory

from contract.commands import Answer, IssueTicket
from contract.ids import ServiceId
from contract.refusals import Refused
from edge.control_settings import ServiceButton
from edge.devices.pins import PushButton
from edge.devices.transport import DeviceError
from runtime.clock import Clock
from runtime.settings import SettingsError

Give = Callable[[IssueTicket], Future[Answer | Refused]]

_QUIET_MS = 2000  # a nervous second push is not a second person
_WAITING_S = 0.1
_REFUSED_S = 0.25
_REFUSED_BLINKS = 5


class TicketButtons:
    """Asks for one ticket at each push, by `give`, which must not block.

    A light is on while a push gives a number, blinks fast while the hub is asked, and slowly when
    it refused or did not answer. One ticket at a time comes from each button.
    """

    def __init__(
        self, buttons: Sequence[ServiceButton], give: Give, clock: Clock, *, pin_factory: Factory
    ) -> None:
        """Listen to the pins. Raises SettingsError for a pin used twice, DeviceError for one that
        is not to be had."""
        pins = [button.pin for button in buttons]
        pins += [button.led_pin for button in buttons if button.led_pin is not None]
        if len(pins) != len(set(pins)):
            raise SettingsError("the ticket buttons: a pin is used twice")
        self._give = give
        self._giving: Set[ServiceId] = frozenset()
        self._asking: set[ServiceId] = set()
        self._lock = Lock()
        self._buttons: list[PushButton] = []
        self._leds: dict[ServiceId, LED] = {}
        try:
            for button in buttons:
                if button.led_pin is not None:
                    self._leds[button.service] = LED(button.led_pin, pin_factory=pin_factory)
                pressed = partial(self._ask, button.service)
                self._buttons.append(
                    PushButton(button.pin, pressed, clock, pin_factory, quiet_ms=_QUIET_MS)
                )
        except Exception as error:
            self.close()
            raise DeviceError(f"the ticket buttons: {error}") from error

    def show(self, *, giving: Set[ServiceId]) -> None:
        """Light the buttons of the services whose numbers are given out."""
        with self._lock:
            for service, led in self._leds.items():
                changed = (service in giving) != (service in self._giving)
                if changed and service not in self._asking:
                    led.value = service in giving
            self._giving = giving

    def close(self) -> None:
        """Let go of the pins."""
        for device in (*self._buttons, *self._leds.values()):
            device.close()

    def _ask(self, service: ServiceId) -> None:
        with self._lock:
            if service in self._asking:
                return
            self._asking.add(service)
            led = self._leds.get(service)
            if led is not None:
                led.source = None
                led.blink(on_time=_WAITING_S, off_time=_WAITING_S)
        self._give(IssueTicket((service,))).add_done_callback(partial(self._answered, service))

    def _answered(self, service: ServiceId, reply: Future[Answer | Refused]) -> None:
        given = reply.exception() is None and isinstance(reply.result(), Answer)
        with self._lock:
            self._asking.discard(service)
            led = self._leds.get(service)
            if led is None or led.closed:
                return
            led.value = service in self._giving
            if not given:
                led.source_delay = _REFUSED_S
                led.source = self._no(service)

    def _no(self, service: ServiceId) -> Iterator[bool]:
        yield from (False, True) * _REFUSED_BLINKS
        yield service in self._giving
