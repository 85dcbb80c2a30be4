"""The public's pages served by a program of their own, beside the centre."""

from central.api.again import Again
from central.guarded import Guarded
from central.public.app import create_public
from central.settings import CentralSettings
from central.store.database import Location
from runtime.clock import Clock
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer


def public_server(settings: CentralSettings, database: Location, clock: Clock) -> HttpServer:
    """A server, not started yet, of tickets' pages and nothing else; it only reads the database.
    Raises OSError when its port is taken."""
    pages = create_public(database, clock, live_within_s=settings.figures.live_within_s)
    address = HttpAddress(settings.public.host, settings.public.port)
    return HttpServer(Guarded(Again(pages)), address, settings.http.limits)
