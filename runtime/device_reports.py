"""News of devices on their way to the hub, in order, as often as it takes."""

import logging
import queue
import threading

from contract.commands import ReportDevice
from contract.refusals import Refused
from runtime.hub_client import HubClient, HubError, HubUnreachable

logger = logging.getLogger(__name__)

_AGAIN_S = 5.0


class DeviceReports:
    """Passes reports on from a thread of its own, so that no device waits for the hub."""

    def __init__(self, client: HubClient) -> None:
        self._client = client
        self._reports: queue.SimpleQueue[ReportDevice | None] = queue.SimpleQueue()
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
        while (report := self._reports.get()) is not None:
            while not self._told(report) and not self._closing.wait(_AGAIN_S):
                pass

    def _told(self, report: ReportDevice) -> bool:
        """Whether the hub has answered, even if with a refusal."""
        try:
            reply = self._client.command(report)
        except HubUnreachable:
            return False
        except HubError as error:
            logger.warning("%s: %s", report.device, error)
        else:
            if isinstance(reply, Refused):
                logger.warning("%s: %s", report.device, reply.words)
        return True
