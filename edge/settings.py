"""The settings of a hub: one TOML file."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, field, structs

from contract.follow import check_follow_url, hub_link
from contract.ids import Name, NodeId, whole
from contract.procedures import WrittenProcedure
from contract.site_rules import Rules, check_procedures
from edge.control_settings import ControlSettings
from edge.devices.printer_profile import PrinterProfile
from edge.identity.folder import CERTIFICATE_FILE, ROOT_FILE
from edge.issue_rate import IssueRate
from edge.ticket.template import TicketTemplate
from runtime.mqtt import MqttSettings

PREFIX = "THUTU_HUB"
"""How the variables begin that override a hub's settings."""

PublicKey = Annotated[
    str,
    Meta(pattern=whole(r"[0-9a-f]{64}"), description="An Ed25519 public key in hexadecimal."),
]


class Http(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the local API listens. Only this machine, unless the site decides otherwise.

    A hub that others can reach tells its name and address on the local network (`_thutu._tcp`),
    so that terminals find it, unless `announce` is off. With `tls` it speaks HTTPS alone, with the
    certificate that `thutu-hub init-tls` made.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8100
    announce: bool = True
    tls: bool = False


class PrinterSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The ticket printer: where it is, what its model can do, and the site's own ticket."""

    url: str
    device: Name = "printer-1"
    profile: PrinterProfile = field(default_factory=PrinterProfile)
    ticket: TicketTemplate = field(default_factory=TicketTemplate)


class IdentitySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the hub gets its certificate: the centre's address (`https://…`), and the file with the
    one-time token that the centre gave out. `[uplink]` then needs no files of its own."""

    centre: Annotated[str, Meta(pattern=whole(r"https?://[^\s]+"))]
    token_file: Path = Path("/etc/thutu/enrolment.token")


class UpdateSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose releases this node takes: one that no `publisher_keys` sealed is never run.

    The centre's order is put into `order_file`, where `thutu-update` finds it; `state_file` is
    where that tells how far it is. `most_kb_s` leaves the line to others while a release is
    fetched, 0 takes all of it. `ca_file` is trusted beside the system's authorities where releases
    are fetched; other users than the hub's must be able to read it. The site's other machines take
    the release that runs from `releases`, and its wheels from `wheelhouse`.
    """

    publisher_keys: Annotated[tuple[PublicKey, ...], Meta(min_length=1)]
    order_file: Path = Path("/run/thutu-hub/update.thutu")
    state_file: Path = Path("/var/lib/thutu-update/plan.json")
    most_kb_s: Annotated[int, Meta(ge=0)] = 0
    ca_file: Path | None = None
    releases: Path = Path("/opt/thutu")
    wheelhouse: Path = Path("/var/lib/thutu-update-fetch")


class HubSettings(ControlSettings, frozen=True, forbid_unknown_fields=True):
    """Everything one hub needs to know; each part gets only its own section.

    `clock_chip` says that the machine keeps time without power, as a Pi 5 with its battery does.
    `disk_endurance_tb`, in terabytes, is what the card or SSD bears that cannot tell its wear: see
    its data sheet (TBW). 10 are assumed: 32 GB written over 3,000 times, a tenth of it, because
    small rows cost a card about ten times their size.
    `procedures_file` names a TOML file of further procedures, shared by many sites, for as long as
    the centre has sent no catalogue: those of services that this site lacks are left out.
    `follow_url` is what the ticket's QR code opens, with `{node}` or `{site}`, `{day}` and
    `{number}`; where a site has several hubs only `{node}` says which of them gave it out.
    `centre_key` is what `thutu-central config-key` says: only what is signed with it is believed,
    of files, configuration and updates.
    """

    node: NodeId
    data: Path
    site: Rules
    clock_chip: bool = False
    disk_endurance_tb: Annotated[float, Meta(gt=0, le=1_000_000)] = 10.0
    http: Http = field(default_factory=Http)
    printer: PrinterSettings | None = None
    uplink: MqttSettings | None = None
    identity: IdentitySettings | None = None
    issuing: IssueRate = field(default_factory=IssueRate)
    procedures: tuple[WrittenProcedure, ...] = ()
    procedures_file: Path | None = None
    follow_url: str | None = None
    centre_key: PublicKey | None = None
    updates: UpdateSettings | None = None

    @property
    def identity_folder(self) -> Path:
        """Where this node's key and certificate are."""
        return self.data / "identity"

    @property
    def tls_folder(self) -> Path:
        """Where the site's authority is, and the certificate of the local API."""
        return self.data / "tls"

    @property
    def ticket_page(self) -> str | None:
        """What this node's tickets open, with the site, day and number of each to be filled in."""
        return self.follow_url and hub_link(self.follow_url, self.node)

    @property
    def line(self) -> MqttSettings | None:
        """The uplink, with this node's own certificate where the centre gives it one."""
        if self.uplink is None or self.identity is None:
            return self.uplink
        own = self.identity_folder / CERTIFICATE_FILE
        root = self.identity_folder / ROOT_FILE
        return structs.replace(self.uplink, ca_file=root, cert_file=own, key_file=own)

    def __post_init__(self) -> None:
        super().__post_init__()
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
        self._check_printers()
        if self.follow_url is not None:
            check_follow_url(self.follow_url, self.node)
        check_procedures(self.site, self.procedures)

    def _check_printers(self) -> None:
        for device, printer in self.site.prints_on.items():
            if self.printer is not None and printer == self.printer.device:
                raise ValueError(
                    f"prints_on: {device} prints on {printer}, which is the hub's own: leave it out"
                )
