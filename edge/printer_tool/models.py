"""Printer models that python-escpos describes, as profiles for a hub's settings."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from edge.devices.printer_profile import PrinterProfile
from edge.ticket.layout import Paper
from edge.ticket.printer_database import printer_database

_NOT_A_MODEL = ("default", "simple")
_USUAL_PAPER = Paper()
_TCVN3 = {"TCVN-3-1", "TCVN-3-2"}
_LEAST_DOTS = 384
_LEAST_DPI = 150


class Model(NamedTuple):
    """What is known about a model; `has_tcvn3` says that its description lists these pages."""

    vendor: str
    profile: PrinterProfile
    has_tcvn3: bool


def known_models() -> dict[str, Model]:
    """All models that print pictures and are no customer displays, by name.

    Their text mode is left to the calibration page: a description is no proof of what is in a ROM.
    """
    return {
        name: _model(known)
        for name, known in printer_database().profiles.items()
        if name not in _NOT_A_MODEL and known["features"]["bitImageRaster"] and _is_wide(known)
    }


def _model(known: Mapping[str, Any]) -> Model:
    features = known["features"]
    return Model(
        known["vendor"],
        PrinterProfile(
            paper=Paper(_dots(known) // 8 * 8, _dpi(known)),
            native_qr=features["qrCode"],
            cutter=features["paperFullCut"] or features["paperPartCut"],
            feed_units_per_dot=2 if known["vendor"] == "Epson" else 1,
        ),
        set(known["codePages"].values()) >= _TCVN3,
    )


def _is_wide(known: Mapping[str, Any]) -> bool:
    return _dots(known) >= _LEAST_DOTS and _dpi(known) >= _LEAST_DPI


def _dots(known: Mapping[str, Any]) -> int:
    return _number(known["media"].get("width", {}), "pixels", _USUAL_PAPER.dots)


def _dpi(known: Mapping[str, Any]) -> int:
    return _number(known["media"], "dpi", _USUAL_PAPER.dpi)


def _number(table: Mapping[str, Any], key: str, otherwise: int) -> int:
    """Some descriptions say "Unknown"."""
    value = table.get(key)
    return value if isinstance(value, int) else otherwise
