"""The site's own authority, and the certificate that the hub's API shows on the local network.

The clock of a hub may be wrong when it makes them, at 1973 as well as at 2099. By such a clock
nothing is dated: what is made then begins when this software was written and lasts for years, and
the first clock that is right replaces it.
"""

import logging
import re
import socket
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from contract.stamp import Stamp
from runtime.authority import CHAIN_FILE, Authority, AuthorityError, key_pem
from runtime.clock import WRITTEN_MS, Clock
from runtime.local_network import local_name, own_addresses
from runtime.private_file import write_private

logger = logging.getLogger(__name__)

_SERVER_FILE = "hub.pem"
_LIFE = timedelta(days=365)  # browsers refuse more than 825 days
_UNDATED_LIFE = timedelta(days=3650)
_LOOK_S = 60.0
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?")

Addresses = Callable[[], Iterable[str]]


class SiteCertificate:
    """The files in `folder`: `ca.pem` for whoever is to trust the hub, `ca.key`, and `hub.pem`, key
    and certificate that the hub shows."""

    def __init__(
        self, folder: Path, node: str, clock: Clock, addresses: Addresses = own_addresses
    ) -> None:
        self.file = folder / _SERVER_FILE
        self.authority_file = folder / CHAIN_FILE
        self._folder = folder
        self._node = node
        self._clock = clock
        self._addresses = addresses

    def create(self, site: str, names: Collection[str]) -> None:
        """Make the authority of `site`, and a certificate for `names` besides the hub's own.

        Raises AuthorityError when there is one already, ValueError for a name that is none, and
        OSError.
        """
        for name in names:
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no host name or address")
        now = self._clock.stamp()
        begun_ms = now.wall_ms if now.synced else WRITTEN_MS
        authority = Authority.create(self._folder, site, begun_ms)
        self._issue(authority, {*names, *self._own_names()}, now)

    def renew(self) -> bool:
        """Make a new one when half of its time is over, or the machine has an address that it does
        not name; returns whether. Raises AuthorityError, ValueError and OSError."""
        now = self._clock.stamp()
        present = x509.load_pem_x509_certificate(self.file.read_bytes())
        named, own = _names(present), self._own_names()
        if own <= named and not (now.synced and _is_due(present, now)):
            return False
        self._issue(Authority.load(self._folder), named | own, now)
        return True

    def _issue(self, authority: Authority, names: set[str], now: Stamp) -> None:
        begun_ms, life = (now.wall_ms, _LIFE) if now.synced else (WRITTEN_MS, _UNDATED_LIFE)
        first = local_name(self._node)
        key = ec.generate_private_key(ec.SECP256R1())
        issued = authority.certify_server(
            [first, *sorted(names - {first})], key.public_key(), begun_ms, life
        )
        write_private(self.file, key_pem(key) + issued.public_bytes(Encoding.PEM))

    def _own_names(self) -> set[str]:
        try:
            addresses = {*self._addresses()}
        except OSError:  # no network yet
            addresses = set()
        host = socket.gethostname()
        named = {host} if _NAME.fullmatch(host) else set()
        return {local_name(self._node), "localhost", "127.0.0.1", *named, *addresses}


class SiteCertificateKeeper:
    """Looks every minute whether a new certificate is due; `renewed` is called after each."""

    def __init__(self, certificate: SiteCertificate, renewed: Callable[[], None]) -> None:
        self._certificate = certificate
        self._renewed = renewed
        self._complained = False
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="site-certificate", daemon=True)

    def start(self) -> None:
        """Look now, and then every minute."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._look()
            self._stopping.wait(_LOOK_S)

    def _look(self) -> None:
        try:
            if self._certificate.renew():
                self._renewed()
                logger.info("the certificate of the local API was renewed")
            self._complained = False
        except (AuthorityError, ValueError, OSError) as error:
            if not self._complained:
                self._complained = True
                words = "the certificate of the local API cannot be seen to: %s"
                logger.error(words, error)  # noqa: TRY400 - the words say it all


def _is_due(present: x509.Certificate, now: Stamp) -> bool:
    begun, over = present.not_valid_before_utc, present.not_valid_after_utc
    wall = datetime.fromtimestamp(now.wall_ms / 1000, begun.tzinfo)
    return not begun <= wall < begun + min(over - begun, _LIFE) / 2 or over - begun > 2 * _LIFE


def _names(certificate: x509.Certificate) -> set[str]:
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in found}
