"""`thutu-nation`: every centre of the country lives a working day."""

import argparse
import json
import logging
import signal
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from central.broker import BrokerError
from central.store.protocol import StoreError
from runtime.command_line import CommandLine, reader_language, words_of
from runtime.worded_error import WordedError
from simulation.nation.run import Nation, Plan

_words = words_of("nation_tool")
_SITES = 3139
_MONDAY = date(2026, 11, 23)


def main(arguments: Sequence[str] | None = None) -> int:
    """Live the day and print it in figures; returns the exit status, 1 when anything was lost or
    hubs and centre disagree."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.ERROR, format="%(message)s", stream=sys.stderr, force=True)
    logging.getLogger("simulation.nation").setLevel(logging.INFO)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix="thutu-nation-") as folder:
            nation = Nation(
                Plan(
                    root=Path(folder),
                    sites=options.sites,
                    speed=options.speed,
                    seed=options.seed,
                    day=options.date,
                    reconnect_within_s=options.reconnect_within,
                    herd=options.herd,
                )
            )
            summary = nation.live()
    except WordedError as error:
        print(f"thutu-nation: {error.words(reader_language())}", file=sys.stderr)
        return 2
    except (BrokerError, OSError, RuntimeError, StoreError, ValueError) as error:
        print(f"thutu-nation: {_words('failed', what=error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"thutu-nation: {_words('stopped')}", file=sys.stderr)
        return 130
    print(json.dumps(summary, ensure_ascii=False, indent=2))
    return 0 if summary["agree"] else 1


def _parser() -> argparse.ArgumentParser:
    parser = CommandLine(prog="thutu-nation", description=_words("about"))
    parser.add_argument("--sites", type=int, default=_SITES, help=_usual("sites"))
    parser.add_argument("--speed", type=_speed, default="120", help=_usual("speed"))
    parser.add_argument("--seed", type=int, default=7, help=_usual("seed"))
    parser.add_argument(
        "--date",
        type=date.fromisoformat,
        default=_MONDAY,
        metavar="YYYY-MM-DD",
        help=_usual("date"),
    )
    parser.add_argument(
        "--reconnect-within", type=float, default=30.0, metavar="S", help=_usual("reconnect_within")
    )
    parser.add_argument("--herd", type=int, default=500, help=_usual("herd"))
    return parser


def _usual(option: str) -> str:
    """The help of an option, with what it is when nobody says: argparse fills that in."""
    return f"{_words(f'help_{option}')} (%(default)s)"


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.1 <= speed <= 100_000:
        raise argparse.ArgumentTypeError(_words("bad_speed"))
    return speed


if __name__ == "__main__":
    sys.exit(main())
