"""The address in a ticket's QR code."""

import pytest

from contract.follow import follow_link


def link(url: str) -> str:
    return follow_link(url, site="01-00097-01", day="2026-11-23", number="1001")


def test_the_tickets_own_parts_are_filled_in() -> None:
    assert link("https://x.vn/{site}/{day}/{number}") == "https://x.vn/01-00097-01/2026-11-23/1001"
    assert link("https://x.vn/") == "https://x.vn/"


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://x.vn/{nummer}", "{nummer} is none of {site}, {day}, {number}"),
        ("https://x.vn/{}", "{} is none of"),
        ("https://x.vn/{number.__class__}", "{number.__class__} is none of"),
        ("https://x.vn/{number", "expected '}'"),
        ("https://x.vn/}", "Single '}'"),
        ("https://x.vn/{number:05d}", "format code 'd'"),
        ("https://x.vn/{number:{wide}}", "'wide'"),
    ],
)
def test_what_cannot_be_filled_in_is_named(url: str, named: str) -> None:
    with pytest.raises(ValueError, match=r"follow_url 'https://x\.vn/") as refused:
        link(url)
    assert named in str(refused.value)
