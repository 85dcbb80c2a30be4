"""Buttons and lights in real time, on gpiozero's mock pins or on the pins of a real Pi.

`THUTU_GPIO=lgpio` takes the Pi's own pins, joined by two jumper wires with 1 kΩ each: GPIO 24 (the
finger) to GPIO 5 (the button), and GPIO 12 (the light) to GPIO 25 (the eye). `docs/displays.md`
says how. Everything else is the same in both.
"""

import os
from collections.abc import Iterator
from random import Random
from typing import Protocol

import pytest
from gpiozero import DigitalInputDevice, DigitalOutputDevice
from gpiozero.pins import Factory
from gpiozero.pins.mock import MockFactory

from contract.commands import Rate
from contract.snapshot import CounterView
from edge.devices.pins import PushButton, open_pin_factory
from edge.devices.rating_pad import RatingPad
from runtime.clock import SystemClock
from simulation.pads import Contact, press
from tests.waiting import until

LIBRARY = os.environ.get("THUTU_GPIO", "mock")
BUTTON, FINGER = 5, 24
LIGHT, EYE = 12, 25
OTHERS, OTHER_LIGHTS = (6, 13), (16, 20)
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
        self._eye = DigitalInputDevice(EYE, pull_up=False, pin_factory=self.factory)

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


@pytest.fixture
def hands() -> Iterator[Hands]:
    hands: Hands = MockHands() if LIBRARY == "mock" else WiredHands()
    yield hands
    hands.close()


def test_bouncing_pushes_are_one_press_each(hands: Hands) -> None:
    clock = SystemClock()
    presses: list[int] = []
    button = PushButton(BUTTON, lambda: presses.append(1), clock, hands.factory)
    random = Random(7)
    for _ in range(PRESSES):
        clock.sleep(0.3)
        press(hands, BUTTON, random, clock)
    clock.sleep(0.3)
    button.close()
    assert len(presses) == PRESSES


def test_a_pad_is_lit_while_due_takes_a_press_and_thanks(hands: Hands) -> None:
    rates: list[Rate] = []
    pad = RatingPad(
        "3",
        (BUTTON, *OTHERS),
        3,
        rates.append,
        SystemClock(),
        pin_factory=hands.factory,
        led_pins=(LIGHT, *OTHER_LIGHTS),
    )
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
