"""A machine beside the hub, which runs the release that its hub runs.

It is told by the hub alone: which release that is, when it may switch, and, as its proof, that the
hub hears its programs in their new version.
"""

import logging
import ssl
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from edge.settings import PublicKey
from edge.site_release import ReleaseOffer, Turn
from provision.update.machine import HubView, SystemdMachine
from runtime.clock import Clock
from runtime.hub_client import HubClient, HubError
from runtime.trust import trust_in

logger = logging.getLogger(__name__)

FETCH_UNIT = "thutu-follow-fetch.service"
_AGENT = "thutu-update"


class FollowSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the site's hub is, whose releases are run, and the file with this machine's token.

    `ca_file` is the site's `ca.pem` where the hub speaks HTTPS. `most_kb_s` leaves the network to
    others while a release is fetched, 0 takes all of it.
    """

    hub: str
    publisher_keys: Annotated[tuple[PublicKey, ...], Meta(min_length=1)]
    token_file: Path = Path("/etc/thutu/update.token")
    ca_file: Path | None = None
    most_kb_s: Annotated[int, Meta(ge=0)] = 0

    @property
    def source(self) -> str:
        """Where the hub has the files of the release that it runs."""
        return f"{self.hub.rstrip('/')}/api/release"

    def token(self) -> str:
        """Raises OSError."""
        return self.token_file.read_text("ascii").strip()

    def context(self, clock: Clock) -> ssl.SSLContext | None:
        """Whom to trust with the token; None for whom the system trusts. Raises OSError, and
        SettingsError."""
        trusted = trust_in(self.hub, self.ca_file, clock)
        return trusted if isinstance(trusted, ssl.SSLContext) else None


class FollowingMachine(SystemdMachine):
    """A machine under systemd whose hub is elsewhere on the site."""

    def __init__(self, settings: FollowSettings) -> None:
        """Raises OSError for a token or a `ca_file` of no use, and SettingsError."""
        super().__init__(settings.hub, FETCH_UNIT)
        self._hub = HubClient(
            settings.hub, settings.token(), attempts=1, ca_file=settings.ca_file, agent=_AGENT
        )

    def close(self) -> None:
        """Let go of the connection."""
        self._hub.close()

    def check(self, release: str) -> None:
        """There is no journal here; whether the release can do with the settings is its trial's."""

    def hub(self) -> HubView | None:
        """What the hub hears of this machine, and of the house once it is this machine's turn. A
        hub that does not answer lets nobody switch, and nobody pass."""
        offer = self._ask("wanted")
        return HubView(offer.heard, offer.house)

    def offer(self) -> ReleaseOffer:
        """What the hub runs, 0 where it does not say."""
        return self._ask("")

    def end_turn(self) -> None:
        """Let the next machine update."""
        self._ask("over")

    def _ask(self, turn: Turn) -> ReleaseOffer:
        try:
            return self._hub.read("/api/release", ReleaseOffer, turn=turn)
        except HubError as error:
            logger.info("the hub does not say what it runs: %s", error)
            return ReleaseOffer()
