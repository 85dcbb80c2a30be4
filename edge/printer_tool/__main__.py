"""`thutu-printer`: find a ticket printer, calibrate it, print a test ticket, watch its state."""

import argparse
import logging
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import get_args

from msgspec.structs import replace

from contract.commands import ReportDevice, ReportPrint
from edge.devices.escpos_line import EscposLine, LineTiming
from edge.devices.escpos_printer import BYTES_ON_THE_WAY, EscposPrinter, PrintJob
from edge.devices.escpos_status import ASK_IN_ORDER, InOrder
from edge.devices.printer_profile import Mode
from edge.devices.transport import transport
from edge.printer_tool.calibration import CANDIDATES, approved, page
from edge.printer_tool.models import Model, known_models
from edge.printer_tool.ports import serial_ports, usb_printers
from edge.printer_tool.profile_toml import profile_toml
from edge.printer_tool.sample import SAMPLE_NUMBER, sample
from edge.settings import PREFIX, HubSettings, PrinterSettings
from edge.ticket.bands import MAX_BAND_BYTES
from edge.ticket.tcvn3 import CodePages
from runtime.clock import SystemClock
from runtime.command_line import CommandLine
from runtime.settings import SettingsError, load_settings
from runtime.wording import LANGUAGES, say

_HUB_SETTINGS = Path("/etc/thutu/hub.toml")
_OUTCOME_S = 90.0
_PRINTING_S = 5.0

_APPROVED: dict[Mode, str] = {
    "text": "text_approved",
    "strip": "strip_approved",
    "raster": "raster_kept",
}

