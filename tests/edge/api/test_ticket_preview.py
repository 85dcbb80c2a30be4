"""Tickets as pictures, read back from their dots."""

from io import BytesIO

import httpx
import pytest
from PIL import Image

from contract.commands import IssueTicket
from tests.edge.running_site import KIOSK, RunningSite

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
