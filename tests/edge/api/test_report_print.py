"""The day's report on the ticket printer, which counts as no ticket."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Literal, NamedTuple

import httpx
import pytest

from contract.commands import (
    CallNext,
    FinishService,
    IssueTicket,
    OpenCounter,
    Order,
    SignIn,
    StartService,
)
from edge.api.report_sheet import report_sheet
from edge.devices.printer_profile import PrinterProfile
from edge.node import Node
from edge.settings import Http, HubSettings, PrinterSettings
from edge.ticket.face import Face
from edge.ticket.layout import Paper, Qr, Text, sheet_layout
from runtime.hub_client import HubClient, HubRejected
from simulation.printer.machine import VirtualPrinter
from simulation.printer.paper import Slip
from simulation.printer.ports import TcpPort
from tests.edge.running_site import CLERK, KIOSK, RULES, RunningSite, TestClock
from tests.simulation.printer.bench import AT_ONCE, CountingClock
from tests.waiting import until

PATH = "/api/report/print"
MODES: tuple[Literal["raster", "strip"], ...] = ("raster", "strip")
ONE_WAY = pytest.mark.parametrize(
    "printing", [PrinterProfile(proof="none", automatic_status=False)], indirect=True
)


class Site(NamedTuple):
    """A hub with a printer of its own, what came out of it, and its supervisor."""

    node: Node
    printer: VirtualPrinter
    slips: list[Slip]
    chief: httpx.Client

    def issue(self, key: int = 1) -> None:
        order = Order(key.to_bytes(16), KIOSK, IssueTicket(("1",)))
        self.node.hub.submit(order).result(10)

    def open_the_printer(self) -> None:
        """A cover that is opened while a report sets out leaves that one in doubt."""
        self.printer.open_cover()
        until(lambda: self.node.hub.house.live.devices["printer-1"].condition == "cover-open")


def signed_in(url: str, token: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": "vi"}
    return httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=60)


@pytest.fixture(params=[PrinterProfile(mode=mode, proof="process-id") for mode in MODES], ids=MODES)
def printing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    slips: list[Slip] = []
    virtual = VirtualPrinter(AT_ONCE, CountingClock(), slips.append)
    port = TcpPort(virtual)
    host, number = port.address
    settings = HubSettings(
        "01-00097-01-h1",
        tmp_path,
        RULES,
        http=Http(port=0),
        printer=PrinterSettings(f"tcp://{host}:{number}", profile=request.param),
    )
    node = Node(settings, TestClock())
    node.access.set_pin("chief", "supervisor", "591482")
    node.start()
    session = node.access.sign_in("chief", "591482")
    assert session is not None
    with signed_in(node.url, session.token) as chief:
        yield Site(node, virtual, slips, chief)
    node.stop()
    port.close()
    virtual.close()


def test_the_report_comes_out_and_is_counted_as_nothing(printing: Site) -> None:
    printing.issue()
    until(lambda: len(printing.slips) == 1)
    until(lambda: printing.node.hub.house.live.tickets["1001"].slip == "printed")
    rows = printing.node.hub.journal.last_seq

    said = printing.chief.post(PATH)

    assert (said.status_code, said.content) == (204, b"")
    assert len(printing.slips) == 2
    assert printing.node.hub.journal.last_seq == rows
    assert printing.node.hub.day_report().tickets == 1
    assert printing.printer.failures == []


def test_a_terminal_has_it_printed_once_and_hears_the_hubs_own_words(printing: Site) -> None:
    token = printing.chief.headers["Authorization"].removeprefix("Bearer ")
    with closing(HubClient(printing.node.url, token)) as client:
        client.post(PATH, within_s=60, language="vi")
        assert len(printing.slips) == 1
        printing.open_the_printer()
        with pytest.raises(HubRejected, match=r"^Chưa in xong báo cáo"):
            client.post(PATH, within_s=60)


def test_a_printer_without_paper_is_told_and_nothing_is_lost(printing: Site) -> None:
    printing.open_the_printer()
    refused = printing.chief.post(PATH)
    assert (refused.status_code, refused.json()["reason"]) == (409, "not-printed")
    printing.printer.close_cover()
    until(lambda: printing.chief.post(PATH).status_code == 204)


@ONE_WAY
def test_on_a_one_way_line_nobody_says_that_it_did_not_come_out(printing: Site) -> None:
    unsure = printing.chief.post(PATH)
    assert (unsure.status_code, unsure.json()["reason"]) == (409, "not-known")
    until(lambda: len(printing.slips) == 1)


@ONE_WAY
def test_on_a_one_way_line_a_ticket_was_sent(printing: Site) -> None:
    printing.issue()
    until(lambda: printing.node.hub.house.live.tickets["1001"].slip == "sent")
    until(lambda: len(printing.slips) == 1)


def test_only_a_supervisor_prints_it(
    site: RunningSite, kiosk: httpx.Client, clerk: httpx.Client
) -> None:
    assert [kiosk.post(PATH).status_code, clerk.post(PATH).status_code] == [403, 403]
    site.access.set_pin("chief", "supervisor", "591482")
    session = site.access.sign_in("chief", "591482")
    assert session is not None
    with site.client(session.token) as chief:
        refused = chief.post(PATH)
    assert (refused.status_code, refused.json()["reason"]) == (409, "no-printer")


def test_a_line_tells_of_what_was_done_and_how_long_it_took(site: RunningSite) -> None:
    site.give(KIOSK, IssueTicket(("1",)))
    site.clock.later(7 * 60)
    for command in (SignIn("1"), OpenCounter("1"), CallNext("1"), StartService("1")):
        site.give(CLERK, command)
    site.give(CLERK, FinishService("1"))
    sheet = report_sheet(site.hub.day_report(), RULES, "vi", training=False)
    services, counters = sheet.sections
    assert services.lines[:2] == (
        "Hộ tịch – Chứng thực: xong 1, vắng 0, chờ 7 phút",
        "Đất đai – Môi trường: xong 0, vắng 0",
    )
    assert counters.lines[0] == "Quầy số 1: xong 1, vắng 0, chờ 7 phút"
    assert sheet.facts[0] == "Số đã cấp 1 · xong việc 1"
    assert sheet.mark is None


@pytest.mark.parametrize("dots", [384, 512, 576])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_it_is_short_and_fits_every_paper(site: RunningSite, dots: int, language: str) -> None:
    site.give(KIOSK, IssueTicket(("1",)))
    sheet = report_sheet(site.hub.day_report(), RULES, language, training=True)
    assert [len(section.lines) for section in sheet.sections] == [3, 2]
    assert sheet.title.endswith(" 23/11/2026")
    assert sheet.mark is not None
    paper = Paper(dots=dots)
    width_dots = Face().width_dots
    blocks = sheet_layout(sheet, paper, width_dots)
    texts = [block for block in blocks if isinstance(block, Text)]
    assert all(
        width_dots(line, text.size_dots, text.weight) <= dots
        for text in texts
        for line in text.lines
    )
    assert sum(block.height_dots for block in blocks if not isinstance(block, Qr)) < paper.dots_of(
        130
    )
