"""A hub put together from its settings: queue, printer, uplink and local API."""

import hashlib
import logging
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from contract.commands import Actor, AnyCommand, Order, ReportPrint
from contract.procedures import Procedure
from contract.site_rules import Rules
from contract.snapshot import LinkView
from contract.topics import Down
from contract.wire import Configuration
from edge.access import Access
from edge.controls import Controls, ControlsOfHub
from edge.core.effects import Slip
from edge.core.machine import older_rows
from edge.core.state import Device, State
from edge.devices.escpos_printer import EscposPrinter, SheetJob
from edge.devices.transport import transport
from edge.disk_wear import DiskWear
from edge.health import read_health
from edge.hub import Hub, Reply
from edge.identity.folder import IdentityFolder
from edge.identity.keeper import IdentityKeeper
from edge.last_news import LastNews
from edge.machine_watch import MachineWatch
from edge.node_identity import Identity
from edge.printing import absent, only_as_pictures, print_job, slip_view
from edge.procedures import procedures_of
from edge.settings import HubSettings
from edge.site_certificate import SiteCertificate
from edge.site_machines import SiteMachines
from edge.software_files import SoftwareWatch
from edge.ticket.sheet import Sheet
from edge.update_orders import UpdateOrders
from edge.upstream.appointments import CentreBookings
from edge.upstream.uplink import Uplink
from edge.upstream.vitals import Vitals
from runtime.clock import Clock, SystemClock
from runtime.http_address import HttpAddress
from runtime.settings import SettingsError

if TYPE_CHECKING:
    from edge.local_api import LocalApi

logger = logging.getLogger(__name__)


