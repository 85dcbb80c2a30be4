"""Whose silence is noticed, and when."""

from edge.last_news import SILENT_S, LastNews
from tests.edge.running_site import TestClock

KNOWN = ("printer-1", "boards:b1", "boards:b2", "voice:hall", "machine:power", "pad-1")


def test_the_devices_of_other_machines_are_silent_after_five_minutes_without_a_word() -> None:
    clock = TestClock()
    news = LastNews(clock)
    assert news.silent(KNOWN) == ()
    clock.later(SILENT_S - 1)
    news.hear("boards", "b2")
    assert news.silent(KNOWN) == ()
    clock.later(1)
    assert news.silent(KNOWN) == ("boards:b1", "voice:hall")
    news.hear("boards", "b1")
    assert news.silent(KNOWN) == ("voice:hall",)


def test_nobody_speaks_for_anothers_device() -> None:
    clock = TestClock()
    news = LastNews(clock)
    news.silent(("boards:b1",))
    clock.later(SILENT_S)
    news.hear("liar", "boards:b1")
    news.hear("liar", "b1")
    assert news.silent(("boards:b1",)) == ("boards:b1",)


def test_a_device_that_was_removed_and_comes_back_has_its_five_minutes() -> None:
    clock = TestClock()
    news = LastNews(clock)
    news.silent(("boards:b1",))
    clock.later(SILENT_S)
    assert news.silent(()) == ()
    assert news.silent(("boards:b1",)) == ()
    clock.later(SILENT_S)
    assert news.silent(("boards:b1",)) == ("boards:b1",)
