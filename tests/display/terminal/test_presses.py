from display.terminal.presses import Presses

SECOND_NS = 1_000_000_000


def test_a_key_hit_twice_is_one_press() -> None:
    presses = Presses()
    assert not presses.same("enter", 0)
    assert presses.same("enter", SECOND_NS // 5)


def test_a_key_held_down_stays_one_press_until_it_was_left_alone() -> None:
    presses = Presses()
    presses.same("enter", 0)
    repeats = [presses.same("enter", n * SECOND_NS // 2) for n in range(1, 20)]
    assert all(repeats)
    assert not presses.same("enter", 11 * SECOND_NS)


def test_another_key_is_another_press() -> None:
    presses = Presses()
    presses.same("enter", 0)
    assert not presses.same("v", 1)
    assert not presses.same("enter", 2)


def test_the_same_key_later_is_pressed_again() -> None:
    presses = Presses()
    presses.same("l", 0)
    assert not presses.same("l", SECOND_NS)


def test_a_digit_answers_the_next_question_sooner_but_not_when_it_bounces() -> None:
    presses = Presses()
    presses.same("1", 0)
    assert presses.same("1", SECOND_NS // 5)
    assert not presses.same("1", SECOND_NS * 6 // 10)
