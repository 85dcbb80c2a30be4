"""The settings of a hub: one TOML file."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, field

from contract.ids import CounterId, Name, NodeId, ServiceId, whole
from edge.core.rules import Rules
from edge.devices.printer_profile import PrinterProfile
from runtime.mqtt import MqttSettings

Gpio = Annotated[int, Meta(ge=0, le=27)]
ProcedureCode = Annotated[str, Meta(pattern=whole(r"[0-9]\.[0-9]{6}(\.[0-9A-Z.]+)?"))]


class Http(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the local API listens. Only this machine, unless the site decides otherwise."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8100


class PrinterSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The ticket printer: where it is, and what its model can do."""

    url: str
    device: Name = "printer-1"
    profile: PrinterProfile = field(default_factory=PrinterProfile)


class Procedure(Struct, frozen=True, forbid_unknown_fields=True):
    """An administrative procedure, its national code, and the service that handles it."""

    code: ProcedureCode
    name: dict[str, str]
    service: ServiceId


class PadSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Rating buttons on the hub's own pins, numbered as GPIO, the worst level first."""

    counter: CounterId
    pins: tuple[Gpio, ...]
    led_pins: tuple[Gpio, ...] = ()


class HubSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything one hub needs to know; each part gets only its own section.

    `clock_chip` says that the machine keeps time without power, as a Pi 5 with its battery does.
    `procedures_file` names a TOML file of further procedures, shared by many sites: those of
    services that this site lacks are left out. `follow_url` is what the ticket's QR code opens,
    with `{site}`, `{day}` and `{number}`.
    """

    node: NodeId
    data: Path
    site: Rules
    clock_chip: bool = False
    http: Http = field(default_factory=Http)
    printer: PrinterSettings | None = None
    pads: tuple[PadSettings, ...] = ()
    pin_library: str = "lgpio"
    uplink: MqttSettings | None = None
    procedures: tuple[Procedure, ...] = ()
    procedures_file: Path | None = None
    follow_url: str | None = None

    def __post_init__(self) -> None:
        if not self.node.startswith(f"{self.site.site}-"):
            raise ValueError(f"node {self.node} does not belong to site {self.site.site}")
        counters = {counter.id for counter in self.site.counters}
        for pad in self.pads:
            if pad.counter not in counters:
                raise ValueError(f"a rating pad names the unknown counter {pad.counter}")
        for procedure in self.procedures:
            if self.site.service(procedure.service) is None:
                raise ValueError(
                    f"procedure {procedure.code} names the unknown service {procedure.service!r}"
                )
