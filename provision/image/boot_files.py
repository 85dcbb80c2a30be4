"""The files of the boot partition that make a blank card one site's hub; pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Template

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from central.identity.own_certificates import is_broker_name
from provision.image.network import Static, Wifi, netplan, network_manager
from provision.image.refused import ImageError
from provision.image.wheels import System
from runtime.enrolment import EnrolmentToken

# What systemd.run= needs, in the words of systemd-debug-generator(8).
FIRST_RUN = (
    "systemd.run=/boot/firmware/firstrun.sh systemd.run_success_action=reboot"
    " systemd.unit=kernel-command-line.target"
)
_CENTRE_CA = "/etc/thutu/centre-ca.pem"
_UNIT = re.compile(r"^Trung tâm Phục vụ hành chính công (?=\S)")
_SSH_KEY = re.compile(
    r"(ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521)"
    r"|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) .+"
)


@dataclass(frozen=True, slots=True)
class Machine:
    """What is particular to one machine. `token` is good once, at the centre with the URL `centre`,
    for this site; `brokers` are the host names or addresses of the centre's broker, or of each
    server of its cluster; `centre_key`, 64 hexadecimal digits, is by what the hub believes it.
    Only what one of `publisher_keys` sealed is taken as an update; `centre_ca` (PEM) vouches for
    the server that it is fetched from, where the system's authorities do not."""

    site: str
    site_name: str
    system: System
    ssh_keys: tuple[str, ...]
    token: str
    centre: str
    brokers: tuple[str, ...]
    version: str
    network: Static | None = None
    wifi: Wifi | None = None
    clock_chip: bool = False
    centre_key: str | None = None
    publisher_keys: tuple[str, ...] = ()
    centre_ca: str | None = None

    def __post_init__(self) -> None:
        if not self.ssh_keys:
            raise ImageError("no_ssh_key")
        for key in self.ssh_keys:
            if not _is_ssh_key(key):
                raise ImageError("ssh_key", given=repr(key[:30]))
        for broker in self.brokers:
            if not is_broker_name(broker):
                raise ImageError("broker", broker=repr(broker))
        try:
            EnrolmentToken.parse(self.token)
        except ValueError as error:
            raise ImageError("token") from error
        if self.centre_ca is not None:
            _check_authority(self.centre_ca)
            if not self.publisher_keys:
                raise ImageError("no_publisher")

    @property
    def node(self) -> str:
        """The hub's name."""
        return f"{self.site}-h1"


def boot_files(machine: Machine, templates: Mapping[str, str]) -> dict[str, str]:
    """Every file by its path on the boot partition. `templates` are those of firmware_config/boot.

    Bookworm's `cmdline.txt` needs FIRST_RUN at its end besides.
    """
    hub = templates["hub.toml.template"]
    for given, name in (
        (machine.brokers[1:], "other_brokers"),
        (machine.centre_key, "centre_key"),
        (machine.publisher_keys, "updates"),
    ):
        if given and f"${name}" not in hub:
            raise ImageError("template", name=f"${name}")
    files = {
        "thutu.txt": templates["thutu.txt"],
        "thutu/hub.toml": Template(hub).substitute(
            node=_toml(machine.node),
            site=_toml(machine.site),
            name=_toml(machine.site_name),
            unit=_toml(_UNIT.sub("", machine.site_name)),
            clock_chip=str(machine.clock_chip).lower(),
            centre=_toml(machine.centre),
            centre_key=_centre_key(machine.centre_key),
            broker=_toml(machine.brokers[0]),
            other_brokers=json.dumps(machine.brokers[1:]),
            client_id=_toml(f"thutu-{machine.node}"),
            updates=_updates(machine),
        ),
        "thutu/first-boot.sh": templates["first-boot.sh"],
        "thutu/version": f"{machine.version}\n",
        "thutu/token": f"{machine.token}\n",
    }
    if machine.clock_chip:
        files["thutu-clock.txt"] = templates["thutu-clock.txt"]
    if machine.centre_ca is not None:
        files["thutu/centre-ca.pem"] = machine.centre_ca
    hostname = f"thutu-{machine.node}"
    if machine.system == "bookworm":
        files["firstrun.sh"] = Template(templates["firstrun.sh.template"]).safe_substitute(
            hostname=hostname,
            ssh_keys="\n".join(machine.ssh_keys),
            network=network_manager(machine.network, machine.wifi),
        )
        return files
    files["user-data"] = Template(templates["user-data.template"]).substitute(
        hostname=json.dumps(hostname), ssh_keys=json.dumps(machine.ssh_keys, ensure_ascii=False)
    )
    files["network-config"] = Template(templates["network-config.template"]).substitute(
        netplan(machine.network, machine.wifi)
    )
    files["meta-data"] = Template(templates["meta-data.template"]).substitute(
        instance=json.dumps(f"{hostname}-{machine.version}")
    )
    return files


def _is_ssh_key(key: str) -> bool:
    """Whether sshd takes it; whatever is behind the key is a comment."""
    try:
        load_ssh_public_key(key.encode())
    except (ValueError, UnsupportedAlgorithm):
        return False
    return key.isprintable() and _SSH_KEY.fullmatch(key) is not None


def _centre_key(key: str | None) -> str:
    return (
        '# centre_key = ""  # thutu-central config-key' if key is None else f'centre_key = "{key}"'
    )


def _check_authority(pem: str) -> None:
    """Certificates and nothing else: everybody who finds the card can read them."""
    try:
        x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise ImageError("centre_ca") from error
    if "PRIVATE KEY" in pem:
        raise ImageError("centre_ca")


def _updates(machine: Machine) -> str:
    if not machine.publisher_keys:
        return "# [updates] publisher_keys: without one this hub takes no updates"
    lines = ["[updates]", f"publisher_keys = {json.dumps(machine.publisher_keys)}"]
    if machine.centre_ca is not None:
        lines.append(f'ca_file = "{_CENTRE_CA}"')
    return "\n".join(lines)


def _toml(text: str) -> str:
    """A TOML basic string; JSON's escapes are among TOML's."""
    return json.dumps(text, ensure_ascii=False)
