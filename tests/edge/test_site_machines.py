from contract.wire import MOST_MACHINES, SiteMachine
from edge.site_machines import SiteMachines
from tests.edge.running_site import TestClock


def test_one_machine_has_the_turn_until_it_is_through() -> None:
    machines = SiteMachines(TestClock())
    assert machines.has_turn("10.0.0.2", wants=True)
    assert not machines.has_turn("10.0.0.3", wants=True)
    assert machines.has_turn("10.0.0.2", wants=True)
    machines.has_turn("10.0.0.3", wants=False)  # who has no turn ends nobody's
    assert machines.has_turn("10.0.0.2", wants=True)
    machines.has_turn("10.0.0.2", wants=False)
    assert machines.has_turn("10.0.0.3", wants=True)


def test_the_turn_of_a_machine_that_fell_silent_ends() -> None:
    clock = TestClock()
    machines = SiteMachines(clock)
    assert machines.has_turn("10.0.0.2", wants=True)
    clock.later(299)
    assert not machines.has_turn("10.0.0.3", wants=True)
    clock.later(1)
    assert machines.has_turn("10.0.0.3", wants=True)
    assert not machines.has_turn("10.0.0.2", wants=True)


def test_a_turn_that_is_never_used_runs_out_once_another_wants_it() -> None:
    clock = TestClock()
    machines = SiteMachines(clock)
    for _ in range(60):
        assert machines.has_turn("10.0.0.2", wants=True)
        clock.later(119)
    assert not machines.has_turn("10.0.0.3", wants=True)
    clock.later(60)
    assert machines.has_turn("10.0.0.2", wants=True)  # nobody else wanted it
    assert machines.has_turn("10.0.0.3", wants=True)
    assert not machines.has_turn("10.0.0.2", wants=True)


def test_only_programs_of_ours_are_heard() -> None:
    machines = SiteMachines(TestClock())
    machines.hear("10.0.0.2", "thutu/1.0")
    machines.hear("10.0.0.2", "thutu-update")
    machines.hear("10.0.0.2", "Mozilla/5.0")
    assert machines.software_at("10.0.0.2") == "1.0"
    assert machines.software_at("10.0.0.3") == ""


def test_who_names_nobody_is_heard_from_machines_that_want_the_turn_alone() -> None:
    clock = TestClock()
    machines = SiteMachines(clock)
    machines.hear_unnamed("10.0.0.2", "thutu/1.0")
    assert machines.known() == ()
    assert machines.has_turn("10.0.0.3", wants=True)
    assert not machines.has_turn("10.0.0.2", wants=True)  # it is on trial, and the hub new started
    machines.hear_unnamed("10.0.0.2", "thutu/1.1")
    machines.hear_unnamed("10.0.0.4", "thutu/1.1")
    assert machines.known() == (SiteMachine("10.0.0.2", "1.1"),)
    clock.later(300)
    machines.hear_unnamed("10.0.0.2", "thutu/1.2")
    assert machines.software_at("10.0.0.2") == "1.1"


def test_a_machine_is_known_by_its_first_device_and_forgotten_after_a_week_of_silence() -> None:
    clock = TestClock()
    machines = SiteMachines(clock)
    machines.hear("10.0.0.3", "thutu/1.0")
    machines.hear("10.0.0.2", "thutu/1.0", "speaker-2")
    machines.hear("10.0.0.2", "thutu/1.1", "hall")
    machines.hear("10.0.0.2", "thutu/1.1", "speaker-2")
    machines.hear("10.0.0.2", "thutu/1.1")  # somebody who has signed in there
    hall = SiteMachine("10.0.0.2", "1.1", "hall")
    assert machines.known() == (hall, SiteMachine("10.0.0.3", "1.0"))
    clock.later(4 * 86_400)
    machines.hear("10.0.0.2", "thutu/1.1", "hall")
    clock.later(3 * 86_400)
    assert machines.known() == (hall,)


def test_however_many_speak_only_the_last_are_kept_and_no_longer_a_name_than_is_sent() -> None:
    machines = SiteMachines(TestClock())
    for number in range(MOST_MACHINES + 1):
        machines.hear(f"fd00::{number}", "thutu/1.0")
    machines.hear("fd00::1", f"thutu/{'9' * 65}")
    machines.hear("fd00::1", "thutu/1.0 \x00")
    assert len(machines.known()) == MOST_MACHINES
    assert machines.software_at("fd00::0") == ""
    assert machines.software_at("fd00::1") == "1.0"
