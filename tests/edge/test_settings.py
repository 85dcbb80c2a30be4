"""A hub's settings that contradict themselves are refused by name."""

from pathlib import Path

import pytest

from edge.control_settings import PadSettings
from edge.settings import HubSettings
from tests.edge.running_site import FOLLOW_URL, RULES


def settings(follow_url: str) -> HubSettings:
    return HubSettings("01-00097-01-h1", Path("data"), RULES, follow_url=follow_url)


def test_an_address_for_tickets_names_only_what_a_ticket_has() -> None:
    settings(FOLLOW_URL)
    with pytest.raises(ValueError, match=r"follow_url .*\{nummer\} is none of \{site\}, \{day\}"):
        settings("https://example.vn/{site}/{nummer}")


def test_an_address_for_tickets_fits_a_code() -> None:
    with pytest.raises(ValueError, match="follow_url makes a link too long for a QR code"):
        settings("https://example.vn/{site}/{number}?" + 2400 * "x")


def test_a_pin_is_used_once() -> None:
    pads = (PadSettings("1", (5, 6, 12)), PadSettings("2", (13, 16, 12)))
    with pytest.raises(ValueError, match="GPIO 12: used twice"):
        HubSettings("01-00097-01-h1", Path("data"), RULES, pads=pads)
