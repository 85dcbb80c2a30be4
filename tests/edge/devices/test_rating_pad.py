from collections.abc import Iterator
from random import Random

import pytest
from gpiozero.pins.mock import MockFactory

from contract.commands import Rate
from contract.snapshot import CounterView
from contract.stamp import Stamp
from edge.devices.pins import QUIET_MS, open_pin_factory
from edge.devices.rating_pad import RatingPad
from edge.devices.transport import DeviceError
from runtime.settings import SettingsError
from simulation.pads import press
from tests.waiting import until

PINS = (5, 6, 13, 19)
LED_PINS = (12, 16, 20, 21)


class HandClock:
    def __init__(self) -> None:
        self.now_ns = 0

    def stamp(self) -> Stamp:
        return Stamp(0, self.now_ns, "boot", synced=False)

    def sleep(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)


class Pad:
    def __init__(self) -> None:
        self.pins = MockFactory()
        self.clock = HandClock()
        self.rates: list[Rate] = []
        self.pad = RatingPad(
            "3",
            PINS,
            4,
            self.rates.append,
            self.clock,
            pin_factory=self.pins,
            led_pins=LED_PINS,
        )

    def lit(self) -> tuple[bool, ...]:
        return tuple(self.pins.pin(pin).state for pin in LED_PINS)

    def blinks(self, pin: int, since: int) -> int:
        return [change.state for change in self.pins.pin(pin).states[since:]].count(False)

    def train(self, pin: int, *edges_ms: float) -> None:
        """Low, high, low ... after so many milliseconds each, from a high pin."""
        button = self.pins.pin(pin)
        for place, after_ms in enumerate(edges_ms):
            self.clock.sleep(after_ms / 1000)
            (button.drive_high if place % 2 else button.drive_low)()


def rateable(due_ms: int | None, *, rated: bool = False) -> CounterView:
    return CounterView("3", "open", 0, ("1",), rating_due_ms=due_ms, rated=rated)


@pytest.fixture
def pad() -> Iterator[Pad]:
    pad = Pad()
    yield pad
    pad.pad.close()
    pad.pins.close()


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_each_button_reports_its_level(pad: Pad, level: int) -> None:
    pad.train(PINS[level - 1], 1000, 120)
    assert pad.rates == [Rate("3", level)]


@pytest.mark.parametrize(
    "edges_ms",
    [
        pytest.param((500, 30), id="a tap of 30 ms"),
        pytest.param((500, 1, 1, 0.2, 3, 0.1, 2, 300), id="bounces while pushed"),
        pytest.param((500, 300, 0.5, 2, 0.1, 5), id="bounces while let go"),
        pytest.param((500, 2, 1, 3, 40, 1, 2, 1, 0.3, 2), id="bounces at both ends of a tap"),
        pytest.param((500, 5000, 1, 4), id="a thumb that rests for 5 s"),
        pytest.param((500, *[9] * 19), id="a worn contact that chatters"),
        pytest.param((500, 60, QUIET_MS - 1, 60), id="a nervous second tap"),
    ],
)
def test_one_push_is_one_press(pad: Pad, edges_ms: tuple[float, ...]) -> None:
    pad.train(PINS[0], *edges_ms)
    assert pad.rates == [Rate("3", 1)]


def test_a_second_push_after_quiet_is_another_press(pad: Pad) -> None:
    pad.train(PINS[0], 500, 60, QUIET_MS, 60)
    assert len(pad.rates) == 2


def test_one_buttons_bounce_does_not_lock_another(pad: Pad) -> None:
    pad.train(PINS[0], 500, 1, 1, 1)
    pad.train(PINS[3], 1, 50)
    assert pad.rates == [Rate("3", 1), Rate("3", 4)]


def test_simulated_fingers_press_exactly_once(pad: Pad) -> None:
    random = Random(7)
    levels = [random.randint(1, 4) for _ in range(500)]
    for level in levels:
        pad.clock.sleep(1)
        press(pad.pins, PINS[level - 1], random, pad.clock)
    assert pad.rates == [Rate("3", level) for level in levels]


