"""Finding hubs on the local network by DNS-SD over multicast DNS, so that nobody types addresses.

What is found is a hint and no more: anyone on the network can announce anything, so a finder shows
names and addresses to people, and sends no PIN to a hub that nobody chose.
Sources: RFC 6762 and RFC 6763.
"""

import logging
from collections.abc import Sequence
from threading import Event, Thread

import msgspec
from msgspec import Struct
from zeroconf import (
    Error,
    InterfaceChoice,
    IPVersion,
    ServiceBrowser,
    ServiceInfo,
    ServiceListener,
    Zeroconf,
)

from contract.decoders import from_builtins
from contract.ids import NodeId
from runtime.local_network import local_name, own_addresses

logger = logging.getLogger(__name__)

_SERVICE = "_thutu._tcp.local."
_ANSWER_MS = 1000
_LOOK_S = 30.0
_LONGEST_NAME = 100

Interfaces = Sequence[str]


class FoundHub(Struct, frozen=True):
    """A hub that answers on this network; `url` is where its local API is."""

    node: NodeId
    site_name: str
    url: str


class Announcement:
    """Tells the network that a hub listens here on `port`, until it is closed.

    The network may come later than the hub, and addresses change: both are looked at every half
    minute. `interfaces` are the addresses to speak from, else all of this machine's; `tls` says
    that it speaks HTTPS.
    """

    def __init__(
        self,
        node: str,
        site_name: str,
        port: int,
        interfaces: Interfaces | None = None,
        *,
        tls: bool = False,
    ) -> None:
        self._node = node
        self._site_name = site_name
        self._port = port
        self._scheme = "https" if tls else "http"
        self._interfaces = interfaces
        self._ending = Event()
        self._thread = Thread(target=self._keep_announced, name=f"announce-{node}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take the announcement back."""
        self._ending.set()
        self._thread.join()

    def _keep_announced(self) -> None:
        while not self._ending.is_set():
            try:
                self._announce(self._addresses())
            except (OSError, Error) as error:
                logger.info("The hub is not announced on the network yet: %s", error)
                self._ending.wait(_LOOK_S)

    def _announce(self, addresses: list[str]) -> None:
        """Announce these addresses for as long as they are the machine's."""
        info = ServiceInfo(
            _SERVICE,
            f"{self._node}.{_SERVICE}",
            port=self._port,
            parsed_addresses=addresses,
            properties={"node": self._node, "site": self._site_name, "scheme": self._scheme},
            server=f"{local_name(self._node)}.",
        )
        network = _opened(self._interfaces)
        try:
            network.register_service(info, allow_name_change=True)
            while not self._ending.wait(_LOOK_S) and self._addresses() == addresses:
                pass
        finally:
            network.close()  # which takes the announcement back

    def _addresses(self) -> list[str]:
        return sorted(self._interfaces or own_addresses())


def find(within_s: float, interfaces: Interfaces | None = None) -> tuple[FoundHub, ...]:
    """Listen for `within_s` seconds; the hubs that were heard, by name of site.

    Raises OSError when there is no network to listen to.
    """
    network = _opened(interfaces)
    heard = _Heard()
    try:
        browser = ServiceBrowser(network, _SERVICE, heard)
        Event().wait(within_s)
        browser.cancel()
    finally:
        network.close()
    return tuple(sorted(heard.hubs.values(), key=lambda hub: (hub.site_name, hub.node)))


class _Heard(ServiceListener):
    """The hubs that answer, by the name of their announcement."""

    def __init__(self) -> None:
        self.hubs: dict[str, FoundHub] = {}

    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        info = zc.get_service_info(type_, name, _ANSWER_MS)
        found = None if info is None else _read(info)
        if found is not None:
            self.hubs[name] = found

    def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        self.add_service(zc, type_, name)

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:  # noqa: ARG002 - theirs
        self.hubs.pop(name, None)


def _read(info: ServiceInfo) -> FoundHub | None:
    """What an announcement says, if it is a hub's; anyone may have sent it."""
    said = info.decoded_properties
    addresses = info.parsed_addresses(IPVersion.V4Only)
    site_name = "".join(letter for letter in said.get("site") or "" if letter.isprintable())
    if not addresses or not site_name:
        return None
    scheme = "https" if said.get("scheme") == "https" else "http"
    url = f"{scheme}://{addresses[0]}:{info.port}"
    found = {"node": said.get("node"), "site_name": site_name[:_LONGEST_NAME], "url": url}
    try:
        return from_builtins(found, FoundHub)
    except msgspec.ValidationError:
        return None


def _opened(interfaces: Interfaces | None) -> Zeroconf:
    chosen = InterfaceChoice.All if interfaces is None else list(interfaces)
    return Zeroconf(interfaces=chosen, ip_version=IPVersion.V4Only)
