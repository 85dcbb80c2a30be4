from collections.abc import Mapping

import msgspec
import pytest

from central.updates.progress import HubUpdate, Progress, progress_of
from central.updates.rollout import (
    Order,
    Rollout,
    RolloutState,
    Told,
    order_for,
    share_of,
    too_many_refused,
)
from contract.wire import UpdateState

NODE = "01-00097-01-h1"
NODES = [f"{province:02}-{unit:05}-01-h1" for province in range(1, 35) for unit in range(100)]
ROLLOUT = Rollout(
    rollout=1,
    release=7,
    software="7.0",
    manifest=bytes(32),
    places=(),
    percent=100,
    urgent=False,
    most_refused=2,
    most_refused_percent=5,
    state=RolloutState.RUNNING,
    reason="",
    started_ms=0,
    changed_ms=0,
)


def rollout(**changes: object) -> Rollout:
    return msgspec.structs.replace(ROLLOUT, **changes)


def order(
    *rollouts: Rollout,
    said: UpdateState | None = None,
    software: str = "6.0",
    told: Mapping[int, Told] | None = None,
    altered: bool = False,
) -> Order | None:
    return order_for(NODE, software, said, rollouts, (told or {}).get, is_altered=lambda: altered)


def test_a_percentage_is_about_that_share_of_hubs_and_growing_it_takes_nobody_out() -> None:
    before: set[str] = set()
    for percent in (1, 10, 50, 99, 100):
        inside = {node for node in NODES if rollout(percent=percent).includes(node)}
        assert before <= inside
        assert abs(len(inside) / len(NODES) - percent / 100) < 0.03
        before = inside
    assert before == set(NODES)


def test_for_another_release_other_hubs_go_first() -> None:
    first = {node for node in NODES if share_of(node, 7) < 10}
    assert first != {node for node in NODES if share_of(node, 8) < 10}


@pytest.mark.parametrize(
    ("places", "covered"),
    [
        ((), True),
        (("01",), True),
        (("48", "01-00097"), True),
        (("01-00097-01",), True),
        (("48",), False),
        (("01-00098",), False),
        (("01-00097-02",), False),
    ],
)
def test_a_place_is_a_province_a_unit_or_a_site(places: tuple[str, ...], covered: bool) -> None:
    assert rollout(places=places).covers(NODE) is covered
    assert rollout(places=places).includes(NODE) is covered


def test_a_hub_is_told_once_it_says_that_it_has_something_else() -> None:
    assert order(ROLLOUT) == Order(2, 7)
    assert order(ROLLOUT, software="7.0") is None
    assert order(ROLLOUT, said=UpdateState(2, 7, "preparing")) is None
    assert order(ROLLOUT, said=UpdateState(2, 7, "refused", "why")) is None
    assert order(rollout(percent=share_of(NODE, 7))) is None
    assert order(rollout(percent=share_of(NODE, 7) + 1)) is not None
    assert order() is None


def test_who_has_the_software_with_other_files_is_told_it_once_again() -> None:
    assert order(ROLLOUT, software="7.0") is None
    assert order(ROLLOUT, software="7.0", altered=True) == Order(2, 7)
    assert order(ROLLOUT, software="7.0", altered=True, said=UpdateState(2, 7, "done")) is None


def test_the_newest_rollout_that_has_the_hub_decides() -> None:
    newer = rollout(rollout=2, release=8, software="8.0")
    assert order(newer, ROLLOUT) == Order(4, 8)
    assert order(rollout(rollout=2, release=8, places=("48",)), ROLLOUT) == Order(2, 7)
    small = rollout(rollout=2, release=8, percent=share_of(NODE, 8))
    assert order(small, ROLLOUT) == Order(2, 7)


@pytest.mark.parametrize("phase", ["", "preparing", "waiting"])
def test_what_was_stopped_is_taken_back_from_whom_it_was_told_and_who_has_not_switched(
    phase: str,
) -> None:
    told = {2: Told(5, phase)}
    for state in (RolloutState.STOPPED, RolloutState.HALTED):
        over = rollout(state=state)
        assert order(over, told=told) == Order(3)
        assert order(over) is None
        assert order(over, told=told, said=UpdateState(3, 0, "done")) is None


@pytest.mark.parametrize("phase", ["trying", "done", "refused"])
def test_who_has_switched_is_left_alone(phase: str) -> None:
    over = rollout(state=RolloutState.STOPPED)
    assert order(over, told={2: Told(5, phase)}, said=UpdateState(2, 7, phase)) is None  # type: ignore[arg-type] # a phase


def test_a_pause_tells_nobody_and_takes_nothing_back() -> None:
    paused = rollout(rollout=2, release=8, state=RolloutState.PAUSED)
    assert order(paused) is None
    assert order(paused, ROLLOUT, told={4: Told(5, "preparing")}) is None
    assert order(paused, ROLLOUT) == Order(2, 7)


@pytest.mark.parametrize(
    ("done", "refused", "halted"),
    [
        (0, 2, False),
        (0, 3, True),
        (57, 3, False),
        (56, 3, True),
        (1000, 50, False),
        (500, 50, True),
    ],
)
def test_it_is_halted_by_number_and_share(done: int, refused: int, halted: bool) -> None:
    assert too_many_refused(ROLLOUT, done, refused) is halted


def hub(**facts: object) -> HubUpdate:
    return msgspec.structs.replace(
        HubUpdate("01-00097-01", "01", NODE, "6.0", is_silent=False), **facts
    )


@pytest.mark.parametrize(
    ("facts", "progress"),
    [
        ({}, Progress.QUEUED),
        ({"is_silent": True}, Progress.SILENT),
        ({"is_told": True}, Progress.FETCHING),
        ({"phase": "preparing"}, Progress.FETCHING),
        ({"phase": "preparing", "is_silent": True}, Progress.SILENT),
        ({"phase": "waiting"}, Progress.WAITING),
        ({"phase": "trying", "software": "7.0"}, Progress.TRYING),
        ({"phase": "trying", "software": "7.0", "is_silent": True}, Progress.SILENT),
        ({"phase": "done", "software": "8.0", "is_silent": True}, Progress.DONE),
        ({"software": "7.0"}, Progress.DONE),
        ({"software": "7.0", "is_altered": True}, Progress.QUEUED),
        ({"software": "7.0", "is_altered": True, "phase": "done"}, Progress.DONE),
        ({"phase": "refused", "is_silent": True}, Progress.REFUSED),
        ({"phase": "waiting", "is_taken_back": True}, Progress.KEPT),
    ],
)
def test_each_hub_is_somewhere(facts: dict[str, object], progress: Progress) -> None:
    assert progress_of(hub(**facts), ROLLOUT) is progress


def test_what_is_over_reaches_nobody_else() -> None:
    over = rollout(state=RolloutState.HALTED)
    assert progress_of(hub(), over) is Progress.KEPT
    assert progress_of(hub(is_told=True, phase="trying"), over) is Progress.TRYING
