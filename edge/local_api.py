"""A hub's way in for people and devices: the API, the certificate it shows, and who is told of it.

Loading FastAPI takes a third of a hub's start. No button and no printer needs it, so the hub loads
this module late: on a slow machine it gives out numbers seconds before.
"""

from contract.procedures import Procedure
from edge.access import Access
from edge.api.app import create_app
from edge.api.report_routes import PrintSheet
from edge.hub import Hub
from edge.last_news import LastNews
from edge.settings import HubSettings, UpdateSettings
from edge.site_certificate import SiteCertificate, SiteCertificateKeeper
from edge.site_machines import SiteMachines
from edge.site_release import SiteRelease
from edge.ticket.layout import Paper
from edge.ticket.template import TicketTemplate
from runtime.discovery import Announcement
from runtime.http_address import HttpAddress
from runtime.http_connections import Limits
from runtime.http_server import HttpServer
from runtime.local_network import is_announced

_CONNECTIONS_PER_ADDRESS = 64


class LocalApi:
    """The local API of one hub, served at `address`, which it closes in the end."""

    def __init__(
        self,
        settings: HubSettings,
        address: HttpAddress,
        certificate: SiteCertificate | None,
        *,
        hub: Hub,
        access: Access,
        procedures: tuple[Procedure, ...],
        print_sheet: PrintSheet,
        news: LastNews,
        machines: SiteMachines,
    ) -> None:
        """Make ready to serve. Raises OSError when the certificate can no longer be used."""
        printer = settings.printer
        self._settings = settings
        self._server = HttpServer(
            create_app(
                hub,
                access,
                procedures,
                printer=printer.device if printer else None,
                paper=printer.profile.paper if printer else Paper(),
                template=printer.ticket if printer else TicketTemplate(),
                follow_url=settings.ticket_page,
                print_sheet=print_sheet if printer else None,
                issue_rate=settings.issuing,
                news=news,
                release=_release(settings.updates),
                machines=machines,
            ),
            address,
            Limits(per_address=_CONNECTIONS_PER_ADDRESS, is_known=access.knows),
        )
        self._keeper: SiteCertificateKeeper | None = None
        if certificate is not None:
            self._keeper = SiteCertificateKeeper(certificate, self._server.read_certificate)
        self._announcement: Announcement | None = None

    def answers(self) -> bool:
        """Whether it gives any answer at all, within seconds."""
        return self._server.answers()

    def start(self) -> None:
        """Let people in, and tell the network that the hub is here."""
        self._server.start()
        if self._keeper is not None:
            self._keeper.start()
        http = self._settings.http
        if http.announce and is_announced(http.host):
            site_name = self._settings.site.site_name
            self._announcement = Announcement(
                self._settings.node, site_name, self._server.port, tls=http.tls
            )

    def stop(self) -> None:
        """Let nobody in any more, and finish what is under way."""
        if self._announcement is not None:
            self._announcement.close()
        if self._keeper is not None:
            self._keeper.stop()
        self._server.stop()


def _release(updates: UpdateSettings | None) -> SiteRelease | None:
    return None if updates is None else SiteRelease(updates.releases, updates.wheelhouse)
