"""A hub put together from its settings: queue, printer, uplink and local API."""

import hashlib
import logging
from importlib.metadata import version
from uuid import uuid4

import msgspec

from contract.commands import Actor, Order, Rate, ReportDevice, ReportPrint
from contract.snapshot import LinkView
from edge.access import Access
from edge.api.app import create_app
from edge.core.effects import Slip
from edge.core.rules import Rules
from edge.core.state import State
from edge.devices.escpos_printer import EscposPrinter
from edge.devices.rating_pad import RatingPad, open_pin_factory
from edge.devices.transport import DeviceError, transport
from edge.hub import Hub, Identity
from edge.printing import print_job
from edge.procedures import procedures_of
from edge.settings import HubSettings, PadSettings, Procedure
from edge.uplink import Uplink
from runtime.clock import Clock, SystemClock
from runtime.http_server import HttpServer

logger = logging.getLogger(__name__)


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
            ),
            settings.http.host,
            settings.http.port,
        )
        self._printer = self._own_printer()
        self._pads = self._own_pads(clock)
        self._uplink = self._own_uplink(identity, clock)

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
        if self._uplink is not None:
            self.hub.listen(self._uplink.notify)
            self.hub.show_link(self._link)
            self._uplink.start()

    def stop(self) -> None:
        """Let nobody in any more, finish what is under way, and close the stores."""
        self._server.stop()
        for pad in self._pads:
            pad.close()
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
            report=self.hub.report,
        )

    def _own_pads(self, clock: Clock) -> list[RatingPad]:
        """The rating buttons that work; numbers are given out without the others."""
        pads = []
        for pad in self._settings.pads:
            try:
                pads.append(self._own_pad(pad, clock))
            except DeviceError as error:
                logger.warning("%s; everything else works without", error)
                lost = ReportDevice(f"pad-{pad.counter}", "lost", str(error)[:100])
                self.hub.report(lost)
        return pads

    def _own_pad(self, pad: PadSettings, clock: Clock) -> RatingPad:
        return RatingPad(
            pad.counter,
            pad.pins,
            self._settings.site.rating_levels,
            self._rate,
            clock,
            pin_factory=open_pin_factory(self._settings.pin_library),
            led_pins=pad.led_pins,
        )

    def _rate(self, rate: Rate) -> None:
        pad = Actor(f"pad-{rate.counter}", "pad", rate.counter)
        self.hub.submit(Order(uuid4().bytes, pad, rate))

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
