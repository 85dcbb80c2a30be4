"""`thutu-demo`: three centres live a working day."""

import argparse
import json
import logging
import signal
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from threading import Event

from rich.console import Console

from contract.local_time import local_time
from runtime.clock import SystemClock
from runtime.command_line import CommandLine
from runtime.wording import say
from simulation.communes import COMMUNES
from simulation.demo.faults import Fault, read_fault
from simulation.demo.run import LeftEarly, Plan, live_a_day
from simulation.demo.screen import Screen
from simulation.site import FAULTS
from simulation.visits import ArrivalsError

_USUAL_SPEED = "240"
_MONDAY = date(2026, 11, 23)


def main(arguments: Sequence[str] | None = None) -> int:
    """Live the day; returns the exit status, 1 when hubs and centre disagree."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if any(fault.site > options.sites for fault in options.fault):
        parser.error(f"--fault: there are {options.sites} sites")
    logging.basicConfig(
        level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s", force=True
    )
    root = options.out or Path("out") / f"{local_time(SystemClock().stamp().wall_ms):%Y%m%d-%H%M%S}"
    if root.exists() and any(root.iterdir()):
        print(f"thutu-demo: {root} is not empty; nothing in it was touched.", file=sys.stderr)
        return 2
    plan = Plan(
        root,
        options.sites,
        options.seed,
        options.speed,
        options.date,
        options.arrivals,
        tuple(options.fault),
    )
    console = Console()
    leaving = Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: leaving.set())
    stay = console.is_interactive and not options.json
    try:
        with Screen(console, drawing=not options.json) as screen:
            summary = live_a_day(plan, screen, leaving, stay=stay)
    except ArrivalsError as error:
        print(f"thutu-demo: {error}", file=sys.stderr)
        return 2
    except LeftEarly:
        print(f"thutu-demo: stopped; what was lived so far is in {root}", file=sys.stderr)
        return 130
    if options.json:
        print(json.dumps(summary, ensure_ascii=False))
    else:
        console.print(f"Kết quả · results: {root}")
    return 0 if summary["agree"] else 1


def _parser() -> argparse.ArgumentParser:
    parser = CommandLine(prog="thutu-demo")

    def words(name: str, **values: object) -> str:
        return say(f"demo.help_{name}", parser.language, **values)

    parser.description = say("about.thutu-demo", parser.language)
    parser.add_argument(
        "--sites",
        type=int,
        choices=range(1, len(COMMUNES) + 1),
        default=len(COMMUNES),
        help=words("sites"),
    )
    parser.add_argument("--seed", type=int, default=7, help=words("seed"))
    parser.add_argument(
        "--speed",
        type=_speed,
        default=_USUAL_SPEED,
        help=words("speed", usual=_USUAL_SPEED),
    )
    parser.add_argument(
        "--date",
        type=date.fromisoformat,
        default=_MONDAY,
        metavar="YYYY-MM-DD",
        help=words("date"),
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help=words("out"))
    parser.add_argument("--json", action="store_true", help=words("json"))
    parser.add_argument("--arrivals", type=Path, metavar="FILE.csv", help=words("arrivals"))
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        type=_fault,
        metavar="HH:MM=FAULT[@SITE]",
        help=words("fault", faults=", ".join(FAULTS)),
    )
    return parser


def _fault(text: str) -> Fault:
    try:
        return read_fault(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    speed = float(text)
    if not 0.1 <= speed <= 100_000:
        raise argparse.ArgumentTypeError("must be max, or from 0.1 to 100000")
    return speed


if __name__ == "__main__":
    sys.exit(main())
