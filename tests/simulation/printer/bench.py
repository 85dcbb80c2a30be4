"""A virtual printer on a test's bench: what it printed, said and failed at."""

from collections.abc import Iterator
from contextlib import contextmanager

import zxingcpp
from PIL import Image

from contract.stamp import Stamp
from simulation.printer.machine import VirtualPrinter
from simulation.printer.model import PrinterModel
from simulation.printer.paper import Slip
from tests.waiting import until

AT_ONCE = PrinterModel()


class CountingClock:
    """A clock on which waiting takes no time, but counts."""

    def __init__(self) -> None:
        self.slept_s = 0.0

    def stamp(self) -> Stamp:
        return Stamp(0, int(self.slept_s * 1e9), "test", synced=True)

    def sleep(self, seconds: float) -> None:
        self.slept_s += seconds


class Bench:
    """A printer with its slips and what it said, and no port."""

    def __init__(self, model: PrinterModel, paper_mm: float) -> None:
        self.clock = CountingClock()
        self.slips: list[Slip] = []
        self.said = b""
        self.printer = VirtualPrinter(model, self.clock, self.slips.append, paper_mm=paper_mm)
        self.printer.attach(self._hear)

    def send(self, data: bytes) -> None:
        """Send as a host does that heeds BUSY."""
        while data:
            room = self.printer.room_bytes(5.0)
            assert room, "BUSY for 5 s"
            self.printer.receive(data[:room])
            data = data[room:]

    def slip(self, count: int = 1) -> Slip:
        """Wait for the `count`-th slip."""
        until(lambda: len(self.slips) >= count)
        return self.slips[count - 1]

    def answer(self, data: bytes) -> bytes:
        """Send `data` and wait for what the printer says."""
        before = len(self.said)
        self.send(data)
        until(lambda: len(self.said) > before)
        return self.said[before:]

    def _hear(self, data: bytes) -> None:
        self.said += data


@contextmanager
def bench(model: PrinterModel = AT_ONCE, paper_mm: float = 50_000.0) -> Iterator[Bench]:
    stand = Bench(model, paper_mm)
    try:
        yield stand
    finally:
        stand.printer.close()


def printed(data: bytes, model: PrinterModel = AT_ONCE) -> Slip:
    """The one slip that `data` prints, without a failure."""
    with bench(model) as stand:
        stand.send(data)
        slip = stand.slip()
        assert stand.printer.failures == []
    return slip


def codes(paper: Image.Image) -> list[str]:
    """What a phone reads of the codes on it."""
    return [found.text for found in zxingcpp.read_barcodes(paper.convert("L"))]


def picture(slip: Slip, model: PrinterModel = AT_ONCE) -> Image.Image:
    """A slip without its blank head, which lay between knife and print head."""
    head = round(model.cutter_mm * model.dots_per_mm)
    blank = slip.image.crop((0, 0, slip.image.width, head))
    assert blank.getextrema() == (255, 255)
    return slip.image.crop((0, head, slip.image.width, slip.image.height))
