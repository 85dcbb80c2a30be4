"""What pin libraries do that gpiozero's mock does not."""

import os
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import pytest
from gpiozero.pins import Factory
from gpiozero.pins.mock import MockFactory, MockPin

from edge.control_settings import ServiceButton
from edge.devices import pins as module
from edge.devices.pins import PushButton, open_pin_factory
from edge.devices.rating_pad import RatingPad
from edge.devices.ticket_buttons import TicketButtons
from edge.devices.transport import DeviceError
from runtime.clock import SystemClock


class LibraryThatMoves:
    """An entry point that goes to another folder when loaded, as lgpio does."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self) -> type[Factory]:
        os.chdir(self._folder)
        library: type[Factory] = MockFactory
        return library


def pad(pins: tuple[int, ...], factory: Factory) -> RatingPad:
    return RatingPad("3", pins, 3, lambda _: None, SystemClock(), pin_factory=factory)


def ticket_buttons(pins: tuple[int, ...], factory: Factory) -> TicketButtons:
    buttons = [ServiceButton(str(pin), pin) for pin in pins]
    return TicketButtons(buttons, lambda _: Future(), SystemClock(), pin_factory=factory)


Device = Callable[[tuple[int, ...], Factory], RatingPad | TicketButtons]


def test_a_closed_button_stops_listening(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MockPin, "close", lambda _: None)  # as lgpio's, still told of every edge
    factory = MockFactory()
    presses: list[int] = []
    button = PushButton(5, lambda: presses.append(1), SystemClock(), factory)
    pin = factory.pin(5)
    pin.drive_low()
    pin.drive_high()
    button.close()
    button.close()
    assert (presses, pin.when_changed) == ([1], None)
    factory.reset()


@pytest.mark.parametrize("device", [pad, ticket_buttons])
def test_a_device_listens_to_no_pin_before_it_has_all(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    listened: list[str] = []
    monkeypatch.setattr(MockPin, "_enable_event_detect", lambda pin: listened.append(pin.info.name))
    factory = MockFactory()
    with pytest.raises(DeviceError, match="99"):
        device((5, 6, 99), factory)
    assert listened == []
    device((5, 6, 13), factory).close()
    assert listened == ["GPIO5", "GPIO6", "GPIO13"]
    factory.close()


def test_a_pin_library_that_moves_the_program_is_moved_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Path.cwd()
    monkeypatch.setattr(module, "entry_points", lambda **_: [LibraryThatMoves(tmp_path)])
    open_pin_factory("lgpio").close()
    assert Path.cwd() == before
