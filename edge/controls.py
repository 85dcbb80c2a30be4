"""The buttons of one machine, hub or satellite: rating pads, ticket buttons and keypads."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from threading import Event, Thread

import evdev
from gpiozero.pins import Factory

from contract.commands import (
    Actor,
    Answer,
    AnyCommand,
    CallNext,
    IssueTicket,
    Recall,
    ReportDevice,
    Role,
)
from contract.refusals import Refused
from contract.snapshot import Snapshot
from edge.control_settings import (
    TICKET_BUTTONS,
    ControlSettings,
    KeypadSettings,
    PadSettings,
    pad_name,
)
from edge.devices.keypad import Keypad, OpenInput
from edge.devices.pins import open_pin_factory
from edge.devices.rating_pad import RatingPad
from edge.devices.ticket_buttons import TicketButtons
from edge.devices.transport import DeviceError
from runtime.clock import Clock

logger = logging.getLogger(__name__)

Give = Callable[[Actor, AnyCommand], "Future[Answer | Refused]"]

_LOOK_S = 10.0


class Controls:
    """Gives the hub what people press, each device as an actor of its own, and lights its lamps.

    A device that does not work is reported, and everything else works without it.
    """

    def __init__(
        self,
        settings: ControlSettings,
        give: Give,
        report: Callable[[ReportDevice], object],
        clock: Clock,
        *,
        levels: int | None = None,
        open_input: OpenInput = evdev.InputDevice,
    ) -> None:
        """Listen to the devices. `give` and `report` must not block; a rating has `levels`, else as
        many as its pad has pins. Raises SettingsError.
        """
        self._give = give
        self._report = report
        self._clock = clock
        self._open_input = open_input
        self._pads: dict[str, RatingPad] = {}
        self._ticket_buttons: TicketButtons | None = None
        self._keypads: list[Keypad] = []
        self._pins: Factory | None = None
        try:
            self._listen(settings, levels)
        except BaseException:
            self.close()
            raise

    def show(self, snapshot: Snapshot | None) -> None:
        """Light what the hub says; None when it says nothing."""
        views = {} if snapshot is None else {view.counter: view for view in snapshot.counters}
        now_ms = 0 if snapshot is None else snapshot.now_ms
        for counter, pad in self._pads.items():
            pad.show(views.get(counter), now_ms)
        if self._ticket_buttons is not None:
            self._ticket_buttons.show(issuing=snapshot is not None and snapshot.issuing == "open")

    def close(self) -> None:
        """Let go of all devices."""
        for keypad in self._keypads:
            keypad.close()
        for pad in self._pads.values():
            pad.close()
        if self._ticket_buttons is not None:
            self._ticket_buttons.close()
        if self._pins is not None:
            self._pins.close()

    def _listen(self, settings: ControlSettings, levels: int | None) -> None:
        for pad in settings.pads:
            with self._reported(pad_name(pad.counter)):
                self._add_pad(pad, levels or len(pad.pins), self._factory(settings))
        if settings.ticket_buttons:
            with self._reported(TICKET_BUTTONS):
                self._ticket_buttons = TicketButtons(
                    settings.ticket_buttons,
                    partial(self._give, Actor(TICKET_BUTTONS, "kiosk")),
                    self._clock,
                    pin_factory=self._factory(settings),
                )
        for keypad in settings.keypads:
            self._add_keypad(keypad)

    @contextmanager
    def _reported(self, device: str) -> Iterator[None]:
        try:
            yield
        except DeviceError as error:
            logger.warning("%s; everything else works without", error)
            self._report(ReportDevice(device, "lost", str(error)[:100]))
        else:
            self._report(ReportDevice(device, "ready"))

    def _factory(self, settings: ControlSettings) -> Factory:
        if self._pins is None:
            self._pins = open_pin_factory(settings.pin_library)
        return self._pins

    def _add_pad(self, pad: PadSettings, levels: int, pins: Factory) -> None:
        actor = Actor(pad_name(pad.counter), "pad", pad.counter)
        self._pads[pad.counter] = RatingPad(
            pad.counter,
            pad.pins,
            levels,
            partial(self._give, actor),
            self._clock,
            pin_factory=pins,
            led_pins=pad.led_pins,
        )

    def _add_keypad(self, keypad: KeypadSettings) -> None:
        role: Role = "kiosk" if keypad.counter is None else "keypad"
        self._keypads.append(
            Keypad(
                keypad.name,
                str(keypad.path),
                {key: _commands(use, keypad.counter) for key, use in keypad.keys.items()},
                partial(self._give, Actor(keypad.name, role, keypad.counter)),
                self._report,
                open_input=self._open_input,
            )
        )


class ControlsOfHub:
    """Shows a hub's own controls what its queue looks like, from a thread of its own."""

    def __init__(self, controls: Controls, look: Callable[[], Snapshot]) -> None:
        self._controls = controls
        self._look = look
        self._changed = Event()
        self._closing = False
        self._thread = Thread(target=self._run, name="controls", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def notify(self) -> None:
        """The queue has changed: look at it soon. Returns at once."""
        self._changed.set()

    def close(self) -> None:
        """Let go of all devices."""
        self._closing = True
        self._changed.set()
        if self._thread.is_alive():
            self._thread.join()
        self._controls.close()

    def _run(self) -> None:
        while not self._closing:
            self._controls.show(self._look())
            self._changed.wait(_LOOK_S)  # the hour ends the giving out of numbers, and no event
            self._changed.clear()


def _commands(use: str, counter: str | None) -> tuple[AnyCommand, AnyCommand]:
    """What a key does when pressed, and when held."""
    if counter is None:
        issue = IssueTicket((use.removeprefix("ticket:"),))
        return issue, issue
    again = Recall(counter)
    return (CallNext(counter, finish_current=True) if use == "next" else again), again
