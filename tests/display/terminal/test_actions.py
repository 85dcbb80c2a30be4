import string
from typing import get_args

import pytest

from display.terminal.actions import ACTIONS, ActionId, action_of, label_key, main_action, offered
from display.terminal.scene import DeskPhase
from runtime.wording import LANGUAGES, catalogue

PHASES: tuple[DeskPhase, ...] = get_args(DeskPhase)


def test_every_action_has_its_key_and_its_words() -> None:
    assert [action.id for action in ACTIONS if not action.keys] == []
    assert {action.id for action in ACTIONS} == set(get_args(ActionId))
    for action in ACTIONS:
        for phase in PHASES:
            for language in LANGUAGES:
                assert label_key(action, phase) in catalogue(language)


@pytest.mark.parametrize("phase", PHASES)
def test_no_key_means_two_things_at_a_time(phase: DeskPhase) -> None:
    actions = [action for column in offered(phase) for action in column]
    keys = [key for a in actions for key in (a.function_key, a.letter) if key]
    assert len(keys) == len(set(keys))
    for action in actions:
        for key in filter(None, (action.function_key, action.letter)):
            if key in string.ascii_letters or key.startswith("f"):
                assert action_of(key, phase) == action


@pytest.mark.parametrize("phase", PHASES)
def test_enter_does_what_comes_next_and_that_is_offered(phase: DeskPhase) -> None:
    action = action_of("enter", phase)
    assert action is not None
    assert action.id == main_action(phase)
    assert phase in action.phases


@pytest.mark.parametrize("phase", PHASES)
def test_all_keys_fit_into_five_rows(phase: DeskPhase) -> None:
    assert max(len(column) for column in offered(phase)) <= 5


def test_a_key_of_another_phase_still_reaches_the_hub_for_its_refusal() -> None:
    action = action_of("f5", "idle")
    assert action is not None
    assert action.id == "finish"


def test_one_key_pauses_and_opens() -> None:
    assert [getattr(action_of("f12", phase), "id", "") for phase in ("idle", "paused")] == [
        "pause",
        "open",
    ]


@pytest.mark.parametrize(
    ("key", "action"), [("0", "call_number"), ("9", "call_number"), ("G", "next"), ("q", "close")]
)
def test_digits_begin_a_number_and_capitals_are_letters(key: str, action: str) -> None:
    assert getattr(action_of(key, "idle"), "id", None) == action


@pytest.mark.parametrize("key", ["w", "", "–", "space", "comma", "f24"])
def test_other_keys_mean_nothing(key: str) -> None:
    assert action_of(key, "idle") is None
