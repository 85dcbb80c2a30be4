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
from simulation.nation.run import Nation, Plan

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
    except (BrokerError, OSError, RuntimeError, StoreError, ValueError) as error:
        print(f"thutu-nation: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("thutu-nation: stopped; nothing is left behind", file=sys.stderr)
        return 130
    print(json.dumps(summary, ensure_ascii=False, indent=2))
    return 0 if summary["agree"] else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="thutu-nation", description=__doc__)
    parser.add_argument("--sites", type=int, default=_SITES, help=f"centres (usually {_SITES})")
    parser.add_argument(
        "--speed",
        type=_speed,
        default="120",
        help="simulated seconds per second, or max (usually 120)",
    )
    parser.add_argument("--seed", type=int, default=7, help="the same seed draws the same day")
    parser.add_argument("--date", type=date.fromisoformat, default=_MONDAY, metavar="YYYY-MM-DD")
    parser.add_argument(
        "--reconnect-within",
        type=float,
        default=30.0,
        metavar="S",
        help="real seconds within which a hub without a line tries again (usually 30)",
    )
    parser.add_argument(
        "--herd",
        type=int,
        default=500,
        help="hubs that after the day lose connections of their own together (usually 500)",
    )
    return parser


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    speed = float(text)
    if not 0.1 <= speed <= 100_000:
        raise argparse.ArgumentTypeError("must be max, or from 0.1 to 100000")
    return speed


if __name__ == "__main__":
    sys.exit(main())
