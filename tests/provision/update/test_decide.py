"""The decisions of an update, each for itself."""

import pytest

from contract.wire import JOURNAL_READS, JOURNAL_WRITES, UpdateState
from provision.update.decide import (
    EMPTY_FOR_S,
    PROVEN_WITHIN_S,
    Facts,
    House,
    Step,
    entered,
    failure,
    is_newer,
    is_quiet,
    next_step,
    number,
)
from provision.update.notebook import Trial

TRIAL = Trial(1, 2, 1, "boot-1", 100.0, ("hub",), ("hub",))


@pytest.mark.parametrize(
    ("house", "not_busy_for_s", "urgent", "quiet"),
    [
        ("closed", 0, False, True),
        ("empty", 0, False, False),
        ("empty", 0, True, True),
        ("empty", EMPTY_FOR_S, False, True),
        ("busy", EMPTY_FOR_S, True, False),
        (None, 0, True, False),
        (None, EMPTY_FOR_S, False, True),
    ],
)
def test_a_quiet_time(
    house: House | None, not_busy_for_s: float, urgent: bool, quiet: bool
) -> None:
    assert is_quiet(house, not_busy_for_s, urgent=urgent) is quiet


def test_a_trial_ends_by_starts_and_by_uptime() -> None:
    assert failure(TRIAL, 100.0 + PROVEN_WITHIN_S) == ""
    assert "15 minutes" in failure(TRIAL, 101.0 + PROVEN_WITHIN_S)
    assert entered(TRIAL, "boot-1", 500.0) == TRIAL
    second = entered(TRIAL, "boot-2", 3.0)
    assert (second.starts, second.since_s, failure(second, 4.0)) == (2, 3.0, "")
    assert "2 starts" in failure(entered(second, "boot-3", 3.0), 3.0)


def test_who_switched_by_hand_is_left_alone() -> None:
    """`current` leads to a release that nobody put on trial."""
    refused = UpdateState(1, 2, "refused", "it was dead")
    facts = Facts(
        state=refused,
        trial=TRIAL,
        running="9",
        proven="1",
        restart_due=False,
        fetched=False,
        built=False,
        checked=False,
        is_back=False,
    )
    assert next_step(facts) is Step.REST


def test_a_card_without_a_number_is_below_every_release() -> None:
    assert (number("0.1.0"), number("7"), number("")) == (0, 7, 0)


def test_what_this_software_writes_it_reads() -> None:
    assert JOURNAL_WRITES <= JOURNAL_READS


@pytest.mark.parametrize(
    ("running", "software", "newer"),
    [
        ("0.5.0", "0.3.0", True),
        ("0.3.0", "0.5.0", False),
        ("7", "0.3.0", False),
    ],
)
def test_only_a_card_of_a_higher_version_is_newer(running: str, software: str, newer: bool) -> None:
    assert is_newer(running, software) is newer
