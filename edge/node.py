"""A hub put together from its settings: queue, printer, uplink and local API."""

import hashlib
from concurrent.futures import Future
from functools import partial
from importlib.metadata import version
from uuid import uuid4

import msgspec

from contract.commands import Actor, AnyCommand, Order, ReportPrint
from contract.snapshot import LinkView
from edge.access import Access
from edge.api.app import create_app
from edge.controls import Controls, ControlsOfHub
from edge.core.effects import Slip
from edge.core.rules import Rules
from edge.core.state import State
from edge.devices.escpos_printer import EscposPrinter
from edge.devices.transport import transport
from edge.health import read_health
from edge.hub import Hub, Identity, Reply
from edge.printing import print_job
from edge.procedures import procedures_of
from edge.settings import HubSettings, Procedure
from edge.ticket.layout import Paper
from edge.uplink import Uplink
from runtime.clock import Clock, SystemClock
from runtime.discovery import Announcement, is_announced
from runtime.http_connections import Limits
from runtime.http_server import HttpServer

_CONNECTIONS_PER_ADDRESS = 64


class Node:
    """One site's hub with everything around it."""

    def __init__(self, settings: HubSettings, clock: Clock) -> None:
        """Open the stores and bind the address. Raises StoreError or OSError."""
        self._settings = settings
        self._procedures = procedures_of(settings)
        config = _fingerprint(settings.site, self._procedures)
        identity = Identity(settings.node, version("thutu"), config)
        self.access = Access(settings.data / "access.db", clock)
        self.hub = Hub(identity, settings.site, settings.data, clock, self._print)
        self._server = HttpServer(
            create_app(
                self.hub,
                self.access,
                self._procedures,
                printer=settings.printer.device if settings.printer else None,
                paper=settings.printer.profile.paper if settings.printer else Paper(),
                follow_url=settings.follow_url,
            ),
            settings.http.host,
            settings.http.port,
            Limits(per_address=_CONNECTIONS_PER_ADDRESS),
        )
        self._printer = self._own_printer()
        self._controls = self._own_controls(clock)
        self._uplink = self._own_uplink(identity, clock)
        self._announcement: Announcement | None = None

    @property
    def url(self) -> str:
        """Where the local API is."""
        return self._server.url

    @property
    def events_sent(self) -> int:
        """How many journal rows were handed to the broker since the start, repeats included."""
        return 0 if self._uplink is None else self._uplink.sent_entries

    def start(self) -> None:
        """Take up the queue first, then let people in, then look for the centre."""
        self.hub.start()
        self._server.start()
        if self._controls is not None:
            self.hub.listen(self._controls.notify)
            self._controls.start()
        if self._uplink is not None:
            self.hub.listen(self._uplink.notify)
            self.hub.show_link(self._link)
            self._uplink.start()
        if self._settings.http.announce and is_announced(self._settings.http.host):
            site_name = self._settings.site.site_name
            self._announcement = Announcement(self._settings.node, site_name, self._server.port)

    def stop(self) -> None:
        """Let nobody in any more, finish what is under way, and close the stores."""
        if self._announcement is not None:
            self._announcement.close()
        self._server.stop()
        if self._controls is not None:
            self._controls.close()
        if self._printer is not None:
            self._printer.close()
        if self._uplink is not None:
            self._uplink.stop()
        self.hub.close()
        self.access.close()

    def _own_printer(self) -> EscposPrinter | None:
        printer = self._settings.printer
        if printer is None:
            return None
        return EscposPrinter(
            device=printer.device,
            transport=transport(printer.url),
            profile=printer.profile,
            template=printer.ticket,
            report=self.hub.report,
        )

    def _own_controls(self, clock: Clock) -> ControlsOfHub | None:
        if not self._settings.devices:
            return None
        levels = self._settings.site.rating_levels
        controls = Controls(self._settings, self._give, self.hub.report, clock, levels=levels)
        return ControlsOfHub(controls, self.hub.snapshot)

    def _give(self, actor: Actor, command: AnyCommand) -> Future[Reply]:
        return self.hub.submit(Order(uuid4().bytes, actor, command))

    def _own_uplink(self, identity: Identity, clock: Clock) -> Uplink | None:
        if self._settings.uplink is None:
            return None
        return Uplink(
            self.hub.journal,
            self._settings.uplink,
            node=identity.node,
            software=identity.software,
            config=identity.config,
            clock=clock,
            line_clock=SystemClock(),
            health=partial(read_health, self._settings.data),
        )

    def _link(self) -> LinkView:
        uplink = self._uplink
        if uplink is None:
            return LinkView(connected=False, unsent=0)
        return LinkView(uplink.connected, uplink.unsent)

    def _print(self, slip: Slip, queue: State, training: bool) -> None:
        if self._printer is None:
            self.hub.report(ReportPrint(slip.number, slip.copy, "failed", reason="no-printer"))
            return
        job = print_job(
            self._settings.site,
            queue,
            slip,
            training=training,
            follow_url=self._settings.follow_url,
        )
        self._printer.print(job)


def _fingerprint(rules: Rules, procedures: tuple[Procedure, ...]) -> str:
    text = msgspec.json.encode((rules, procedures), order="deterministic")
    return hashlib.sha256(text).hexdigest()[:12]
