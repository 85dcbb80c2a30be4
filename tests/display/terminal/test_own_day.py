from display.terminal.own_day import OwnDay

SECOND_NS = 1_000_000_000


def test_figures_are_asked_for_after_each_service_and_not_more_often_than_each_20_s() -> None:
    day = OwnDay()
    asked = [
        (second, served)
        for second, served in enumerate([0, 0, 1, 1, 2, *[2] * 20, 2, 3, *[3] * 30])
        if day.due(served, second * SECOND_NS)
    ]
    assert asked == [(0, 0), (20, 2), (40, 3)]


def test_without_an_answer_they_are_asked_for_again_in_a_while() -> None:
    day = OwnDay()
    assert day.due(4, 0)
    day.failed()
    assert not day.due(4, 19 * SECOND_NS)
    assert day.due(4, 20 * SECOND_NS)


def test_a_finish_that_is_taken_back_is_never_shown_for_long() -> None:
    day = OwnDay()
    assert day.due(4, 0)
    assert day.due(5, 21 * SECOND_NS)
    assert day.due(4, 23 * SECOND_NS)
    assert not day.due(5, 24 * SECOND_NS)
