"""The buttons of one machine, hub or satellite: rating pads, ticket buttons and keypads."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from threading import Event, RLock, Thread

from gpiozero.pins import Factory

from contract.commands import (
    Actor,
    Answer,
    AnyCommand,
    CallNext,
    IssueTicket,
    MarkNoShow,
    Recall,
    ReportDevice,
    Role,
)
from contract.ids import ServiceId
from contract.refusals import Refused
from contract.snapshot import Snapshot
from edge.control_settings import (
    TICKET_BUTTONS,
    ControlSettings,
    KeypadSettings,
    PadSettings,
    pad_name,
)
from edge.devices.input_device import InputDevice
from edge.devices.keypad import Keypad, KeyUses, OpenInput
from edge.devices.pins import open_pin_factory
from edge.devices.rating_pad import RatingPad
from edge.devices.ticket_buttons import TicketButtons
from edge.devices.transport import DeviceError
from runtime.backoff import Backoff
from runtime.clock import Clock

logger = logging.getLogger(__name__)

Give = Callable[[Actor, AnyCommand], "Future[Answer | Refused]"]
PrinterOf = Callable[[str], str | None]

_LOOK_S = 10.0
_REOPEN = Backoff(first_s=0.25, cap_s=10.0)


class Controls:
    """Gives the hub what people press, each device as an actor of its own, and lights its lamps.

    A device that does not work is reported and tried again, and everything else works without it.
    Nothing here has a screen to say that there is no slip: what gives numbers is dark, and refuses,
    while its printer is lost and its series is on no roll.
    """

    def __init__(
        self,
        settings: ControlSettings,
        give: Give,
        report: Callable[[ReportDevice], object],
        clock: Clock,
        *,
        printer_of: PrinterOf,
        levels: int | None = None,
        open_input: OpenInput = InputDevice,
        pins: Factory | None = None,
    ) -> None:
        """Listen to the devices. `give` and `report` must not block; `printer_of` names the printer
        that a device's slips come out of, None when there is none. A rating has `levels`, else as
        many as its pad has pins. `pins` takes the place of the settings' library, and is closed
        with them. Raises SettingsError.
        """
        self._give = give
        self._report = report
        self._clock = clock
        self._printer_of = printer_of
        self._open_input = open_input
        self._pads: dict[str, RatingPad] = {}
        self._ticket_buttons: TicketButtons | None = None
        self._keypads: list[Keypad] = []
        self._pins = pins
        self._shown: Snapshot | None = None
        self._showing = RLock()
        self._closing = Event()
        self._missing: dict[str, Callable[[], None]] = {}
        self._opener = Thread(target=self._open_missing, name="pins", daemon=True)
        try:
            self._listen(settings, levels)
        except BaseException:
            self.close()
            raise
        if self._missing:
            self._opener.start()

    def show(self, snapshot: Snapshot | None) -> None:
        """Light what the hub says; None when it says nothing."""
        with self._showing:
            self._shown = snapshot
            views = {} if snapshot is None else {view.counter: view for view in snapshot.counters}
            now_ms = 0 if snapshot is None else snapshot.now_ms
            for counter, pad in self._pads.items():
                pad.show(views.get(counter), now_ms)
            if self._ticket_buttons is not None:
                issuing = snapshot is not None and snapshot.issuing == "open"
                slips = self._with_slip(TICKET_BUTTONS) if issuing else frozenset()
                self._ticket_buttons.show(giving=slips)

    def close(self) -> None:
        """Let go of all devices."""
        self._closing.set()
        if self._opener.is_alive():
            self._opener.join()
        for keypad in self._keypads:
            keypad.close()
        for pad in self._pads.values():
            pad.close()
        if self._ticket_buttons is not None:
            self._ticket_buttons.close()
        if self._pins is not None:
            self._pins.close()

    def _listen(self, settings: ControlSettings, levels: int | None) -> None:
        opens = {
            pad_name(pad.counter): partial(self._add_pad, settings, pad, levels or len(pad.pins))
            for pad in settings.pads
        }
        if settings.ticket_buttons:
            opens[TICKET_BUTTONS] = partial(self._add_ticket_buttons, settings)
        for device, add in opens.items():
            try:
                add()
            except DeviceError as error:
                self._missing[device] = add
                logger.warning("%s; everything else works without", error)
                self._report(ReportDevice(device, "lost", str(error)[:100]))
            else:
                self._report(ReportDevice(device, "ready"))
        for keypad in settings.keypads:
            self._add_keypad(keypad)

    def _open_missing(self) -> None:
        failures = 1
        while self._missing and not self._closing.wait(_REOPEN.longest_s(failures)):
            failures += 1
            for device, add in tuple(self._missing.items()):
                try:
                    with self._showing:
                        add()
                        self.show(self._shown)
                except DeviceError:
                    continue
                del self._missing[device]
                logger.info("%s works now", device)
                self._report(ReportDevice(device, "ready"))

    def _factory(self, settings: ControlSettings) -> Factory:
        if self._pins is None:
            self._pins = open_pin_factory(settings.pin_library)
        return self._pins

    def _add_pad(self, settings: ControlSettings, pad: PadSettings, levels: int) -> None:
        actor = Actor(pad_name(pad.counter), "pad", pad.counter)
        self._pads[pad.counter] = RatingPad(
            pad.counter,
            pad.pins,
            levels,
            partial(self._give, actor),
            self._clock,
            pin_factory=self._factory(settings),
            led_pins=pad.led_pins,
        )

    def _add_ticket_buttons(self, settings: ControlSettings) -> None:
        self._ticket_buttons = TicketButtons(
            settings.ticket_buttons,
            partial(self._give_with_slip, Actor(TICKET_BUTTONS, "kiosk")),
            self._clock,
            pin_factory=self._factory(settings),
        )

    def _add_keypad(self, keypad: KeypadSettings) -> None:
        role: Role = "kiosk" if keypad.counter is None else "keypad"
        give = self._give_with_slip if keypad.counter is None else self._give
        self._keypads.append(
            Keypad(
                keypad.name,
                str(keypad.path),
                {key: _uses(use, keypad.counter) for key, use in keypad.keys.items()},
                partial(give, Actor(keypad.name, role, keypad.counter)),
                self._report,
                open_input=self._open_input,
            )
        )

    def _give_with_slip(self, actor: Actor, command: AnyCommand) -> "Future[Answer | Refused]":
        with self._showing:
            slips = self._with_slip(actor.id)
        if isinstance(command, IssueTicket) and not slips.issuperset(command.services):
            refused: Future[Answer | Refused] = Future()
            refused.set_exception(DeviceError(f"{actor.id}: no slip can come out now"))
            return refused
        return self._give(actor, command)

    def _with_slip(self, device: str) -> frozenset[ServiceId]:
        """The services whose numbers this device gives out on a slip, printed or of a roll."""
        if self._shown is None:
            return frozenset()
        printer = self._printer_of(device)
        if any(x.device == printer and x.state != "lost" for x in self._shown.devices):
            return frozenset(view.service for view in self._shown.services)
        return frozenset(service for roll in self._shown.rolls for service in roll.services)


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


def _uses(use: str, counter: str | None) -> KeyUses:
    """What a key does when pressed, and when held."""
    if counter is None:
        return KeyUses.always(IssueTicket((use.removeprefix("ticket:"),)))
    again, absent = Recall(counter), MarkNoShow(counter)
    if use == "next":
        return KeyUses(CallNext(counter, finish_current=True), again, absent)
    return KeyUses.always(again if use == "recall" else absent)
