"""How a card's machine gets its address and its Wi-Fi, in each system's own words; pure."""

import hashlib
import json
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface

from provision.image.refused import ImageError

COUNTRY = "VN"
"""Whose radio rules hold."""
_LARGEST_NETWORK = 8  # bits; what is larger has a digit too few


@dataclass(frozen=True, slots=True)
class Static:
    """A fixed address, for sites whose network gives none. Raises ImageError for one that is no
    machine's, and for a gateway that is not in its network."""

    address: IPv4Interface
    gateway: IPv4Address
    name_server: IPv4Address

    def __post_init__(self) -> None:
        network = self.address.network
        # A network of two addresses has neither an own one nor one for all (RFC 3021).
        of_nobody = () if network.prefixlen == 31 else (network[0], network[-1])
        if network.prefixlen < _LARGEST_NETWORK or self.address.ip in of_nobody:
            raise ImageError("address", address=self.address)
        if self.gateway not in network or self.gateway in (*of_nobody, self.address.ip):
            raise ImageError("gateway", gateway=self.gateway, address=self.address)


@dataclass(frozen=True, slots=True)
class Wifi:
    """A network with WPA2, and its key: 64 hexadecimal digits, from which no passphrase is read."""

    ssid: str
    key: str = field(repr=False)

    @classmethod
    def of(cls, ssid: str, passphrase: str) -> "Wifi":
        """IEEE 802.11 annex J.4. Raises ImageError for a name or a passphrase that none can be."""
        # Signs that nobody sees are none that a network-config can hold.
        if not ssid.isprintable() or not 1 <= len(name := ssid.encode()) <= 32:
            raise ImageError("ssid")
        if not (8 <= len(passphrase) <= 63 and passphrase.isascii() and passphrase.isprintable()):
            raise ImageError("passphrase")
        key = hashlib.pbkdf2_hmac("sha1", passphrase.encode(), name, 4096, 32)
        return cls(ssid, key.hex())


def netplan(static: Static | None, wifi: Wifi | None) -> dict[str, str]:
    """What network-config.template asks for."""
    parts: dict[str, object] = {"dhcp4": static is None}
    if static is not None:
        parts["addresses"] = [str(static.address)]
        parts["routes"] = [{"to": "default", "via": str(static.gateway)}]
        parts["nameservers"] = {"addresses": [str(static.name_server)]}
    if wifi is not None:
        parts["regulatory-domain"] = COUNTRY
        parts["access-points"] = {wifi.ssid: {"password": wifi.key}}
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in parts.items()]
    return {
        "kind": "ethernets" if wifi is None else "wifis",
        "device": _device(wifi),
        "settings": "\n      ".join(lines),
    }


def network_manager(static: Static | None, wifi: Wifi | None) -> str:
    """A connection as NetworkManager keeps it in a file; a comment where it needs none."""
    if static is None and wifi is None:
        return "# The network gives the address: NetworkManager asks by itself.\n"
    lines = [
        "[connection]",
        "id=thutu",
        f"type={'ethernet' if wifi is None else 'wifi'}",
        f"interface-name={_device(wifi)}",
    ]
    if wifi is not None:
        name = "".join(f"{byte};" for byte in wifi.ssid.encode())
        lines += ["[wifi]", f"ssid={name}"]
        lines += ["[wifi-security]", "key-mgmt=wpa-psk", f"psk={wifi.key}"]
    lines += ["[ipv4]", f"method={'auto' if static is None else 'manual'}"]
    if static is not None:
        lines += [f"address1={static.address},{static.gateway}", f"dns={static.name_server};"]
    return "".join(f"{line}\n" for line in lines)


def _device(wifi: Wifi | None) -> str:
    return "eth0" if wifi is None else "wlan0"
