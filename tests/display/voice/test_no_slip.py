import pytest
from msgspec.structs import replace

from contract.snapshot import SlipState
from display.voice.no_slip import NoSlips, OwnNumber
from tests.display.scenes import counter_view
from tests.display.voice.calls import called_at_once, given, picture


@pytest.fixture
def no_slips() -> NoSlips:
    """What has seen the hub with nobody in the house."""
    seen = NoSlips()
    assert seen.see(picture(1)) == []
    return seen


@pytest.mark.parametrize("slip", ["none", "failed", "unknown"])
def test_who_gets_no_slip_is_told_the_number_once(no_slips: NoSlips, slip: SlipState) -> None:
    assert no_slips.see(given(2, n1025=slip)) == [OwnNumber("1025")]
    assert no_slips.see(given(3, n1025=slip)) == []
    assert no_slips.see(given(4, n1025=slip, n1026=slip)) == [OwnNumber("1026")]


@pytest.mark.parametrize("slip", ["pending", "printed", "roll"])
def test_who_has_a_slip_or_awaits_one_is_told_nothing(no_slips: NoSlips, slip: SlipState) -> None:
    assert no_slips.see(given(2, n1025=slip)) == []


def test_a_number_is_told_when_its_slip_fails(no_slips: NoSlips) -> None:
    assert no_slips.see(given(2, n1025="pending")) == []
    assert no_slips.see(given(3, n1025="failed")) == [OwnNumber("1025")]


def test_a_second_slip_that_fails_too_is_not_told_again(no_slips: NoSlips) -> None:
    no_slips.see(given(2, n1025="failed"))
    assert no_slips.see(given(3, n1025="pending")) == []
    assert no_slips.see(given(4, n1025="failed")) == []


def test_what_was_in_the_house_at_a_restart_is_not_told_again() -> None:
    restarted = NoSlips()
    assert restarted.see(given(2, n1025="none", n1026="pending")) == []
    assert restarted.see(given(3, n1025="none", n1026="failed")) == []
    assert restarted.see(given(4, n1025="none", n1027="none")) == [OwnNumber("1027")]


def test_who_has_most_likely_left_the_kiosk_is_told_nothing(no_slips: NoSlips) -> None:
    assert no_slips.see(given(2, n1025="failed", age_s=30.1)) == []
    assert no_slips.see(given(3, n1026="failed", age_s=30.0)) == [OwnNumber("1026")]


def test_a_number_called_at_once_is_told_when_its_slip_fails(no_slips: NoSlips) -> None:
    assert no_slips.see(given(2, n1025="pending")) == []
    failed = called_at_once(3, "failed")
    assert no_slips.see(failed) == [OwnNumber("1025")]
    assert no_slips.see(failed) == []


def test_a_slip_sent_to_a_printer_that_cannot_answer_needs_no_voice(no_slips: NoSlips) -> None:
    assert no_slips.see(given(2, n1025="sent")) == []


def test_who_is_served_already_is_told_nothing(no_slips: NoSlips) -> None:
    assert no_slips.see(called_at_once(2, "failed", "serving")) == []


def test_a_number_that_was_told_stays_told_at_its_counter(no_slips: NoSlips) -> None:
    no_slips.see(given(2, n1025="none"))
    called = replace(given(3), counters=(counter_view("3", "1025"),))
    assert no_slips.see(called) == []
    assert no_slips.see(given(4, n1025="none")) == []  # sent on to another service


def test_the_same_number_of_another_day_is_told(no_slips: NoSlips) -> None:
    no_slips.see(given(2, n1025="none"))
    no_slips.see(picture(3))  # the day is over, the house empty
    assert no_slips.see(given(4, n1025="none")) == [OwnNumber("1025")]


def test_numbers_come_in_order_of_arrival(no_slips: NoSlips) -> None:
    told = no_slips.see(given(2, n2001="none", n1025="failed", n1026="printed"))
    assert told == [OwnNumber("2001"), OwnNumber("1025")]


def test_a_zone_of_some_kiosks_tells_what_was_given_out_there() -> None:
    upstairs = NoSlips(kiosks=("kiosk-2", "buttons-2"))
    upstairs.see(picture(1))
    assert upstairs.see(given(2, n1025="none", issuer="kiosk-1")) == []
    assert upstairs.see(given(3, n1025="none", issuer="kiosk-2")) == [OwnNumber("1025")]
    assert upstairs.see(given(4, n2001="failed", issuer="buttons-2")) == [OwnNumber("2001")]
    assert upstairs.see(given(5, n2002="none", issuer=None)) == [OwnNumber("2002")]
