"""`python -m simulation.printer`: a ticket printer to try things on, with faults on demand."""

import sys
import threading
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import MappingProxyType

from msgspec.structs import replace

from runtime.clock import SystemClock
from runtime.command_line import CommandLine
from runtime.wording import say
from simulation.printer.machine import VirtualPrinter
from simulation.printer.model import CHINESE, WRONG_PAGES, PrinterModel
from simulation.printer.paper import Slip
from simulation.printer.ports import PtyPort, TcpPort, UsbPort

MODELS: Mapping[str, PrinterModel] = MappingProxyType(
    {
        "80mm": PrinterModel(),
        "80mm-180dpi": PrinterModel(dots=512, dpi=180, feed_units_per_dot=2),
        "58mm": PrinterModel(dots=384, cutter_mm=0.0, process_id=False),
        "clone": WRONG_PAGES,
        "chinese": CHINESE,
    }
)
_ROLL_MM = 50_000.0
_BY_HAND = ("unplug", "plug")

Port = PtyPort | UsbPort | TcpPort


class Desk:
    """A virtual printer in its socket; slips go to `paper`, and `tell` is told of each."""

    def __init__(self, model: PrinterModel, paper: Path, tell: Callable[[str], object]) -> None:
        self.printer = VirtualPrinter(model, SystemClock(), self._keep, paper_mm=_ROLL_MM)
        self._paper = paper
        self._tell = tell
        self._near_end_mm = model.near_end_mm
        self._slips = 0

    def faults(self, port: Port) -> dict[str, Callable[[], object]]:
        """What may happen to this printer, by the words that make it happen."""
        printer = self.printer
        cable: dict[str, Callable[[], object]] = {}
        if not isinstance(port, TcpPort):
            cable = {"unplug": port.unplug, "plug": port.plug}
        return cable | {
            "paper-out": printer.remove_paper,
            "paper-low": lambda: printer.load_paper(self._near_end_mm / 2),
            "paper": printer.load_paper,
            "cover-open": printer.open_cover,
            "cover-close": printer.close_cover,
            "cutter-jam": printer.jam_cutter,
            "cutter-free": printer.free_cutter,
            "power-off": printer.power_off,
            "power-on": printer.power_on,
            "silent": lambda: setattr(printer, "reply_copies", 0),
            "talk": lambda: setattr(printer, "reply_copies", 1),
            "tear": printer.tear,
        }

    def _keep(self, slip: Slip) -> None:
        self._slips += 1
        file = self._paper / f"slip-{self._slips:04d}.png"
        slip.image.save(file)
        words = "whole" if slip.complete else "torn"
        text = " | ".join(slip.text.splitlines())
        self._tell(f"{file} ({words}) {text} {slip.qr or ''}".rstrip())


def obey(
    orders: Iterable[str],
    printer: VirtualPrinter,
    faults: Mapping[str, Callable[[], object]],
    tell: Callable[[str], object],
) -> None:
    """Let happen what each line of `orders` says: FAULT, or `at BYTES FAULT`; ends at `quit`."""
    for order in orders:
        match order.split():
            case ["quit"]:
                return
            case ["at", count, fault] if _is_at(count, fault, faults):
                printer.at_byte(int(count), faults[fault])
            case [fault] if fault in faults:
                faults[fault]()
            case []:
                continue
            case _:
                tell(say("virtual_printer.orders", orders=", ".join(faults)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until `quit`, or the end of the orders and Ctrl-C; returns 0."""
    options = _parser().parse_args(arguments)
    options.paper.mkdir(parents=True, exist_ok=True)
    desk = Desk(_model(options), options.paper, _say_at_once)
    with closing(desk.printer), closing(_port(options, desk.printer)) as port:
        _say_at_once(say("virtual_printer.serving", url=_url(port, options.baud)))
        faults = desk.faults(port)
        try:
            obey([*options.fault, *options.at], desk.printer, faults, _say_at_once)
            obey(sys.stdin, desk.printer, faults, _say_at_once)
            if options.stay:
                threading.Event().wait()
        except KeyboardInterrupt:
            pass
        for failure in desk.printer.failures:
            _say_at_once(say("virtual_printer.failure", failure=failure))
    return 0


def _is_at(count: str, fault: str, faults: Iterable[str]) -> bool:
    """Hands pull cables, so that is not bound to a byte."""
    return count.isdecimal() and int(count) > 0 and fault in faults and fault not in _BY_HAND


def _model(options: Namespace) -> PrinterModel:
    model = MODELS[options.model]
    return replace(model, baud=options.baud) if options.serial else model


def _port(options: Namespace, printer: VirtualPrinter) -> Port:
    if options.serial:
        return PtyPort(printer, options.serial)
    if options.usb:
        return UsbPort(printer, options.usb)
    return TcpPort(printer, port=options.tcp)


def _url(port: Port, baud: int) -> str:
    match port:
        case PtyPort():
            return f"serial:{port.path.absolute()}?baud={baud}"
        case UsbPort():
            return f"usb:{port.path.absolute()}"
        case TcpPort():
            return f"tcp://{port.address[0]}:{port.address[1]}"


def _say_at_once(words: str) -> None:
    print(words, flush=True)


def _parser() -> CommandLine:
    parser = CommandLine(prog="python -m simulation.printer")

    def words(key: str) -> str:
        return say(f"virtual_printer.{key}", parser.language)

    parser.description = words("about")
    socket = parser.add_mutually_exclusive_group()
    socket.add_argument("--tcp", type=int, default=0, metavar="PORT", help=words("help_tcp"))
    socket.add_argument("--serial", type=Path, metavar="PATH", help=words("help_serial"))
    socket.add_argument("--usb", type=Path, metavar="PATH", help=words("help_usb"))
    parser.add_argument("--baud", type=int, default=19_200, help=words("help_baud"))
    parser.add_argument("--model", choices=sorted(MODELS), default="80mm", help=words("help_model"))
    parser.add_argument("--paper", type=Path, default=Path("paper"), help=words("help_paper"))
    parser.add_argument("--fault", action="append", default=[], help=words("help_fault"))
    parser.add_argument(
        "--at",
        action="append",
        default=[],
        type=lambda text: f"at {text.replace(':', ' ')}",
        metavar="BYTES:FAULT",
        help=words("help_at"),
    )
    parser.add_argument("--stay", action="store_true", help=words("help_stay"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
