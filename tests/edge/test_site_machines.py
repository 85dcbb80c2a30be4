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


def test_only_programs_of_ours_are_heard() -> None:
    machines = SiteMachines(TestClock())
    machines.hear("10.0.0.2", "thutu/1.0")
    machines.hear("10.0.0.2", "thutu-update")
    machines.hear("10.0.0.2", "Mozilla/5.0")
    assert machines.software_at("10.0.0.2") == "1.0"
    assert machines.software_at("10.0.0.3") == ""
