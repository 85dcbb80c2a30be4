"""News of devices on their way to the hub, in order, as often as it takes, and again.

What a device's state is now is told again while nothing is new, so that a hub that has heard
nothing of it for long, or has lost its journal, knows that somebody is there.
"""

import logging
import queue
import threading
from contextlib import suppress

from contract.commands import ReportDevice
from contract.refusals import Reason
from runtime.hub_client import HubClient, HubError, HubUnreachable, Refusal

logger = logging.getLogger(__name__)

_AGAIN_S = 5.0
_REPEAT_S = 60.0


class DeviceReports:
    """Passes reports on from a thread of its own, so that no device waits for the hub."""

    def __init__(self, client: HubClient) -> None:
        self._client = client
        self._reports: queue.SimpleQueue[ReportDevice | None] = queue.SimpleQueue()
        self._newest: dict[str, ReportDevice] = {}
        self._closing = threading.Event()
        self._teller = threading.Thread(target=self._tell_all, name="device reports")
        self._teller.start()

    def put(self, report: ReportDevice) -> None:
        """Take a report, from any thread, and return at once."""
        self._reports.put(report)

    def close(self) -> None:
        """Tell each report that is left once more, and stop."""
        self._closing.set()
        self._reports.put(None)
        self._teller.join()

    def _tell_all(self) -> None:
        while (report := self._next()) is not None:
            self._newest[report.device] = report
            while not self._told(report) and not self._closing.wait(_AGAIN_S):
                pass

    def _next(self) -> ReportDevice | None:
        while True:
            with suppress(queue.Empty):
                return self._reports.get(timeout=_REPEAT_S)
            for report in tuple(self._newest.values()):
                if not self._reports.empty() or not self._told(report):
                    break

    def _told(self, report: ReportDevice) -> bool:
        """Whether the hub has taken it or refused it for good."""
        try:
            reply = self._client.command(report)
        except HubUnreachable:
            return False
        except HubError as error:
            self._give_up(report, str(error))
        else:
            if isinstance(reply, Refusal):
                if reply.reason is Reason.NOT_STORED:
                    return False
                self._give_up(report, reply.words)
        return True

    def _give_up(self, report: ReportDevice, why: str) -> None:
        self._newest.pop(report.device, None)
        logger.warning("%s: %s", report.device, why)
