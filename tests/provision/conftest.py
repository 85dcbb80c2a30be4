"""In which language the programs speak."""

import pytest


@pytest.fixture(autouse=True)
def _reads_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
