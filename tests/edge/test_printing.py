"""From a slip of the queue to the words on paper."""

import logging

import pytest
from msgspec.structs import replace

from edge.devices.printer_profile import Mode, PrinterProfile
from edge.printing import code_link, only_as_pictures
from tests.edge.running_site import FOLLOW_URL, RULES


def link(follow_url: str | None) -> str | None:
    return code_link(RULES, follow_url, day="2026-11-23", number="1001")


def test_a_tickets_code_opens_its_own_page() -> None:
    assert link(FOLLOW_URL) == "https://example.vn/01-00097-01/2026-11-23/1001"
    assert link(None) is None


def test_a_broken_address_costs_the_code_and_not_the_ticket(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, "edge.printing")
    assert link("https://example.vn/{nummer}") is None
    assert "{nummer}" in caplog.text


@pytest.mark.parametrize("mode", ["raster", "strip"])
def test_services_that_a_printer_has_no_letters_for_are_named(mode: Mode) -> None:
    names = ({"vi": "Hộ\u200b tịch\ufeff"}, {"vi": "Đất đai", "en": "Land 🌾"}, {"vi": "Cư trú"})
    services = zip(RULES.services, names, strict=True)
    rules = replace(RULES, services=tuple(replace(s, name=name) for s, name in services))
    found = dict(only_as_pictures(rules, PrinterProfile(mode=mode)))
    assert list(found) == (["2"] if mode == "strip" else [])
    assert all("U+1F33E" in str(error) for error in found.values())
