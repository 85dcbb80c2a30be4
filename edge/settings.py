"""The settings of a hub: one TOML file."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, field

from contract.ids import Name, NodeId, ServiceId, whole
from edge.control_settings import ControlSettings
from edge.core.rules import Rules
from edge.devices.printer_profile import PrinterProfile
from edge.ticket.template import TicketTemplate
from runtime.mqtt import MqttSettings

ProcedureCode = Annotated[str, Meta(pattern=whole(r"[0-9]\.[0-9]{6}(\.[0-9A-Z.]+)?"))]


class Http(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the local API listens. Only this machine, unless the site decides otherwise.

    A hub that others can reach tells its name and address on the local network (`_thutu._tcp`),
    so that terminals find it, unless `announce` is off.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8100
    announce: bool = True


class PrinterSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The ticket printer: where it is, what its model can do, and the site's own ticket."""

    url: str
    device: Name = "printer-1"
    profile: PrinterProfile = field(default_factory=PrinterProfile)
    ticket: TicketTemplate = field(default_factory=TicketTemplate)


class Procedure(Struct, frozen=True, forbid_unknown_fields=True):
    """An administrative procedure, its national code, and the service that handles it."""

    code: ProcedureCode
    name: dict[str, str]
    service: ServiceId


class HubSettings(ControlSettings, frozen=True, forbid_unknown_fields=True):
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
        for keypad in self.keypads:
            if keypad.counter is not None and keypad.counter not in counters:
                raise ValueError(f"{keypad.name} names the unknown counter {keypad.counter}")
        for button in self.ticket_buttons:
            if self.site.service(button.service) is None:
                raise ValueError(f"a ticket button names the unknown service {button.service!r}")
        for procedure in self.procedures:
            if self.site.service(procedure.service) is None:
                raise ValueError(
                    f"procedure {procedure.code} names the unknown service {procedure.service!r}"
                )