def test_lights_are_on_while_a_rating_is_due_and_only_then(pad: Pad) -> None:
    assert pad.lit() == (False,) * 4
    pad.pad.show(rateable(due_ms=60_000), now_ms=0)
    until(lambda: pad.lit() == (True,) * 4)
    pad.pad.show(rateable(due_ms=60_000), now_ms=10_000)
    assert pad.lit() == (True,) * 4
    pad.pad.show(rateable(due_ms=None), now_ms=11_000)
    assert pad.lit() == (False,) * 4


def test_lights_go_out_by_themselves_when_the_time_is_over(pad: Pad) -> None:
    pad.pad.show(rateable(due_ms=60_000), now_ms=59_800)
    until(lambda: pad.lit() == (True,) * 4)
    until(lambda: pad.lit() == (False,) * 4, within_s=2)


def test_thanks_blink_on_all_buttons_and_tell_nobody_which(pad: Pad) -> None:
    pad.pad.show(rateable(due_ms=60_000), now_ms=0)
    until(lambda: pad.lit() == (True,) * 4)
    pad.train(PINS[3], 500, 120)
    assert pad.rates == [Rate("3", 4)]
    assert pad.lit() == (True,) * 4
    before = [len(pad.pins.pin(pin).states) for pin in LED_PINS]
    for now_ms in (1000, 1100):
        pad.pad.show(rateable(due_ms=None, rated=True), now_ms)
    until(
        lambda: all(
            pad.blinks(pin, since) == 3 for pin, since in zip(LED_PINS, before, strict=True)
        )
    )
    until(lambda: pad.lit() == (False,) * 4)
    pad.pad.show(rateable(due_ms=None, rated=True), 9000)
    assert pad.lit() == (False,) * 4


def test_a_press_names_the_service_that_was_finished_when_it_was_made(pad: Pad) -> None:
    pad.pad.show(CounterView("3", "open", 0, ("1",), finished_seq=17), now_ms=0)
    pad.train(PINS[0], 500, 120)
    pad.pad.show(None, 0)
    pad.train(PINS[0], 1000, 120)
    assert pad.rates == [Rate("3", 1, finished_seq=17)] * 2


def test_a_press_in_the_dark_is_reported_as_well_for_the_hub_counts_it(pad: Pad) -> None:
    pad.pad.show(None, 0)
    pad.train(PINS[0], 500, 120)
    assert pad.rates == [Rate("3", 1)]
    assert pad.lit() == (False,) * 4


def test_a_hub_that_says_nothing_makes_the_pad_dark(pad: Pad) -> None:
    pad.pad.show(rateable(due_ms=60_000), now_ms=0)
    until(lambda: pad.lit() == (True,) * 4)
    pad.pad.show(None, 0)
    assert pad.lit() == (False,) * 4


@pytest.mark.parametrize(
    ("pins", "levels", "led_pins", "words"),
    [
        ((5, 6), 2, (), "2 levels"),
        ((5, 6, 13), 4, (), "3 pins for 4 levels"),
        ((5, 6, 13), 3, (12,), "1 lights for 3 levels"),
        ((5, 6, 5), 3, (), "used twice"),
        ((5, 6, 13), 3, (12, 13, 16), "used twice"),
    ],
)
def test_pins_that_do_not_fit_are_refused(
    pins: tuple[int, ...], levels: int, led_pins: tuple[int, ...], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        RatingPad(
            "3",
            pins,
            levels,
            lambda _: None,
            HandClock(),
            pin_factory=MockFactory(),
            led_pins=led_pins,
        )


def test_a_pin_that_is_not_there_is_a_device_error_and_frees_the_others() -> None:
    pins = MockFactory()
    with pytest.raises(DeviceError, match="counter 3"):
        RatingPad("3", (5, 6, 99), 3, lambda _: None, HandClock(), pin_factory=pins)
    RatingPad("3", (5, 6, 13), 3, lambda _: None, HandClock(), pin_factory=pins).close()
    pins.close()


def test_a_pin_library_is_chosen_by_name_and_never_falls_back() -> None:
    open_pin_factory("mock").close()
    with pytest.raises(SettingsError, match="'gpiodd' is not a pin library"):
        open_pin_factory("gpiodd")
    with pytest.raises(DeviceError, match="rpigpio does not work here"):
        open_pin_factory("rpigpio")
