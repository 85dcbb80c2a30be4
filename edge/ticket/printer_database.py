"""What python-escpos knows of printers: their models, and the letters on their code pages."""

from importlib.resources import files
from typing import Any

from msgspec import Struct

from contract.decoders import from_json

_FILE = files("escpos") / "capabilities.json"


class CodePage(Struct, frozen=True):
    """The letters from 80 to FF in lines, a space for none; many pages are only named."""

    data: tuple[str, ...] = ()


class PrinterDatabase(Struct, frozen=True):
    """Models, and code pages, by their names there."""

    profiles: dict[str, dict[str, Any]]
    encodings: dict[str, CodePage]


def printer_database() -> PrinterDatabase:
    """Read the file itself: importing `escpos.capabilities` takes a hundred times as long, and
    leaves a file that a power cut may spoil."""
    return from_json(_FILE.read_bytes(), PrinterDatabase)
