"""Tickets as pictures, read back from their dots."""

from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image

from contract.commands import IssueTicket
from edge.api.ticket_picture import sample_content, ticket_content
from edge.devices.printer_profile import PrinterProfile
from edge.node import Node
from edge.settings import Http, HubSettings, PrinterSettings
from edge.ticket.layout import Paper
from edge.ticket.raster import RasterRenderer
from edge.ticket.template import TicketTemplate
from tests.edge.running_site import KIOSK, MONDAY_8_MS, RULES, RunningSite, TestClock

URL = "/api/ticket-preview.png"


def dots(answer: httpx.Response) -> Image.Image:
    assert answer.headers["content-type"] == "image/png"
    picture = Image.open(BytesIO(answer.content))
    picture.load()
    return picture


def test_a_sample_for_those_who_install(kiosk: httpx.Client) -> None:
    sample = kiosk.get(URL)
    assert sample.headers["cache-control"] == "no-store"
    picture = dots(sample)
    assert (picture.mode, picture.width) == ("1", 576)
    assert picture.height > 600
    assert picture.tobytes() != dots(kiosk.get(URL, params={"language": "en"})).tobytes()


def test_a_ticket_of_today(kiosk: httpx.Client, site: RunningSite) -> None:
    for _ in range(2):
        site.give(KIOSK, IssueTicket(("1",), on_paper=False))
    first, second = (dots(kiosk.get(URL, params={"number": n})) for n in ("1001", "1002"))
    assert first.size == second.size
    assert first.tobytes() != second.tobytes()


@pytest.mark.parametrize("number", ["1001", "01001", "0", "", "x" * 100, "../../etc"])
def test_a_number_that_nobody_has(kiosk: httpx.Client, number: str) -> None:
    refused = kiosk.get(URL, params={"number": number})
    assert (refused.status_code, refused.json()["reason"]) == (404, "unknown-ticket")


def test_a_training_ticket_is_marked(kiosk: httpx.Client, site: RunningSite) -> None:
    site.practise(KIOSK, IssueTicket(("1",)))
    site.give(KIOSK, IssueTicket(("1",)))
    training, live = (dots(kiosk.get(URL, params={"number": n})) for n in ("01001", "1001"))
    assert training.height > live.height


def test_a_picture_is_the_sites_own_ticket(tmp_path: Path) -> None:
    hidden = TicketTemplate(hidden=("qr", "organisation", "centre"), footer={"vi": ()})
    profile = PrinterProfile(paper=Paper(dots=384))
    printer = PrinterSettings(f"usb:{tmp_path}/lp0", profile=profile, ticket=hidden)
    node = Node(
        HubSettings("01-00097-01-h1", tmp_path, RULES, http=Http(port=0), printer=printer),
        TestClock(),
    )
    token = node.access.add_device(KIOSK)
    node.start()
    headers = {"Authorization": f"Bearer {token}"}
    shown = dots(httpx.get(f"{node.url}{URL}", headers=headers, trust_env=False, timeout=30))
    node.stop()
    sample = sample_content(RULES, "vi", MONDAY_8_MS, None)
    usual = RasterRenderer(profile.paper).preview(sample)
    own = RasterRenderer(profile.paper).preview(hidden.apply(sample))
    assert shown.tobytes() == own.tobytes() != usual.tobytes()


def test_a_broken_address_costs_a_picture_only_its_code(site: RunningSite) -> None:
    site.give(KIOSK, IssueTicket(("1",), on_paper=False))
    broken = "https://example.vn/{nummer}"
    found = ticket_content(RULES, site.hub.house, "1001", broken)
    assert found is not None
    for content in (found, sample_content(RULES, "vi", MONDAY_8_MS, broken)):
        assert content.qr is content.qr_caption is None
