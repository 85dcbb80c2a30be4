"""What lies on the boot partition of any card of ours, whatever its machine is for; pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Template

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from provision.image.network import COUNTRY, Static, Wifi, netplan, network_manager
from provision.image.refused import ImageError
from provision.image.wheels import System

# What systemd.run= needs, in the words of systemd-debug-generator(8).
FIRST_RUN = (
    "systemd.run=/boot/firmware/firstrun.sh systemd.run_success_action=reboot"
    " systemd.unit=kernel-command-line.target"
)
SETTINGS = "thutu/etc"
"""What is laid in /etc/thutu unless something is there."""
TOKENS = "thutu/tokens"
"""What is laid there too, and leaves the boot partition, which anybody can read."""
CONNECTION = "thutu/network"
"""What NetworkManager is to know; leaves it too, for it may hold the Wi-Fi's key."""
SET_UP = "thutu/set-up"
"""The machine's name, laid by first-boot.sh when the card has nothing more to say to it."""
_SSH_KEY = re.compile(
    r"(ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521)"
    r"|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) .+"
)


@dataclass(frozen=True, slots=True)
class Card:
    """A machine as its system sees it. `roles` are those of thutu-install; `version` is that of
    Thứ Tự."""

    hostname: str
    roles: tuple[str, ...]
    system: System
    ssh_keys: tuple[str, ...]
    version: str
    network: Static | None = None
    wifi: Wifi | None = None
    clock_chip: bool = False

    def __post_init__(self) -> None:
        if not self.ssh_keys:
            raise ImageError("no_ssh_key")
        for key in self.ssh_keys:
            if not _is_ssh_key(key):
                raise ImageError("ssh_key", given=repr(key[:30]))


def card_files(card: Card, templates: Mapping[str, str]) -> dict[str, str]:
    """Every file by its path on the boot partition. `templates` are those of firmware_config/boot.

    Bookworm's `cmdline.txt` needs FIRST_RUN at its end besides.
    """
    files = {
        "thutu.txt": templates["thutu.txt"],
        "thutu/first-boot.sh": templates["first-boot.sh"],
        "thutu/roles": "".join(f"{role}\n" for role in card.roles),
        "thutu/version": f"{card.version}\n",
    }
    if card.clock_chip:
        files["thutu-clock.txt"] = templates["thutu-clock.txt"]
    if card.system == "bookworm":
        files["firstrun.sh"] = Template(templates["firstrun.sh.template"]).safe_substitute(
            hostname=card.hostname,
            ssh_keys="\n".join(card.ssh_keys),
            country=COUNTRY,
        )
        files[CONNECTION] = network_manager(card.network, card.wifi)
        return files
    files["user-data"] = Template(templates["user-data.template"]).substitute(
        hostname=json.dumps(card.hostname),
        ssh_keys=json.dumps(card.ssh_keys, ensure_ascii=False),
    )
    files["network-config"] = Template(templates["network-config.template"]).substitute(
        netplan(card.network, card.wifi)
    )
    files["meta-data"] = Template(templates["meta-data.template"]).substitute(
        instance=json.dumps(f"{card.hostname}-{card.version}")
    )
    return files


def check_authority(pem: str, option: str) -> None:
    """Certificates and nothing else: everybody who finds the card can read them."""
    try:
        x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise ImageError("authority", option=option) from error
    if "PRIVATE KEY" in pem:
        raise ImageError("authority", option=option)


def _is_ssh_key(key: str) -> bool:
    """Whether sshd takes it; whatever is behind the key is a comment."""
    try:
        load_ssh_public_key(key.encode())
    except (ValueError, UnsupportedAlgorithm):
        return False
    return key.isprintable() and _SSH_KEY.fullmatch(key) is not None
