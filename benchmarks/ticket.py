"""A ticket's bytes, its time on the wire, and how soon after the press it is cut off.

The hub is the real program in a process of its own, durable on disk; the virtual printer paces
bytes at the baud rate and paper at 150 mm/s. `press_to_byte` ends when the slip's first byte has
reached the printer, `press_to_cut` when the knife has cut; its baseline is the time that the paper
alone needs for that slip.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from msgspec.structs import replace

from benchmarks.report import line, quantile
from benchmarks.running_hub import SERVICE, Client, hub_settings, running_hub
from benchmarks.watched_printer import WatchedPrinter
from contract.commands import Actor
from contract.slips import SlipView
from edge.access import Access
from edge.devices.printer_profile import PrinterProfile
from edge.printer_tool.profile_toml import profile_toml
from edge.ticket.content import TicketContent, compose
from edge.ticket.raster import RasterRenderer
from edge.ticket.tcvn3 import CodePages
from runtime.clock import SystemClock
from simulation.printer.model import PrinterModel
from simulation.printer.ports import PtyPort, TcpPort, UsbPort

_PRESSES = 300
_CUTS = 9
_SLIP_WITHIN_S = 60.0
_BAUDS = (9600, 19200, 115_200)
_BITS_PER_BYTE = 10
_FOLLOW = "https://thutu.example.vn/q/{site}/{number}"
_UNIT = "Phường Văn Miếu - Quốc Tử Giám"
_AT_150_MM_S = PrinterModel(mm_per_s=150.0)
_INSTANT = PrinterModel(mm_per_s=1e9)
_RASTER = PrinterProfile(proof="process-id")
_TEXT = replace(_RASTER, mode="text", code_page=CodePages())
_STRIP = replace(_RASTER, mode="strip")
_PROFILES = {"text": _TEXT, "strip": _STRIP, "raster": _RASTER}

# How each mode's slips go to the printer: at a baud rate, or over USB or the network.
_WIRES: dict[str, tuple[int | str, ...]] = {
    "text": (9600, 19200),
    "strip": (9600, 19200),
    "raster": (115_200, "usb", "network"),
}

_PRINTER = """
[printer]
url = "{url}"
{profile}
"""


def main() -> None:
    """Measure and print."""
    _bytes_and_wire()
    with tempfile.TemporaryDirectory(prefix="thutu-bench-") as folder:
        root = Path(folder)
        for mode, profile in _PROFILES.items():
            _press_to_byte(root / f"byte-{mode}", mode, profile)
        for mode, wires in _WIRES.items():
            for wire in wires:
                _press_to_cut(root / f"cut-{mode}-{wire}", mode, wire)


def _bytes_and_wire() -> None:
    content = _reference()
    height = RasterRenderer(_RASTER.paper).preview(content).height
    whole = _RASTER.paper.dots // 8 * height
    for mode, profile in _PROFILES.items():
        size = len(profile.renderer().encode(content))
        name = f"every dot of the same ticket, {height} rows"
        print(line(f"ticket.bytes.{mode}", size, "bytes", name, whole))
        for baud in _BAUDS:
            wire_s = size * _BITS_PER_BYTE / baud
            whole_s = whole * _BITS_PER_BYTE / baud
            print(line(f"ticket.wire_s.{mode}.{baud}", wire_s, "s", name, whole_s), flush=True)


def _reference() -> TicketContent:
    """Header, large number, service, people ahead and QR code: the ticket of all comparisons."""
    content = compose(
        SlipView(
            ticket="reference",
            number="1025",
            copy=1,
            unit=_UNIT,
            service=SERVICE,
            counters=("1", "2"),
            ahead=5,
            expected_wait_min=None,
            issued_ms=1_783_996_320_000,
            clock_trusted=True,
            follow_url=_FOLLOW.format(site="01-00097-01", number="1025"),
        )
    )
    return replace(content, footer=())


def _press_to_byte(folder: Path, mode: str, profile: PrinterProfile) -> None:
    answer_ms: list[float] = []
    byte_ms: list[float] = []
    with _site(folder, _INSTANT, profile) as (press, printer):
        for _ in range(_PRESSES):
            pressed = time.perf_counter()
            press()
            answer_ms.append((time.perf_counter() - pressed) * 1000)
            begun = printer.begun.get(timeout=_SLIP_WITHIN_S)
            assert begun > pressed
            byte_ms.append((begun - pressed) * 1000)
            printer.cut_off.get(timeout=_SLIP_WITHIN_S)
        assert printer.failures == []
    for label, q in (("p50", 0.5), ("p99", 0.99)):
        name = f"the kiosk's durable answer to the same press, {label}"
        value, base = quantile(byte_ms, q), quantile(answer_ms, q)
        print(line(f"press_to_byte.{mode}.{label}_ms", value, "ms", name, base), flush=True)
    if mode == "raster":
        # Raster is the usual mode, and the slower one to draw.
        print(line("press_to_byte.p99_ms", value, "ms", name, base), flush=True)


def _press_to_cut(folder: Path, mode: str, wire: int | str) -> None:
    cut_s: list[float] = []
    paper_s: list[float] = []
    model = replace(_AT_150_MM_S, baud=wire if isinstance(wire, int) else None)
    with _site(folder, model, _PROFILES[mode], usb=wire == "usb") as (press, printer):
        for _ in range(_CUTS):
            pressed = time.perf_counter()
            press()
            cut, slip = printer.cut_off.get(timeout=_SLIP_WITHIN_S)
            cut_s.append(cut - pressed)
            paper_s.append(slip.image.height / model.dots_per_mm / model.mm_per_s)
        assert printer.failures == []
    took, alone = statistics.median(cut_s), statistics.median(paper_s)
    name = f"the paper alone at {model.mm_per_s:.0f} mm/s"
    print(line(f"press_to_cut_s.{mode}.{wire}", took, "s", name, alone))
    print(line(f"press_to_cut.ratio.{mode}.{wire}", took / alone, "times the paper"), flush=True)


_ISSUE = {"type": "IssueTicket", "services": ["1"]}


@contextmanager
def _site(
    folder: Path, model: PrinterModel, profile: PrinterProfile, *, usb: bool = False
) -> Iterator[tuple[Callable[[], None], WatchedPrinter]]:
    """A hub with its printer, warmed up by one ticket: serial if the model has a baud."""
    folder.mkdir()
    with closing(WatchedPrinter(model)) as printer:
        port: PtyPort | UsbPort | TcpPort
        if usb:
            port = UsbPort(printer, folder / "lp")
            url = f"usb:{port.path}"
        elif model.baud is None:
            port = TcpPort(printer)
            url = f"tcp://{port.address[0]}:{port.address[1]}"
        else:
            port = PtyPort(printer, folder / "tty")
            url = f"serial:{port.path}?baud={model.baud}"
        with closing(port), _kiosk(folder, url, profile) as press:
            press()
            printer.begun.get(timeout=_SLIP_WITHIN_S)
            printer.cut_off.get(timeout=_SLIP_WITHIN_S)
            yield press, printer


@contextmanager
def _kiosk(folder: Path, printer_url: str, profile: PrinterProfile) -> Iterator[Callable[[], None]]:
    """A hub; what is yielded issues a ticket, on a connection of its own."""
    config = folder / "hub.toml"
    data = folder / "data"
    own = hub_settings(data, counters=2, unit=_UNIT, beside=f'follow_url = "{_FOLLOW}"')
    printer = _PRINTER.format(url=printer_url, profile=profile_toml(profile))
    config.write_text(own + printer, encoding="utf-8")
    access = Access(data / "access.db", SystemClock())
    token = access.add_device(Actor("kiosk-1", "kiosk"))
    access.close()
    with running_hub(config) as port:
        yield lambda: _press(port, token)


def _press(port: int, token: str) -> None:
    with closing(Client(port, token)) as kiosk:
        kiosk.number(**_ISSUE)


if __name__ == "__main__":
    main()
