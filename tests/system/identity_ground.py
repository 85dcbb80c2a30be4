"""A centre with its authority, a real Mosquitto with the shipped settings, and a hub."""

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from central.identity.broker_files import carry_to_broker
from central.identity.desk import folder_of, write_list
from central.identity.own_certificates import issue_own
from central.identity.register import Register
from central.identity.registrar import Registrar
from central.service import Centre
from contract.wire import VERSION, CertificateRequest
from edge.identity.folder import IdentityFolder
from edge.node import Node
from edge.settings import Http, HubSettings, IdentitySettings
from runtime.authority import Authority
from runtime.clock import Clock, SystemClock
from runtime.enrolment import EnrolmentToken
from runtime.mqtt import MqttSettings
from tests.brokers import free_port
from tests.edge.running_site import RULES
from tests.waiting import until

NODE = "01-00097-01-h1"
_SHIPPED = Path("firmware_config/broker")
_INSTALLED = "/etc/mosquitto/thutu"


class Ground:
    """The broker reads copies of the authority's files; `centre` and `hub` run as long as their
    block."""

    def __init__(self, root: Path, *, above: bool = False) -> None:
        """`above` puts an authority above the centre's own."""
        self.root = root
        self.data = root / "centre"
        self.identity = folder_of(self.data)
        self.broker_folder = root / "mosquitto"
        now_ms = SystemClock().stamp().wall_ms
        self.authority = Authority.create(self.identity, "test", now_ms)
        if above:
            put_above(self.identity)
            self.authority = Authority.load(self.identity)
        issue_own(self.identity, self.authority, ("127.0.0.1",), now_ms)
        self.port = free_port()
        self.log = root / "mosquitto.log"
        with closing(Register(self.identity)) as register:
            write_list(self.identity, self.authority, register, now_ms)
        self.access_list = root / "broker/acl"
        self.access_list.parent.mkdir()
        shutil.copy(_SHIPPED / "acl", self.access_list)
        self._broker: subprocess.Popen[bytes] | None = None

    def carry_to_broker(self) -> None:
        """Copy what differs to where the broker reads it."""
        carry_to_broker(self.identity, self.access_list, self.broker_folder)

    def start_broker(self) -> None:
        """Run Mosquitto until `stop_broker`."""
        self.carry_to_broker()
        shipped = (_SHIPPED / "mosquitto.conf").read_text("utf-8")
        text = shipped.replace(_INSTALLED, str(self.broker_folder))
        text = re.sub(r"(?m)^listener 8883$", f"listener {self.port} 127.0.0.1", text)
        config = self.root / "mosquitto.conf"
        config.write_text(f"{text}\nuser root\n", "utf-8")
        with self.log.open("wb") as output:
            self._broker = subprocess.Popen(
                ["/usr/sbin/mosquitto", "-c", str(config)], stdout=output, stderr=output
            )
        until(lambda: " running" in self.log.read_text("utf-8"))

    def reload_broker(self) -> None:
        """Let it read its files again."""
        assert self._broker is not None
        before = self.log.read_text("utf-8").count("Reloading config")
        self._broker.send_signal(signal.SIGHUP)
        until(lambda: self.log.read_text("utf-8").count("Reloading config") > before)

    def stop_broker(self) -> None:
        """Stop Mosquitto."""
        if self._broker is not None:
            self._broker.terminate()
            self._broker.wait(10)
            self._broker = None

    def settings(self, client_id: str, certificate: Path, key: Path) -> MqttSettings:
        """How a client connects with these files."""
        return MqttSettings(
            "127.0.0.1",
            self.port,
            client_id,
            ca_file=self.identity / "ca.pem",
            cert_file=certificate,
            key_file=key,
            reconnect_within_s=0.3,
        )

    @contextmanager
    def centre(self, clock: Clock | None = None) -> Iterator[Centre]:
        """The centre, running."""
        own = self.settings(
            "thutu-centre", self.identity / "centre.pem", self.identity / "centre.key"
        )
        centre = Centre(self.data, own, clock=clock)
        centre.start()
        try:
            yield centre
        finally:
            centre.stop()

    @contextmanager
    def hub(self, centre: Centre, clock: Clock | None = None) -> Iterator[Node]:
        """The hub, running; it enrols by itself when there is a token."""
        uplink = MqttSettings("127.0.0.1", self.port, f"thutu-{NODE}", reconnect_within_s=0.3)
        settings = HubSettings(
            node=NODE,
            data=self.root / "hub",
            site=RULES,
            http=Http(port=0),
            uplink=uplink,
            identity=IdentitySettings(centre.url, self.token_file),
        )
        settings.data.mkdir(exist_ok=True)
        hub = Node(settings, clock or SystemClock())
        hub.start()
        try:
            yield hub
        finally:
            hub.stop()

    @property
    def token_file(self) -> Path:
        """Where the hub looks for its token."""
        return self.root / "enrolment.token"

    @contextmanager
    def registrar(self, clock: Clock | None = None) -> Iterator[Registrar]:
        """The registrar as a command has it, beside a centre that runs."""
        with closing(Register(self.identity)) as register:
            yield Registrar(self.authority, register, clock or SystemClock())

    def give_token(self) -> EnrolmentToken:
        """Give the hub a token."""
        with self.registrar() as registrar:
            token = registrar.new_token(NODE)
        self.token_file.write_text(token.text)
        return token

    @property
    def hub_identity(self) -> IdentityFolder:
        """The hub's files."""
        return IdentityFolder(self.root / "hub" / "identity", NODE)

    def enrol_at(self, clock: Clock) -> None:
        """Give the hub a certificate that was made at another time."""
        with self.registrar(clock) as registrar:
            token = registrar.new_token(NODE)
            request = self.hub_identity.asking().data
            asked = CertificateRequest(
                VERSION, NODE, request, token.public_key, token.proof(request)
            )
            self.hub_identity.take(registrar.answer(asked).chain, token.authority)

    def revoke(self) -> None:
        """What the command does, and what systemd does when the list has changed."""
        with closing(Register(self.identity)) as register:
            clock = SystemClock()
            Registrar(self.authority, register, clock).revoke(NODE, "stolen")
            write_list(self.identity, self.authority, register, clock.stamp().wall_ms)
        self.carry_to_broker()
        self.reload_broker()


def put_above(folder: Path) -> None:
    """What a ministry does: sign the centre's authority with its own."""
    own = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ministry")])
    chain = b""
    for subject, public in ((own.subject, own.public_key()), (name, key.public_key())):
        limit = x509.BasicConstraints(ca=True, path_length=0 if subject != name else 1)
        made = x509.CertificateBuilder(
            issuer_name=name,
            subject_name=subject,
            public_key=public,
            serial_number=x509.random_serial_number(),
            not_valid_before=own.not_valid_before_utc,
            not_valid_after=own.not_valid_after_utc,
        ).add_extension(limit, critical=True)
        chain += made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    (folder / "ca.pem").write_bytes(chain)
