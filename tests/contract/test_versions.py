"""Which of two versions is the later one."""

import pytest

from contract.versions import is_later


@pytest.mark.parametrize(
    ("one", "other", "later"),
    [
        ("0.5.0", "0.3.0", True),
        ("0.10", "0.9.9", True),
        ("0.5.1", "0.5", True),
        ("0.5.0", "0.5", False),
        ("0.5.0", "0.5.0", False),
        ("0.3.0", "0.5.0", False),
        ("0.5.0", "0.3.0.post1", False),
        ("0.5.0rc1", "0.3.0", False),
        ("", "0.3.0", False),
    ],
)
def test_plain_versions_are_compared_number_by_number(one: str, other: str, later: bool) -> None:
    assert is_later(one, other) is later
