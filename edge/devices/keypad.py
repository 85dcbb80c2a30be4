"""USB keypads by the kernel's input events: one key, one command, whatever the desktop does."""

import logging
import os
import select
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Literal, NamedTuple

from contract.commands import Answer, AnyCommand, ReportDevice
from contract.refusals import Refused
from edge.devices.input_device import EV_KEY, KEYS, LED_NUML, InputDevice
from runtime.backoff import Backoff
from runtime.settings import SettingsError

logger = logging.getLogger(__name__)

HELD_S = 0.8
HELD_LONG_S = 3.0
LAIN_ON_S = 10.0  # nobody's finger
QUIET_S = 2.0  # a nervous second press is not a second person
_DOWN, _UP = 1, 0
_REOPEN = Backoff(first_s=0.25, cap_s=2.0)
_DONE_BLINKS, _REFUSED_BLINKS = 1, 4
_BLINK_S = 0.15

Give = Callable[[AnyCommand], Future[Answer | Refused]]
OpenInput = Callable[[str], InputDevice]


class KeyUses(NamedTuple):
    """The commands of a key: pressed, held for HELD_S, and held for HELD_LONG_S."""

    pressed: AnyCommand
    held: AnyCommand
    held_long: AnyCommand

    @classmethod
    def always(cls, command: AnyCommand) -> "KeyUses":
        """One command, however long the key is held."""
        return cls(command, command, command)

    def after(self, down_s: float) -> AnyCommand | None:
        """The command of a key that was let go after `down_s`; None when something lay on it."""
        if down_s >= LAIN_ON_S:
            return None
        if down_s >= HELD_LONG_S:
            return self.held_long
        return self.held if down_s >= HELD_S else self.pressed


class Keypad:
    """One keypad, taken for ourselves, and reopened whenever it comes back.

    A key gives its command when let go; the same again only after QUIET_S without that key. The
    keypad's Num Lock light says what became of it: one blink when it was done, four when it was
    refused or nobody answered. `give` must not block. `report` hears once that the keypad is lost
    and once that it is back.
    """

    def __init__(
        self,
        name: str,
        path: str,
        keys: Mapping[str, KeyUses],
        give: Give,
        report: Callable[[ReportDevice], object],
        *,
        open_input: OpenInput = InputDevice,
    ) -> None:
        """Own the keypad at `path`, best one in /dev/input/by-id; it need not be there yet.

        `keys` are named as the kernel's, such as KEY_KPENTER. Raises SettingsError for others.
        """
        unknown = [key for key in keys if key not in KEYS]
        if unknown:
            raise SettingsError(f"{name}: {unknown[0]} is no key, such as KEY_KPENTER")
        self._name = name
        self._path = path
        self._uses = {KEYS[key]: uses for key, uses in keys.items()}
        self._give = give
        self._report = report
        self._open_input = open_input
        self._closing = threading.Event()
        self._wake, self._waker = os.pipe()
        self._edges = 0
        self._told = ""
        self._owner = threading.Thread(target=self._own, name=name)
        self._owner.start()

    def close(self) -> None:
        """Give the keypad back to the system."""
        self._closing.set()
        os.write(self._waker, b"\0")
        self._owner.join()
        os.close(self._waker)
        os.close(self._wake)

    def _own(self) -> None:
        failures = 0
        while not self._closing.is_set():
            try:
                device = self._open_input(self._path)
                try:
                    device.grab()
                    failures = 0
                    self._tell("ready")
                    self._listen(device)
                finally:
                    device.close()
            except OSError as error:  # ENODEV once it is pulled out, ENOENT until it is back
                failures += 1
                self._tell("lost", str(error))
                self._closing.wait(_REOPEN.longest_s(failures))

    def _tell(self, state: Literal["ready", "lost"], cause: str = "") -> None:
        if state != self._told:
            self._told = state
            logger.info("%s is %s %s", self._name, state, cause)
            self._report(ReportDevice(self._name, state, "no-keypad" if cause else ""))

    def _listen(self, device: InputDevice) -> None:
        down_s: dict[int, float] = {}
        given: dict[int, tuple[AnyCommand, float]] = {}
        while not self._closing.is_set():
            pause_s = self._blink(device)
            ready, _, _ = select.select([device.fd, self._wake], [], [], pause_s)
            if self._wake in ready:
                os.read(self._wake, 1)
            if device.fd not in ready:
                continue
            for event in device.read():
                if event.type != EV_KEY or event.code not in self._uses:
                    continue
                if event.value == _DOWN:
                    down_s[event.code] = event.time_s
                elif event.value == _UP and event.code in down_s:
                    pressed_s = down_s.pop(event.code)
                    command = self._uses[event.code].after(event.time_s - pressed_s)
                    if command is None:
                        continue
                    before, let_go_s = given.get(event.code, (None, 0.0))
                    given[event.code] = (command, event.time_s)
                    if command != before or not 0 <= pressed_s - let_go_s < QUIET_S:
                        self._give(command).add_done_callback(self._answered)

    def _answered(self, reply: Future[Answer | Refused]) -> None:
        """Let the owner blink, from whatever thread brings the reply."""
        done = reply.exception() is None and isinstance(reply.result(), Answer)
        self._edges = 2 * (_DONE_BLINKS if done else _REFUSED_BLINKS)
        if not self._closing.is_set():
            os.write(self._waker, b"\0")

    def _blink(self, device: InputDevice) -> float | None:
        """Turn the light on or off if it is due; returns how long until the next turn."""
        if not self._edges:
            return None
        self._edges -= 1
        with suppress(OSError):  # some keypads have no light
            device.set_led(LED_NUML, self._edges % 2)
        return _BLINK_S