_Reports = SimpleQueue[ReportPrint | ReportDevice]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 when all is well."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # A shell that started us in the background has told us to ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return int(options.run(options))
    except (SettingsError, OSError) as error:
        print(f"thutu-printer: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print()
    return 1


def _ports(options: argparse.Namespace) -> int:
    serial, usb = serial_ports(), usb_printers()
    for port in serial:
        print(f"{port.url}?baud=19200&flow=rtscts\n    {port.name}")
    if not serial:
        print(_words(options, "no_serial_ports"))
    for port in usb:
        print(f"{port.url}\n    {port.name}")
    if not usb:
        print(_words(options, "no_usb_printers"))
    print(_words(options, "network_ports"))
    return 0


def _models(options: argparse.Namespace) -> int:
    models = known_models()
    if options.name is None:
        for name, model in models.items():
            text = "TCVN-3" if model.has_tcvn3 else ""
            paper = model.profile.paper
            print(f"{name:16} {model.vendor:18} {paper.dots:4} × {paper.dpi} dpi  {text}".rstrip())
        return 0
    if options.name not in models:
        raise SettingsError(_words(options, "unknown_model", model=options.name))
    print(profile_toml(models[options.name].profile), end="")
    return 0


def _calibrate(options: argparse.Namespace) -> int:
    printer = _printer(options)
    if options.write is not None and options.write.exists():
        raise SettingsError(_words(options, "file_exists", file=options.write))
    condition = _print_page(printer, _words(options, "page_title"))
    if condition is not None:
        _explain(options, condition)
        return 1
    number = _answer(options)
    if number is None:
        print(_words(options, "nothing_stored"))
        return 1
    profile = approved(printer.profile, number)
    found = profile_toml(profile)
    print(_words(options, _APPROVED[profile.mode]), file=sys.stderr)
    if options.write is None:
        print(found, end="")
    else:
        options.write.write_text(found, encoding="utf-8")
        print(_words(options, "stored", file=options.write))
    return 0


def _print_page(printer: PrinterSettings, title: str) -> str | None:
    """Print the calibration page; return what hindered it."""
    line = EscposLine(
        transport(printer.url),
        LineTiming(),
        SystemClock(),
        answers=printer.profile.proof != "none",
    )
    try:
        condition = line.state().condition
        if condition is None:
            _, condition = line.send(bytes(MAX_BAND_BYTES) + page(printer.profile, title))
        if condition is None:
            # Closing drops what is still on the way.
            line.request(ASK_IN_ORDER, lambda said: said == InOrder(), _on_the_way_s(line.byte_s))
            condition = line.state().condition
        return condition
    finally:
        line.close()


def _on_the_way_s(byte_s: float) -> float:
    return _PRINTING_S + BYTES_ON_THE_WAY * byte_s


def _answer(options: argparse.Namespace) -> int | None:
    """The number that somebody typed; None when nobody answers."""
    while True:
        print(_words(options, "ask", most=len(CANDIDATES)), end=" ", file=sys.stderr, flush=True)
        typed = sys.stdin.readline()
        if not typed:
            return None
        if typed.strip() in map(str, range(len(CANDIDATES) + 1)):
            return int(typed)


def _test(options: argparse.Namespace) -> int:
    printer, clock = _printer(options), SystemClock()
    content = sample(clock.stamp(), options.language, _hub(options))
    with _owned(printer) as (owner, reports):
        owner.print(PrintJob(SAMPLE_NUMBER, 1, content))
        outcome = _next_outcome(reports)
        if outcome is not None and outcome.outcome in ("sent", "unknown"):
            clock.sleep(_on_the_way_s(transport(printer.url).byte_s))
    if outcome is None:
        _explain(options, "no-answer")
        return 1
    if outcome.outcome == "printed":
        print(_words(options, f"printed_{outcome.proof}"))
        return 0
    if outcome.outcome == "sent":
        print(_words(options, "sent"))
        return 0
    _explain(options, outcome.reason)
    return 1


def _preview(options: argparse.Namespace) -> int:
    hub = _hub(options)
    printer = (hub and hub.printer) or PrinterSettings("")
    profile = printer.profile if options.model is None else _model(options).profile
    if options.mode is not None:
        profile = replace(profile, mode=options.mode, code_page=profile.code_page or CodePages())
    content = sample(SystemClock().stamp(), options.language, hub)
    try:
        picture = profile.renderer().preview(printer.ticket.apply(content))
    except ValueError as error:
        raise SettingsError(f"{say('printer.unprintable', options.language)} ({error})") from error
    picture.save(options.out, "PNG", dpi=(profile.paper.dpi, profile.paper.dpi))
    print(_words(options, "previewed", file=options.out, mode=profile.mode))
    return 0


def _status(options: argparse.Namespace) -> int:
    with _owned(_printer(options)) as (_, reports):
        while True:
            report = reports.get()
            if not isinstance(report, ReportDevice):
                continue
            if report.state == "ready":
                print(_words(options, "ready"), flush=True)
            else:
                _explain(options, report.condition or report.state)
            if options.once:
                return int(report.state == "lost")


@contextmanager
def _owned(printer: PrinterSettings) -> Iterator[tuple[EscposPrinter, _Reports]]:
    """The printer under the same driver as in the hub, and what that reports."""
    reports: _Reports = SimpleQueue()
    owner = EscposPrinter(
        device=printer.device,
        transport=transport(printer.url),
        profile=printer.profile,
        template=printer.ticket,
        report=reports.put,
    )
    try:
        yield owner, reports
    finally:
        owner.close()


def _next_outcome(reports: _Reports) -> ReportPrint | None:
    while True:
        try:
            report = reports.get(timeout=_OUTCOME_S)
        except Empty:
            return None
        if isinstance(report, ReportPrint):
            return report


def _printer(options: argparse.Namespace) -> PrinterSettings:
    """The printer that the command line names, else the hub's."""
    hub = _hub(options)
    if options.url is None:
        if hub is None or hub.printer is None:
            raise SettingsError(_words(options, "none_configured", file=options.config))
        return hub.printer
    printer = PrinterSettings(options.url)
    return printer if options.model is None else replace(printer, profile=_model(options).profile)


def _hub(options: argparse.Namespace) -> HubSettings | None:
    """The hub's settings, which a printer or model on the command line can do without."""
    if not options.config.exists() and (options.url or options.model):
        return None
    return load_settings(options.config, HubSettings, PREFIX)


def _model(options: argparse.Namespace) -> Model:
    models = known_models()
    if options.model not in models:
        raise SettingsError(_words(options, "unknown_model", model=options.model))
    return models[options.model]


def _explain(options: argparse.Namespace, reason: str) -> None:
    print(say(f"printer.{reason}", options.language), flush=True)
    if reason == "disconnected":
        print(_words(options, "in_use"), flush=True)


def _words(options: argparse.Namespace, key: str, **values: object) -> str:
    return say(f"printer_tool.{key}", options.language, **values)


def _parser() -> argparse.ArgumentParser:
    parser = CommandLine(prog="thutu-printer")

    def words(name: str) -> str:
        return say(f"printer_tool.help_{name}", parser.language)

    def command(name: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=words(name))
        added.set_defaults(run=run)
        return added

    parser.description = say("about.thutu-printer", parser.language)
    parser.add_argument("--config", type=Path, default=_HUB_SETTINGS, help=words("config"))
    parser.add_argument("--url", help=words("url"))
    parser.add_argument("--model", help=words("model"))
    parser.add_argument(
        "--language", choices=LANGUAGES, default=parser.language, help=words("language")
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command("ports", _ports)
    models = command("models", _models)
    models.add_argument("name", nargs="?", help=words("model_name"))
    calibrate = command("calibrate", _calibrate)
    calibrate.add_argument("--write", type=Path, metavar="FILE", help=words("write"))
    command("test", _test)
    preview = command("preview", _preview)
    preview.add_argument("--out", type=Path, required=True, metavar="FILE.png", help=words("out"))
    preview.add_argument("--mode", choices=get_args(Mode), help=words("mode"))
    status = command("status", _status)
    status.add_argument("--once", action="store_true", help=words("once"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
