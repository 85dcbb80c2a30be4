"""What a machine is called on the local network, and where others reach it."""

from ipaddress import ip_address

import ifaddr


def local_name(node: str) -> str:
    """The name under which a hub's machine is announced."""
    return f"thutu-{node}.local"


def own_addresses() -> list[str]:
    """This machine's IPv4 addresses that others can reach. Raises OSError when it has none."""
    own = [str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4]
    found = [address for address in own if not ip_address(address).is_loopback]
    if not found:
        raise OSError("this machine has no address on any network")
    return found


def is_announced(host: str) -> bool:
    """Whether a hub that listens on `host` can be reached from elsewhere, and is worth telling."""
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"