class Node:
    """One site's hub with everything around it."""

    def __init__(
        self,
        settings: HubSettings,
        clock: Clock,
        configuration: Configuration | None = None,
        hear_configuration: Callable[[bytes], None] | None = None,
    ) -> None:
        """Open the stores and bind the address. Raises StoreError, OSError, also for a certificate
        of no use, and SettingsError where HTTPS is wanted and nobody has made a certificate.

        `configuration` is the centre's that is in `settings`, if one is; newer ones go to
        `hear_configuration`, in the line's thread.
        """
        self._settings = settings
        self._hear_configuration = hear_configuration
        catalogue = None if configuration is None else configuration.catalogue
        self._procedures = procedures_of(settings, catalogue)
        own = _fingerprint(settings.site, self._procedures)
        config = own if configuration is None else configuration.label
        identity = Identity(settings.node, version("thutu"), config)
        self._certificate = _certificate(settings, clock)
        with ExitStack() as undo:
            self.access = Access(settings.data / "access.db", clock)
            undo.callback(self.access.close)
            self.hub = Hub(identity, settings.site, settings.data, clock, self._print)
            undo.callback(self.hub.close)
            self._news = LastNews(SystemClock())
            self._machines = SiteMachines(SystemClock())
            shown = self._certificate.file if self._certificate else None
            self._address = HttpAddress(settings.http.host, settings.http.port, shown)
            undo.callback(self._address.close)
            self._api: LocalApi | None = None
            wear = DiskWear(settings.data, SystemClock(), settings.disk_endurance_tb)
            self._health = partial(read_health, settings.data, wear.percent)
            self._machine = MachineWatch(self._health, self.hub.report, self._devices, self._news)
            self._printer = self._own_printer()
            self._controls = self._own_controls(clock)
            self._keeper = self._own_keeper(clock)
            self._updates = self._own_updates()
            self._bookings = self._centre_bookings()
            self._software = SoftwareWatch()
            self._uplink = self._own_uplink(identity, clock)
            undo.pop_all()

    @property
    def url(self) -> str:
        """Where the local API is."""
        return self._address.url

    def answers(self) -> bool:
        """Whether the local API gives any answer at all, within seconds."""
        return self._api is not None and self._api.answers()

    @property
    def events_sent(self) -> int:
        """How many journal rows were handed to the broker since the start, repeats included."""
        return 0 if self._uplink is None else self._uplink.sent_entries

    def start(self) -> None:
        """Take up the queue and its buttons, then let people in, then look for the centre."""
        self.hub.start()
        for printer in sorted({*self._settings.site.prints_on.values()}):
            self.hub.report(absent(printer))  # until it says that it is there
        if self._controls is not None:
            self.hub.listen(self._controls.notify)
            self._controls.start()
        self._machine.start()
        self._let_people_in()
        if self._uplink is not None:
            self.hub.listen(self._uplink.notify)
            self.hub.show_link(self._link)
            self._uplink.start()
            self._software.start()
        if self._keeper is not None:
            self._keeper.start()
        self._look_at_older_rows()
        self._try_the_letters()

    def stop(self) -> None:
        """Let nobody in any more, finish what is under way, and close the stores."""
        if self._api is not None:
            self._api.stop()
        self._address.close()
        self._machine.close()
        if self._controls is not None:
            self._controls.close()
        if self._printer is not None:
            self._printer.close()
        if self._keeper is not None:
            self._keeper.stop()
        self._software.close()
        if self._uplink is not None:
            self._uplink.stop()
        self.hub.close()
        self.access.close()

    def _let_people_in(self) -> None:
        from edge.local_api import LocalApi  # noqa: PLC0415 - its docstring says why late

        self._api = LocalApi(
            self._settings,
            self._address,
            self._certificate,
            hub=self.hub,
            access=self.access,
            procedures=self._procedures,
            print_sheet=self._print_sheet,
            news=self._news,
            machines=self._machines,
        )
        self._api.start()

    def _look_at_older_rows(self) -> None:
        """The hub does without them; a centre that was restored from an old backup does not. That
        none is missing is said once, for a former card may have said otherwise."""
        journal = self.hub.journal
        missing = journal.missing_rows()
        for first, last in missing:
            logger.error(
                "Rows %d to %d are in no file beside %s: put back journal-%s-*.db. A centre that "
                "is restored from an old backup asks for them, and takes nothing newer before.",
                first,
                last,
                journal.path,
                journal.epoch,
            )
        self.hub.report(older_rows(are_missing=bool(missing)))

    def _try_the_letters(self) -> None:
        printer = self._settings.printer
        if printer is None:
            return
        for service, error in only_as_pictures(self._settings.site, printer.profile):
            logger.warning(
                "%s prints the tickets of service %s as pictures, which takes longer: %s",
                printer.device,
                service,
                error,
            )

    def _own_printer(self) -> EscposPrinter | None:
        printer = self._settings.printer
        if printer is None:
            return None
        return EscposPrinter(
            device=printer.device,
            transport=transport(printer.url),
            profile=printer.profile,
            template=printer.ticket,
            report=self._machine.pass_on,
        )

    def _own_controls(self, clock: Clock) -> ControlsOfHub | None:
        if not self._settings.devices:
            return None
        levels = self._settings.site.rating_levels
        controls = Controls(
            self._settings,
            self._give,
            self._machine.pass_on,
            clock,
            printer_of=self._printer_of,
            levels=levels,
        )
        return ControlsOfHub(controls, self.hub.snapshot)

    def _printer_of(self, device: str) -> str | None:
        own = self._settings.printer
        return self._settings.site.prints_on.get(device, own.device if own else None)

    def _give(self, actor: Actor, command: AnyCommand) -> Future[Reply]:
        return self.hub.submit(Order(uuid4().bytes, actor, command))

    def _own_keeper(self, clock: Clock) -> IdentityKeeper | None:
        identity = self._settings.identity
        if identity is None:
            return None
        node = self._settings.node
        return IdentityKeeper(
            IdentityFolder(self._settings.identity_folder, node),
            node,
            clock,
            self._ask_for_certificate,
            centre=identity.centre,
            token_file=identity.token_file,
        )

    def _own_updates(self) -> UpdateOrders | None:
        updates, key = self._settings.updates, self._settings.centre_key
        if updates is None or key is None:
            return None
        return UpdateOrders(
            self._settings.node, bytes.fromhex(key), updates.order_file, updates.state_file
        )

    def _centre_bookings(self) -> CentreBookings | None:
        key = self._settings.centre_key
        if key is None:
            return None
        node = self._settings.node
        return CentreBookings(node, bytes.fromhex(key), self.hub.submit, self._bookings_changed)

    def _bookings_changed(self) -> None:
        if self._uplink is not None:
            self._uplink.status_changed()

    def _ask_for_certificate(self, payload: bytes) -> bool:
        return self._uplink is not None and self._uplink.publish("renew", payload)

    def _own_uplink(self, identity: Identity, clock: Clock) -> Uplink | None:
        line = self._settings.line
        if line is None:
            return None
        return Uplink(
            self.hub.journal,
            line,
            identity,
            clock=clock,
            line_clock=SystemClock(),
            vitals=self._vitals(),
            listeners=self._listeners(),
        )

    def _vitals(self) -> Vitals:
        vitals = Vitals(
            health=self._health,
            machines=self._machines.known,
            fingerprint=self._software.fingerprint,
        )
        if self._updates is not None:
            vitals = replace(vitals, update=self._updates.state)
        if self._bookings is not None:
            vitals = replace(vitals, appointments=self._bookings.upto)
        return vitals

    def _listeners(self) -> dict[Down, Callable[[bytes], None]]:
        listeners: dict[Down, Callable[[bytes], None]] = {}
        if self._keeper is not None:
            listeners["certificate"] = self._keeper.answered
        if self._hear_configuration is not None:
            listeners["config"] = self._hear_configuration
        if self._updates is not None:
            listeners["update"] = self._updates.hear
        if self._bookings is not None:
            listeners["appointments"] = self._bookings.hear
        return listeners

    def _devices(self) -> dict[str, Device]:
        return self.hub.house.live.devices

    def _link(self) -> LinkView:
        uplink = self._uplink
        if uplink is None:
            return LinkView(connected=False, unsent=0, configured=False)
        return LinkView(uplink.connected, uplink.unsent, uplink.overdue)

    def _print(self, slip: Slip, queue: State, training: bool) -> None:
        if self._printer is None:
            self.hub.report(ReportPrint(slip.number, slip.copy, "failed", reason="no-printer"))
            return
        view = slip_view(
            self._settings.site,
            queue,
            slip,
            training=training,
            follow_url=self._settings.ticket_page,
        )
        self._printer.print(print_job(view))

    def _print_sheet(self, sheet: Sheet) -> Future[ReportPrint]:
        outcome: Future[ReportPrint] = Future()
        if self._printer is not None:
            self._printer.print(SheetJob(sheet, outcome.set_result))
        return outcome


def _certificate(settings: HubSettings, clock: Clock) -> SiteCertificate | None:
    if not settings.http.tls:
        return None
    certificate = SiteCertificate(settings.tls_folder, settings.node, clock)
    if not certificate.file.exists():
        raise SettingsError(
            f"[http] tls: no certificate is in {settings.tls_folder}; first: thutu-hub init-tls"
        )
    return certificate


def _fingerprint(rules: Rules, procedures: tuple[Procedure, ...]) -> str:
    text = msgspec.json.encode((rules, procedures), order="deterministic")
    return hashlib.sha256(text).hexdigest()[:12]
