from contract.commands import Actor
from edge.issue_rate import IssuePace, IssueRate
from tests.edge.running_site import CLERK, KIOSK, TestClock

RATE = IssueRate(burst=3, every_s=2.0)


def test_a_burst_and_then_one_every_two_seconds() -> None:
    clock = TestClock()
    pace = IssuePace(RATE, clock)
    assert [pace.wait_s(KIOSK) for _ in range(5)] == [0, 0, 0, 2, 2]
    clock.later(1)
    assert pace.wait_s(KIOSK) == 1
    clock.later(1)
    assert [pace.wait_s(KIOSK) for _ in range(2)] == [0, 2]
    clock.later(60)
    assert [pace.wait_s(KIOSK) for _ in range(4)] == [0, 0, 0, 2]


def test_each_device_has_a_pace_of_its_own_and_staff_are_freer() -> None:
    pace = IssuePace(RATE, TestClock())
    assert [pace.wait_s(KIOSK) for _ in range(4)] == [0, 0, 0, 2]
    assert pace.wait_s(Actor("kiosk-2", "kiosk")) == 0
    for freer in (CLERK, Actor("greeter-1", "greeter")):
        assert [pace.wait_s(freer) for _ in range(16)] == [0] * 15 + [1]


def test_without_a_pace_there_is_no_limit() -> None:
    pace = IssuePace(IssueRate(burst=1, every_s=0), TestClock())
    assert {pace.wait_s(KIOSK) for _ in range(1000)} == {0}
