"""The files of the boot partition that make a blank card one site's hub; pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface
from string import Template
from typing import Literal

System = Literal["trixie", "bookworm"]

# What systemd.run= needs, in the words of systemd-debug-generator(8).
FIRST_RUN = (
    "systemd.run=/boot/firmware/firstrun.sh systemd.run_success_action=reboot"
    " systemd.unit=kernel-command-line.target"
)
_UNIT = re.compile(r"^Trung tâm Phục vụ hành chính công (?=\S)")
_SSH_KEY = re.compile(r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp256) [A-Za-z0-9+/=]+( [\w.@:+-]+)?")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,256}")


@dataclass(frozen=True, slots=True)
class Static:
    """A fixed address, for sites whose network gives none."""

    address: IPv4Interface
    gateway: IPv4Address
    name_server: IPv4Address


@dataclass(frozen=True, slots=True)
class Machine:
    """What is particular to one machine. `token` is good once, at the centre with the URL `centre`,
    for this site; `broker` is the host name or address of the centre's broker."""

    site: str
    site_name: str
    system: System
    ssh_keys: tuple[str, ...]
    token: str
    centre: str
    broker: str
    version: str
    network: Static | None = None
    clock_chip: bool = False

    def __post_init__(self) -> None:
        if not self.ssh_keys:
            raise ValueError("name an SSH key: nobody can sign in by password")
        for key in self.ssh_keys:
            if not _SSH_KEY.fullmatch(key):
                raise ValueError(f"{key[:30]!r} is no public SSH key")
        if not _HOST.fullmatch(self.broker):
            raise ValueError(f"{self.broker!r} is no host name or address of a broker")
        if not _TOKEN.fullmatch(self.token):
            raise ValueError("the token is not one that the centre gives out")

    @property
    def node(self) -> str:
        """The hub's name."""
        return f"{self.site}-h1"


def boot_files(machine: Machine, templates: Mapping[str, str]) -> dict[str, str]:
    """Every file by its path on the boot partition. `templates` are those of firmware_config/boot.

    Bookworm's `cmdline.txt` needs FIRST_RUN at its end besides.
    """
    files = {
        "thutu.txt": templates["thutu.txt"],
        "thutu/hub.toml": Template(templates["hub.toml.template"]).substitute(
            node=_toml(machine.node),
            site=_toml(machine.site),
            name=_toml(machine.site_name),
            unit=_toml(_UNIT.sub("", machine.site_name)),
            clock_chip=str(machine.clock_chip).lower(),
            centre=_toml(machine.centre),
            broker=_toml(machine.broker),
            client_id=_toml(f"thutu-{machine.node}"),
        ),
        "thutu/first-boot.sh": templates["first-boot.sh"],
        "thutu/version": f"{machine.version}\n",
        "thutu/token": f"{machine.token}\n",
    }
    hostname = f"thutu-{machine.node}"
    if machine.system == "bookworm":
        files["firstrun.sh"] = Template(templates["firstrun.sh.template"]).safe_substitute(
            hostname=hostname,
            ssh_keys="\n".join(machine.ssh_keys),
            network=_network_manager(machine.network),
        )
        return files
    files["user-data"] = Template(templates["user-data.template"]).substitute(
        hostname=json.dumps(hostname), ssh_keys=json.dumps(machine.ssh_keys)
    )
    files["network-config"] = Template(templates["network-config.template"]).substitute(
        addressing=_netplan(machine.network)
    )
    files["meta-data"] = Template(templates["meta-data.template"]).substitute(
        instance=json.dumps(f"{hostname}-{machine.version}")
    )
    return files


def _toml(text: str) -> str:
    """A TOML basic string; JSON's escapes are among TOML's."""
    return json.dumps(text, ensure_ascii=False)


def _netplan(network: Static | None) -> str:
    if network is None:
        return "dhcp4: true"
    parts = {
        "dhcp4": False,
        "addresses": [str(network.address)],
        "routes": [{"to": "default", "via": str(network.gateway)}],
        "nameservers": {"addresses": [str(network.name_server)]},
    }
    return "\n      ".join(f"{key}: {json.dumps(value)}" for key, value in parts.items())


def _network_manager(network: Static | None) -> str:
    if network is None:
        return "# The network gives the address: NetworkManager asks by itself."
    return f"""cat >/etc/NetworkManager/system-connections/thutu.nmconnection <<'NETWORK'
[connection]
id=thutu
type=ethernet
interface-name=eth0
[ipv4]
method=manual
address1={network.address},{network.gateway}
dns={network.name_server};
NETWORK
chmod 0600 /etc/NetworkManager/system-connections/thutu.nmconnection"""
