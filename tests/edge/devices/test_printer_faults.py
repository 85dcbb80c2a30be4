"""Every fault at every byte of a ticket, in every mode, on cables of virtual time.

As a rule each byte of a `text` ticket has its turn for what happens to bytes, on a printer with
process ids and a serial cable; for the rest both sides of each chunk that the driver hands over,
and every k-th byte. PRINTER_FAULTS=all lets each byte of every mode have its turn, on every cable
and model, and PRINTER_FAULTS=9 each ninth.
"""

import os
from collections.abc import Callable
from functools import cache
from time import sleep

import pytest
from msgspec.structs import replace
from PIL import ImageChops

from edge.devices.escpos_line import LineTiming
from edge.devices.escpos_status import ASK_FOR_CHANGES, ASK_IN_ORDER, ask_process_id
from edge.devices.printer_profile import Mode, PrinterProfile
from edge.ticket.layout import Paper
from edge.ticket.raster import RasterRenderer
from simulation.printer.model import PrinterModel
from simulation.printer.paper import Slip
from tests.edge.devices.stand import MODELS, TICKETS, Stand, Wire, stand
from tests.edge.ticket.tickets import FOLLOW_URL

# Before a slip the printer is asked twice (3 bytes each), reset (2), and told to report changes.
AHEAD = 8
# Behind it comes the request for a proof.
BEHIND = 12
CHUNK = 256
# Until it has nothing to do: asked twice, NULs, and asked for a proof.
AT_REST = 6 + 4096

REPRINTS = 3
WITHIN_S = 5.0 - LineTiming().answer_s


PICTURE = b"\x1dv0"
WIRES: tuple[Wire, ...] = ("serial", "usb")
EVERY: dict[Mode, int] = {"text": 41, "strip": 401, "raster": 7001}
# Of so many bytes both sides of every chunk are tried, of more only of every second, third, ...
EDGES_BYTES = 1_500


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
