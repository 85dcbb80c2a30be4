"""From the code on the paper to the page on a citizen's phone: printed, read, opened."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

import httpx
import pytest

from contract.commands import CallNext, OpenCounter, SignIn
from edge.node import Node
from edge.settings import HubSettings
from runtime.clock import SystemClock
from runtime.settings import load_settings
from simulation.printer.machine import VirtualPrinter
from simulation.printer.model import PrinterModel
from simulation.printer.paper import Slip
from simulation.printer.ports import TcpPort
from tests.simulation.printer.bench import codes
from tests.system.lost_line import CLERK, Site, give, issue, sent
from tests.waiting import until

PAGE_KEPT_S = 60
BESIDE = """
follow_url = "{url}/t/{{node}}/{{day}}/{{number}}"
printer = {{ url = "tcp://127.0.0.1:{port}" }}
"""


class Hall:
    """A site with a centre, a printer, and citizens who take their slip and scan it."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.site = Site(folder, stack)
        self.slips: SimpleQueue[Slip] = SimpleQueue()
        printer = VirtualPrinter(PrinterModel(mm_per_s=1e9), SystemClock(), self.slips.put)
        stack.enter_context(closing(printer))
        port = stack.enter_context(closing(TcpPort(printer))).address[1]
        card = self.site.config("card")
        beside = BESIDE.format(url=self.site.centre.url, port=port)
        card.write_text(beside + card.read_text("utf-8"), encoding="utf-8")
        settings = load_settings(card, HubSettings, "NONE", environment={})
        self.node = Node(settings, self.site.clock)
        self.node.start()
        stack.callback(self.node.stop)

    def take_slip(self) -> "Scanned":
        """Let the hub give out a number, and read its slip as a phone does."""
        [number] = issue(self.node, "1", 1)
        [address] = codes(self.slips.get(timeout=30).image)
        return Scanned(number, address)


class Scanned(NamedTuple):
    """A number, and the address that its slip's code has."""

    number: str
    address: str


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    with ExitStack() as stack:
        yield Hall(tmp_path, stack)


def opened(address: str, *, says: str) -> str:
    """The page that a phone shows, once it says this."""
    pages: list[str] = []

    def is_there() -> bool:
        answer = httpx.get(address, timeout=30)
        pages.append(answer.text)
        return answer.status_code == 200 and says in answer.text

    try:
        until(is_there)
    except AssertionError:
        raise AssertionError(pages[-1]) from None
    return pages[-1]


def test_each_citizen_scans_their_own_place_and_follows_it_to_the_counter(hall: Hall) -> None:
    first, second = hall.take_slip(), hall.take_slip()
    until(sent(hall.node))
    assert "Ông/Bà là người tiếp theo" in opened(first.address, says=first.number)
    assert "Còn 1 người trước ông/bà" in opened(second.address, says=second.number)

    for command in (SignIn("1"), OpenCounter("1"), CallNext("1")):
        give(hall.node, CLERK, command)
    until(sent(hall.node))
    hall.site.clock.later(PAGE_KEPT_S)
    opened(first.address, says="Đang mời số này")
    opened(second.address, says="Ông/Bà là người tiếp theo")
