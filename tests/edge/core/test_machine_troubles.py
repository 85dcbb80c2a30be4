"""From a machine's health to what staff should know of it."""

import pytest

from contract.wire import Health
from edge.core.machine import older_rows, reports
from runtime.wording import LANGUAGES, catalogue


def told(health: Health) -> dict[str, str]:
    return {said.device: said.condition or said.state for said in reports(health)}


@pytest.mark.parametrize(
    ("health", "expected"),
    [
        (Health(), {}),
        (Health(undervoltage=True), {"machine:power": "undervoltage"}),
        (Health(undervoltage=False), {"machine:power": "ready"}),
        (Health(temperature_c=79), {"machine:temperature": "ready"}),
        (Health(temperature_c=80), {"machine:temperature": "too-hot"}),
        (Health(free_mb=500), {"machine:disk": "ready"}),
        (Health(free_mb=499), {"machine:disk": "disk-nearly-full"}),
        (Health(wear_percent=80), {"machine:disk": "ready"}),
        (Health(wear_percent=90), {"machine:disk": "disk-worn"}),
        (Health(wear_percent=90, free_mb=500), {"machine:disk": "disk-worn"}),
        (Health(wear_percent=90, free_mb=0), {"machine:disk": "disk-nearly-full"}),
    ],
)
def test_thresholds(health: Health, expected: dict[str, str]) -> None:
    assert told(health) == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_trouble_has_words(language: str) -> None:
    worst = (Health(90, undervoltage=True, free_mb=0), Health(wear_percent=100))
    conditions = {said.condition for health in worst for said in reports(health)}
    conditions.add(older_rows(are_missing=True).condition)
    assert len(conditions) == 5
    assert {f"device.{condition}" for condition in conditions} <= set(catalogue(language))
