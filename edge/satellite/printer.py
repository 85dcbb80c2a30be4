"""A satellite's ticket printer: it brings out what a hub elsewhere on the site asks for.

Each slip is remembered before its first byte leaves, and until the hub has heard what became of it.
So whatever line is cut and whoever restarts, no slip comes out twice without its mark, and one that
may not have come out is told as such, or ordered again by the hub.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue

from contract.commands import ReportDevice, ReportPrint
from contract.refusals import Reason
from contract.slips import SlipView
from edge.devices.escpos_printer import EscposPrinter
from edge.devices.transport import transport
from edge.printing import print_job
from edge.satellite.paper_memory import PaperMemory, SlipKey, key_of
from edge.settings import PrinterSettings
from edge.store.journal import StoreError
from runtime.device_reports import DeviceReports
from runtime.hub_client import HubClient, HubDenied, HubRejected, HubUnreachable, Refusal, Silence

logger = logging.getLogger(__name__)

_AGAIN_S = 5.0


class SatellitePrinter:
    """Prints one slip after the other, from threads of its own, until closed."""

    def __init__(
        self,
        settings: PrinterSettings,
        client: HubClient,
        memory: PaperMemory,
        *,
        turned: Callable[[], object] = bool,
    ) -> None:
        """Take up what was left, and begin. Raises SettingsError for a url that is none.

        `client` has the printer's own token, and is closed with it. While it is not let in,
        `turned` is called in its place.
        """
        line = transport(settings.url)
        self._device = settings.device
        self._client = client
        self._memory = memory
        self._turned = turned
        self._is_stranger = memory.is_new
        self._lock = threading.Lock()
        self._asked_for: tuple[SlipView, ...] = ()
        self._in_hand: SlipKey | None = None
        self._state: ReportDevice | None = None
        self._closing = threading.Event()
        self._to_tell: SimpleQueue[SlipKey | None] = SimpleQueue()
        self._reports = DeviceReports(client)
        self._take_up()
        self._printer = EscposPrinter(
            device=settings.device,
            transport=line,
            profile=settings.profile,
            template=settings.ticket,
            report=self._hear,
        )
        self._reader = threading.Thread(target=self._read, name=f"{self._device} slips")
        self._teller = threading.Thread(target=self._tell_all, name=f"{self._device} outcomes")
        self._reader.start()
        self._teller.start()

    def close(self) -> None:
        """Finish the slip in hand, and let the printer go; what the hub has not heard waits."""
        self._closing.set()
        self._client.close()
        self._reader.join()
        self._printer.close()
        self._to_tell.put(None)
        self._teller.join()
        self._reports.close()

    def _take_up(self) -> None:
        """Tell what the process before could not, and of the slips it had in hand that it went."""
        for sheet in self._memory.untold:
            if sheet.report is None:
                self._settle(sheet.key, _interrupted(sheet.number, sheet.key.copy))
            else:
                self._to_tell.put(sheet.key)

    # --- what the hub asks for ----------------------------------------------------------------

    def _read(self) -> None:
        let_in = True
        while not self._closing.is_set():
            try:
                for heard in self._client.slips():
                    if isinstance(heard, Silence):
                        logger.warning("%s has no word of the hub: %s", self._device, heard.cause)
                    else:
                        let_in = True
                        self._take(heard.slips)
            except (HubDenied, HubRejected) as error:
                if let_in:
                    logger.warning("%s is not let in: %s", self._device, error)
                let_in = False
                self._turned()
                self._closing.wait(_AGAIN_S)

    def _take(self, slips: tuple[SlipView, ...]) -> None:
        with self._lock:
            if self._is_stranger:
                self._disown(slips)
            with self._kept():
                self._memory.keep(frozenset(map(key_of, slips)))
            self._asked_for = slips
            self._feed()
            state = self._state
        if state is not None:
            self._reports.put(state)  # for a hub that thinks nobody is here

    def _disown(self, slips: tuple[SlipView, ...]) -> None:
        """Whoever printed here before may have brought out what was open when we came."""
        self._is_stranger = False
        for slip in slips:
            with self._kept():
                self._memory.begin(slip)
            self._settle(key_of(slip), _interrupted(slip.number, slip.copy))

    def _feed(self) -> None:
        """Give the printer the next slip, unless it has one; the lock is held."""
        while self._in_hand is None and not self._closing.is_set():
            slip = next((s for s in self._asked_for if key_of(s) not in self._memory), None)
            if slip is None:
                return
            try:
                self._in_hand = self._memory.begin(slip)
            except StoreError as error:
                logger.warning("Ticket %s is not printed: %s", slip.number, error)
                failed = ReportPrint(slip.number, slip.copy, "failed", reason="not-stored")
                self._settle(key_of(slip), failed)
            else:
                self._printer.print(print_job(slip))

    # --- what the printer says ----------------------------------------------------------------

    def _hear(self, report: ReportPrint | ReportDevice) -> None:
        with self._lock:
            if isinstance(report, ReportDevice):
                self._state = report
                if not self._is_stranger:
                    self._reports.put(report)
            elif self._in_hand is not None:
                key, self._in_hand = self._in_hand, None
                self._settle(key, report)
                self._feed()

    def _settle(self, key: SlipKey, report: ReportPrint) -> None:
        with self._kept():
            self._memory.end(key, report)
        self._to_tell.put(key)

    # --- what the hub is told -----------------------------------------------------------------

    def _tell_all(self) -> None:
        while (key := self._to_tell.get()) is not None:
            while not self._told(key) and not self._closing.wait(_AGAIN_S):
                pass

    def _told(self, key: SlipKey) -> bool:
        """Whether the hub has answered, even if with a refusal."""
        sheet = self._memory[key]
        if sheet.report is None:
            raise AssertionError(f"{key} has no outcome yet")
        try:
            reply = self._client.command(sheet.report, sheet.command_id, training=sheet.training)
        except (HubUnreachable, HubDenied):
            return False
        except HubRejected as error:
            logger.warning("The outcome of ticket %s is not read: %s", sheet.number, error)
        else:
            if isinstance(reply, Refusal):
                if reply.reason == Reason.NOT_STORED:
                    return False
                logger.warning("The outcome of %s is not taken: %s", sheet.number, reply.words)
        with self._lock, self._kept():
            self._memory.settle(key)
        return True

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """What cannot be written now is still known, and written with what comes next."""
        try:
            yield
        except StoreError as error:
            logger.warning("%s", error)


def _interrupted(number: str, copy: int) -> ReportPrint:
    return ReportPrint(number, copy, "interrupted", reason="restarted")
