"""Buttons and lights in real time: on gpiozero's mock pins, a simulated chip, or a real Pi's pins.

`THUTU_GPIO=gpiod` takes a Pi's own pins, joined by two jumper wires with 1 kΩ each: GPIO 24 (the
finger) to GPIO 5 (the button), and GPIO 12 (the light) to GPIO 25 (the eye). With `THUTU_GPIO_SIM`,
the folder of a chip of the kernel's gpio-sim, that chip's files are the wires. `docs/displays.md`
says how. Everything else is the same in all three.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Protocol

import pytest
from gpiod.line import Bias, Direction, Edge
from gpiozero import DigitalOutputDevice, InputDevice
from gpiozero.pins import Factory
from gpiozero.pins.mock import MockFactory

from contract.commands import Rate
from contract.snapshot import CounterView
from edge.devices.kernel_pins import header_chip
from edge.devices.pins import PushButton, open_pin_factory
from edge.devices.rating_pad import RatingPad
from edge.devices.transport import DeviceError
from runtime.clock import SystemClock
from simulation.pads import Contact, press
from tests.waiting import until

LIBRARY = os.environ.get("THUTU_GPIO", "mock")
SIMULATED_CHIP = os.environ.get("THUTU_GPIO_SIM")
BUTTON, FINGER = 5, 24
LIGHT, EYE = 12, 25
OTHERS, OTHER_LIGHTS = (6, 13), (16, 20)
TAKEN = 19
PRESSES = 20


class Hands(Protocol):
    """Fingers on the buttons, and eyes on the lights."""

    factory: Factory

    def pin(self, number: int) -> Contact: ...

    def sees(self, light: int) -> bool: ...

    def close(self) -> None: ...


class MockHands:
    def __init__(self) -> None:
        self.factory = MockFactory()

    def pin(self, number: int) -> Contact:
        wire: Contact = self.factory.pin(number)
        return wire

    def sees(self, light: int) -> bool:
        return bool(self.factory.pin(light).state)

    def close(self) -> None:
        self.factory.close()


class WiredHands:
    """Jumper wires between the pins of one Pi."""

    def __init__(self) -> None:
        self.factory = open_pin_factory(LIBRARY)
        self._finger = DigitalOutputDevice(FINGER, initial_value=True, pin_factory=self.factory)
        self._eye = InputDevice(EYE, pull_up=False, pin_factory=self.factory)

    def pin(self, number: int) -> Contact:
        assert number == BUTTON
        return self

    def drive_low(self) -> None:
        self._finger.off()

    def drive_high(self) -> None:
        self._finger.on()

    def sees(self, light: int) -> bool:
        assert light == LIGHT
        return bool(self._eye.value)

    def close(self) -> None:
        self._finger.close()
        self._eye.close()
        self.factory.close()


class SimulatedHands:
    """Pulls and levels of the lines of gpio-sim, a chip that the kernel pretends to have."""

    def __init__(self, chip: Path) -> None:
        self.factory = open_pin_factory(LIBRARY)
        self._chip = chip

    def pin(self, number: int) -> "SimulatedLine":
        return SimulatedLine(self._chip / f"sim_gpio{number}")

    def sees(self, light: int) -> bool:
        return (self._chip / f"sim_gpio{light}" / "value").read_text() == "1\n"

    def close(self) -> None:
        self.factory.close()


@dataclass(frozen=True, slots=True)
class SimulatedLine:
    folder: Path

    def drive_low(self) -> None:
        (self.folder / "pull").write_text("pull-down")

    def drive_high(self) -> None:
        (self.folder / "pull").write_text("pull-up")


@pytest.fixture
def hands() -> Iterator[Hands]:
    hands: Hands
    if LIBRARY == "mock":
        hands = MockHands()
    elif SIMULATED_CHIP is not None:
        hands = SimulatedHands(Path(SIMULATED_CHIP))
    else:
        hands = WiredHands()
    yield hands
    hands.close()


@contextmanager
def listening(hands: Hands) -> Iterator[list[int]]:
    """A button, and a 1 for each press of it."""
    presses: list[int] = []
    button = PushButton(BUTTON, lambda: presses.append(1), SystemClock(), hands.factory)
    try:
        yield presses
    finally:
        button.close()


def open_pad(
    hands: Hands,
    pins: tuple[int, ...],
    led_pins: tuple[int, ...] = (),
    report: Callable[[Rate], None] = lambda _: None,
) -> RatingPad:
    return RatingPad(
        "3", pins, 3, report, SystemClock(), pin_factory=hands.factory, led_pins=led_pins
    )


def test_bouncing_pushes_are_one_press_each(hands: Hands) -> None:
    clock = SystemClock()
    random = Random(7)
    with listening(hands) as presses:
        for _ in range(PRESSES):
            clock.sleep(0.3)
            press(hands, BUTTON, random, clock)
        clock.sleep(0.3)
    assert len(presses) == PRESSES


def test_a_button_let_go_and_taken_again_presses_once(hands: Hands) -> None:
    clock = SystemClock()
    random = Random(7)
    with listening(hands) as before:
        pass
    with listening(hands) as presses:
        press(hands, BUTTON, random, clock)
        until(lambda: presses == [1])
    press(hands, BUTTON, random, clock)
    clock.sleep(0.3)
    assert (before, presses) == ([], [1])


def test_a_device_that_is_not_to_be_had_does_not_silence_the_others(hands: Hands) -> None:
    with listening(hands) as presses:
        with pytest.raises(DeviceError, match="99"):
            open_pad(hands, (*OTHERS, 99))
        press(hands, BUTTON, Random(7), SystemClock())
        until(lambda: presses == [1])


if LIBRARY != "mock":  # mock pins belong to one program

    def test_a_pin_of_another_program_is_a_device_error_until_that_ends(hands: Hands) -> None:
        with header_chip(Path("/dev")) as chip, listening(hands) as presses:
            other_program = chip.request_lines({TAKEN: None}, consumer="fan")
            with pytest.raises(DeviceError, match=f"GPIO {TAKEN} is used by another program, fan"):
                open_pad(hands, (*OTHERS, TAKEN))
            press(hands, BUTTON, Random(7), SystemClock())
            until(lambda: presses == [1])
            other_program.release()
            open_pad(hands, (*OTHERS, TAKEN)).close()

    def test_a_pin_belongs_to_the_program_only_while_a_device_uses_it(hands: Hands) -> None:
        with header_chip(Path("/dev")) as chip:
            pad = open_pad(hands, (BUTTON, *OTHERS), (LIGHT, *OTHER_LIGHTS))
            button, light = chip.get_line_info(BUTTON), chip.get_line_info(LIGHT)
            assert (button.consumer, button.bias) == ("thutu", Bias.PULL_UP)
            assert (button.debounced, button.edge_detection) == (True, Edge.BOTH)
            assert (light.consumer, light.direction) == ("thutu", Direction.OUTPUT)
            pad.close()
            for pin in (BUTTON, *OTHERS, LIGHT, *OTHER_LIGHTS):
                freed = chip.get_line_info(pin)
                assert (freed.used, freed.direction) == (False, Direction.INPUT)


def test_a_pad_is_lit_while_due_takes_a_press_and_thanks(hands: Hands) -> None:
    rates: list[Rate] = []
    pad = open_pad(hands, (BUTTON, *OTHERS), (LIGHT, *OTHER_LIGHTS), rates.append)
    view = CounterView("3", "open", 0, ("1",), rating_due_ms=60_000)
    assert not hands.sees(LIGHT)
    pad.show(view, now_ms=0)
    until(lambda: hands.sees(LIGHT))
    press(hands, BUTTON, Random(7), SystemClock())
    until(lambda: rates == [Rate("3", 1)])
    pad.show(CounterView("3", "open", 0, ("1",), rated=True), now_ms=0)
    until(lambda: not hands.sees(LIGHT))
    until(lambda: hands.sees(LIGHT))
    pad.show(None, 0)
    until(lambda: not hands.sees(LIGHT))
    pad.close()
