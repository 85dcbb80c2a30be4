"""The charts of a report, drawn in a process of their own: the library that draws takes long to
load and much memory, and nothing else of the centre needs it."""

import subprocess
import sys
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from contract.decoders import from_msgpack

_PROGRAM = "central.api.exports.charts"
_PATIENCE_S = 60.0


class Chart(Struct, frozen=True, tag=True):
    """What all charts have: a title, a size in millimetres and a name for each day."""

    title: str
    size_mm: tuple[float, float]
    days: tuple[str, ...]


class Bars(Chart, frozen=True, tag=True):
    """One bar a day."""

    values: tuple[float | None, ...]


class Lines(Chart, frozen=True, tag=True):
    """One line for each series, by its name; days without a value are gaps."""

    series: tuple[tuple[str, tuple[float | None, ...]], ...]


class DrawingError(RuntimeError):
    """The charts could not be drawn."""


def draw(charts: Sequence[Bars | Lines]) -> list[bytes]:
    """The charts as PNG, in order. Raises DrawingError."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", _PROGRAM],
            input=msgspec.msgpack.encode(charts),
            capture_output=True,
            timeout=_PATIENCE_S,
            check=True,
        )
        return from_msgpack(done.stdout, list[bytes])
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise DrawingError(f"the charts could not be drawn: {said}") from error
    except (subprocess.TimeoutExpired, OSError, msgspec.DecodeError) as error:
        raise DrawingError(f"the charts could not be drawn: {error}") from error
