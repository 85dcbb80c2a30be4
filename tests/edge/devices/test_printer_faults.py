"""Every fault at every byte of a ticket, in every mode, on cables of virtual time.

As a rule each byte of a `text` ticket has its turn for what happens to bytes, on a printer with
process ids and a serial cable; for the rest both sides of each chunk that the driver hands over,
and every k-th byte. PRINTER_FAULTS=all lets each byte of every mode have its turn, on every cable
and model, and PRINTER_FAULTS=9 each ninth. Tickets are drawn once: what is under test is what
becomes of their bytes.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from queue import SimpleQueue
from time import sleep
from typing import Literal

import pytest
from msgspec.structs import replace
from PIL import ImageChops

from contract.commands import ReportDevice, ReportPrint
from edge.devices.escpos_line import LineTiming
from edge.devices.escpos_printer import EscposPrinter, PrintJob, Timing
from edge.devices.escpos_status import ASK_FOR_CHANGES, ASK_IN_ORDER, ask_process_id
from edge.devices.printer_profile import Mode, PrinterProfile, Renderer
from edge.devices.transport import DeviceError
from edge.ticket.layout import Paper
from edge.ticket.raster import RasterRenderer
from edge.ticket.tcvn3 import CodePages
from runtime.backoff import Backoff
from simulation.printer.cable import Cable
from simulation.printer.machine import VirtualPrinter
from simulation.printer.model import PrinterModel
from simulation.printer.paper import Slip
from tests.edge.ticket.tickets import FOLLOW_URL, ticket
from tests.simulation.printer.bench import AT_ONCE, CountingClock

# Before a slip the printer is asked twice (3 bytes each), reset (2), and told to report changes.
AHEAD = 8
# Behind it comes the request for a proof.
BEHIND = 12
CHUNK = 256
# Until it has nothing to do: asked twice, NULs, and asked for a proof.
AT_REST = 6 + 4096

# Looks at an idle printer never come: each byte is where it is expected. A question unanswered
# takes half a second in truth, and nothing here, like all that the owner waits for by itself.
TIMING = Timing(
    line=LineTiming(answer_s=0.0005),
    patience_s=0.0,
    poll_s=60.0,
    reconnect=Backoff(first_s=0.0002, cap_s=0.0005),
)
REPRINTS = 3
WITHIN_S = 5.0 - LineTiming().answer_s


class DrawnOnce(PrinterProfile, frozen=True):
    """A profile with one renderer for all, which draws what recurs once."""

    def renderer(self) -> Renderer:
        return renderer_of(self)

    def pictures(self) -> RasterRenderer:
        return pictures_of(self)


@cache
def renderer_of(profile: PrinterProfile) -> Renderer:
    return PrinterProfile.renderer(profile)


@cache
def pictures_of(profile: PrinterProfile) -> RasterRenderer:
    return PrinterProfile.pictures(profile)


MODELS = {
    "process-id": (AT_ONCE, DrawnOnce(proof="process-id", code_page=CodePages())),
    "status": (
        replace(AT_ONCE, process_id=False, automatic_status=False, busy_when_offline=False),
        DrawnOnce(automatic_status=False, code_page=CodePages()),
    ),
    "no proof": (
        replace(AT_ONCE, process_id=False, automatic_status=False, in_order_status=False),
        DrawnOnce(automatic_status=False, code_page=CodePages()),
    ),
}
PICTURE = b"\x1dv0"
Wire = Literal["serial", "usb"]
WIRES: tuple[Wire, ...] = ("serial", "usb")
EVERY: dict[Mode, int] = {"text": 41, "strip": 401, "raster": 7001}
TICKETS = {copy: replace(ticket(copy=copy, expected_wait_min=None), footer=()) for copy in (1, 2)}
# Of so many bytes both sides of every chunk are tried, of more only of every second, third, ...
EDGES_BYTES = 1_500


class Stand:
    """A printer on its cable, its owner, and what came of both."""

    def __init__(self, model: PrinterModel, profile: PrinterProfile, wire: Wire) -> None:
        self.slips: list[Slip] = []
        self.outcomes: list[ReportPrint] = []
        self.changes: list[str] = []
        self.told_s = 0.0
        self._reports: SimpleQueue[ReportPrint] = SimpleQueue()
        self._changed = threading.Condition()
        self.printer = VirtualPrinter(model, CountingClock(), self.slips.append, has_thread=False)
        self.cable = Cable(self.printer, hangs_up=DeviceError if wire == "usb" else None)
        self.owner = EscposPrinter(
            device="printer-1",
            transport=self.cable,
            profile=profile,
            report=self._note,
            timing=TIMING,
            line_clock=CountingClock(),
        )

    def print(self, copy: int) -> ReportPrint:
        self.owner.print(PrintJob("1025", copy, TICKETS[min(copy, 2)]))
        self.outcomes.append(self._reports.get(timeout=10))
        return self.outcomes[-1]

    def reprint(self, copy: int) -> None:
        """Ask for another slip, as often as nothing of it goes out."""
        while self.print(copy).outcome == "failed":
            sleep(0.0005)

    def mend(self) -> None:
        self.printer.close_cover()
        self.printer.free_cutter()
        if not self.printer.powered:
            self.printer.power_on()
        self.printer.load_paper()
        self.printer.settle()
        with self._changed:
            assert self._changed.wait_for(lambda: self.changes[-1] == "ready", 60)

    def _note(self, report: ReportPrint | ReportDevice) -> None:
        if isinstance(report, ReportPrint):
            self.told_s = self.cable.waited_s
            self._reports.put(report)
        else:
            with self._changed:
                self.changes.append(report.state)
                self._changed.notify()


@contextmanager
def stand(model: PrinterModel, profile: PrinterProfile, wire: Wire) -> Iterator[Stand]:
    there = Stand(model, profile, wire)
    try:
        yield there
    finally:
        there.owner.close()
        there.printer.close()


Fault = Callable[[Stand, int], None]

FAULTS: dict[str, Fault] = {
    "power lost": lambda s, at: s.printer.at_byte(at, s.printer.power_off),
    "power blinks": lambda s, at: s.printer.at_byte(at, s.cable.blink),
    "paper out": lambda s, at: s.printer.at_byte(at, s.printer.remove_paper),
    "cover open": lambda s, at: s.printer.at_byte(at, s.printer.open_cover),
    "cutter jams": lambda s, at: s.printer.at_byte(at, s.printer.jam_cutter),
    "byte garbled": lambda s, at: s.cable.garble(at),
    "byte lost": lambda s, at: s.cable.lose(at),
}
TO_BYTES = {"power lost", "power blinks", "byte garbled", "byte lost"}
# Nothing tells a printer or its owner of these: whoever looks at the slip asks for another.
UNSEEN = {"byte garbled", "byte lost"}
# What to do when that does not help, on a printer that cannot tell that it swallows all.
SWITCHED_OFF_AND_ON = "only switching it off and on helped"


def offsets(mode: Mode, model: str, wire: Wire, fault: str, length: int) -> list[int]:
    """Where faults strike, from the first byte of a slip to the last of the request behind it."""
    asked = os.environ.get("PRINTER_FAULTS")
    usual = model == "process-id" and wire == "serial"
    if asked == "all" or (mode == "text" and usual and fault in TO_BYTES):
        return list(range(1, length + 1))
    if asked:
        return list(range(1, length + 1, int(asked)))
    chunks = range(0, length, CHUNK * (1 + length // EDGES_BYTES))
    edges = {edge + side for edge in chunks for side in (0, 1)}
    return sorted(at for at in edges | set(range(1, length, EVERY[mode])) if 0 < at <= length)


@pytest.mark.parametrize("fault", list(FAULTS))
@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("model", list(MODELS))
@pytest.mark.parametrize("mode", list(EVERY))
def test_wherever_it_strikes_there_is_one_readable_slip_and_no_unmarked_second(
    mode: Mode, model: str, wire: Wire, fault: str
) -> None:
    printer, usual = MODELS[model]
    profile = replace(usual, mode=mode)
    slip = profile.renderer().encode(TICKETS[1])
    found = {
        at: strike(printer, profile, wire, fault, at)
        for at in offsets(mode, model, wire, fault, len(slip) + BEHIND)
    }
    by_hand = [at for at in found if found[at] == SWITCHED_OFF_AND_ON]

    assert {at: found[at] for at in found if found[at] and at not in by_hand} == {}
    # Few bytes make a printer await so much: those that tell a picture's width and height.
    assert len(by_hand) <= 2 * slip.count(PICTURE)
    assert not by_hand or (model == "no proof" and fault in UNSEEN)


def strike(
    model: PrinterModel, profile: PrinterProfile, wire: Wire, fault: str, at: int
) -> str | None:
    """What went wrong with the promise, if anything did, or what staff had to do to keep it."""
    with stand(model, profile, wire) as there:
        proof = ask_process_id(b"0000") if profile.proof == "process-id" else ASK_IN_ORDER
        for_changes = len(ASK_FOR_CHANGES) * profile.automatic_status
        while there.cable.carried_bytes < AT_REST + len(proof) + for_changes:
            sleep(0.0005)
        FAULTS[fault](there, AHEAD + for_changes + at)
        before_s = there.cable.waited_s
        outcome = there.print(1)
        took_s = there.told_s - before_s
        there.mend()
        first = [slip for slip in there.slips if reads(slip, profile.mode, 1)]
        if outcome.outcome == "printed" and not first and fault not in UNSEEN:
            return "it was said to be printed, and is not"
        again, by_hand = False, False
        for copy in range(2, 3 + REPRINTS):
            if first or again:
                break
            if by_hand := copy == 2 + REPRINTS:
                there.printer.power_off()
                there.printer.power_on()
            there.reprint(copy)
            again = any(reads(slip, profile.mode, 2) for slip in there.slips)
        if took_s > WITHIN_S:
            return f"nobody was told for {took_s:.1f} s"
        if len(first) > 1:
            return f"{len(first)} unmarked slips"
        if not first and not again:
            return f"no readable slip: {there.outcomes}"
        return SWITCHED_OFF_AND_ON if by_hand else None


def reads(slip: Slip, mode: Mode, copy: int) -> bool:
    """Whether `slip` is the whole of that copy of the ticket."""
    if not slip.complete or slip.qr != FOLLOW_URL:
        return False
    if mode == "raster":
        return slip.rows[-len(burnt(copy)) :] == burnt(copy)
    return "".join(slip.text.split()) == words(copy)


@cache
def burnt(copy: int) -> tuple[int, ...]:
    """The rows of a copy's picture, with which a slip ends."""
    ink = ImageChops.invert(RasterRenderer(Paper()).preview(TICKETS[copy]))
    width, pixels = ink.width // 8, ink.tobytes()
    return tuple(int.from_bytes(pixels[top : top + width]) for top in range(0, len(pixels), width))


@cache
def words(copy: int) -> str:
    """What a copy says, as typewriters write it."""
    content = TICKETS[copy]
    parts = (
        *(content.training, content.organisation, content.centre, content.reprint, content.title),
        *(content.number, content.priority, content.service, content.counters, content.ahead),
        *(content.expected_wait, content.issued, content.qr_caption, *content.footer),
    )
    return "".join("".join(part.split()) for part in parts if part).replace("–", "-")
