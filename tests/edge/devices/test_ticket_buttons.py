from collections.abc import Iterator
from concurrent.futures import Future
from random import Random

import pytest
from gpiozero.pins.mock import MockFactory

from contract.commands import Answer, IssueTicket
from contract.refusals import Reason, Refused
from contract.stamp import Stamp
from edge.control_settings import ServiceButton
from edge.devices.ticket_buttons import TicketButtons
from edge.devices.transport import DeviceError
from runtime.settings import SettingsError
from simulation.pads import press
from tests.waiting import until

CIVIL, LAND = ServiceButton("1", 5, 12), ServiceButton("2", 6, 16)


class HandClock:
    def __init__(self) -> None:
        self.now_ns = 10_000_000_000

    def stamp(self) -> Stamp:
        return Stamp(0, self.now_ns, "boot", synced=False)

    def sleep(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)


class Stand:
    def __init__(self) -> None:
        self.pins = MockFactory()
        self.clock = HandClock()
        self.asked: list[IssueTicket] = []
        self.replies: list[Future[Answer | Refused]] = []
        self.buttons = TicketButtons((CIVIL, LAND), self.give, self.clock, pin_factory=self.pins)

    def give(self, command: IssueTicket) -> Future[Answer | Refused]:
        self.asked.append(command)
        self.replies.append(Future())
        return self.replies[-1]

    def push(self, button: ServiceButton, after_s: float = 3.0) -> None:
        self.clock.sleep(after_s)
        press(self.pins, button.pin, Random(7), self.clock)

    def lit(self, button: ServiceButton) -> bool:
        return bool(self.pins.pin(button.led_pin).state)

    def turns(self, button: ServiceButton) -> int:
        return len(self.pins.pin(button.led_pin).states)


@pytest.fixture
def stand() -> Iterator[Stand]:
    stand = Stand()
    yield stand
    stand.buttons.close()
    stand.pins.close()


def test_a_push_asks_for_one_ticket_of_its_service(stand: Stand) -> None:
    stand.push(LAND)
    assert stand.asked == [IssueTicket(("2",))]


def test_lights_are_on_while_numbers_are_given_out(stand: Stand) -> None:
    assert not stand.lit(CIVIL)
    stand.buttons.show(giving={"1", "2"})
    assert stand.lit(CIVIL)
    stand.buttons.show(giving=set())
    assert not stand.lit(CIVIL)


def test_only_the_buttons_that_give_a_number_are_lit(stand: Stand) -> None:
    stand.buttons.show(giving={"1", "2"})
    stand.buttons.show(giving={"2"})
    assert (stand.lit(CIVIL), stand.lit(LAND)) == (False, True)


def test_a_light_blinks_until_the_hub_answers_and_is_on_again_then(stand: Stand) -> None:
    stand.buttons.show(giving={"1", "2"})
    stand.push(CIVIL)
    until(lambda: stand.turns(CIVIL) > 5)
    stand.buttons.show(giving={"1", "2"})
    stand.replies[0].set_result(Answer(seq=3, number="1001"))
    assert stand.lit(CIVIL)
    assert stand.turns(LAND) == 2


@pytest.mark.parametrize("reply", [Refused(Reason.CLOSED_NOW), OSError("no answer")])
def test_a_refusal_blinks_slowly_and_the_light_then_says_what_is(
    stand: Stand, reply: Refused | Exception
) -> None:
    stand.buttons.show(giving={"1", "2"})
    stand.push(CIVIL)
    if isinstance(reply, Exception):
        stand.replies[0].set_exception(reply)
    else:
        stand.replies[0].set_result(reply)
    before = stand.turns(CIVIL)
    until(lambda: stand.turns(CIVIL) - before >= 8)
    stand.buttons.show(giving=set())
    until(lambda: not stand.lit(CIVIL))
    stand.push(CIVIL)
    assert len(stand.asked) == 2


def test_one_button_asks_one_thing_at_a_time_and_the_other_is_free(stand: Stand) -> None:
    stand.push(CIVIL)
    stand.push(CIVIL)
    stand.push(LAND)
    assert [asked.services for asked in stand.asked] == [("1",), ("2",)]


def test_a_nervous_second_push_is_not_a_second_person(stand: Stand) -> None:
    stand.push(CIVIL)
    stand.replies[0].set_result(Answer(seq=3, number="1001"))
    stand.push(CIVIL, after_s=1.0)
    assert len(stand.asked) == 1
    stand.push(CIVIL, after_s=2.5)
    assert len(stand.asked) == 2


def test_pins_that_clash_are_refused_and_pins_not_there_are_a_device_error() -> None:
    pins = MockFactory()
    for buttons, error in (
        ((CIVIL, ServiceButton("2", 12)), SettingsError),
        ((CIVIL, ServiceButton("2", 99)), DeviceError),
    ):
        with pytest.raises(error, match="ticket buttons"):
            TicketButtons(buttons, lambda _: Future(), HandClock(), pin_factory=pins)
    pins.close()
