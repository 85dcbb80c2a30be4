"""A hub on a disk that takes nothing more for a while: the process may not write beyond a page.

The printer does not know: it goes on, and says so.
"""

import json
import logging
import resource
import sys
from pathlib import Path

from contract.commands import Answer, IssueTicket, ReportDevice, ReportPrint
from contract.refusals import Refused
from edge.hub import Reply
from tests.edge.running_site import KIOSK, RunningHub, TestClock

TICKETS = 20
REFUSALS = 10
ONE_PAGE = 4096


def main(folder: Path) -> None:
    """Issue, let the disk be full, let it be empty again, restart; tell what happened."""
    logging.disable(logging.CRITICAL)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    hub = RunningHub(folder, TestClock())
    numbers = [_issue(hub) for _ in range(TICKETS)]

    prints = len(hub.prints)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ONE_PAGE, unlimited[1]))
    refused = [_issue(hub) for _ in range(REFUSALS)]
    seen, failed, doubtful, *held = numbers
    hub.hub.report(ReportPrint(seen, 1, "failed", reason="paper-out"))
    hub.hub.report(ReportPrint(seen, 1, "printed", "confirmed"))
    hub.hub.report(ReportPrint(failed, 1, "failed", reason="paper-out"))
    hub.hub.report(ReportPrint(doubtful, 1, "unknown", reason="line lost"))
    hub.hub.report(ReportDevice("printer-1", "lost", "paper-out"))
    refused += [_issue(hub) for _ in range(REFUSALS)]
    printed_while_full = len(hub.prints) - prints
    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)

    after = _issue(hub)
    tickets = hub.hub.house.live.tickets
    slips = [tickets[number].slip for number in (seen, failed, doubtful, *held[:1])]
    devices = {name: device.state for name, device in hub.hub.house.live.devices.items()}
    reprinted = [slip for slip in hub.prints if slip.copy > 1]
    hub.restart()
    reprinted_after_restart = [slip.number for slip in hub.prints if slip.copy > 1]
    after_restart = _issue(hub)
    known = set(hub.hub.house.live.tickets)
    hub.close()
    report = {
        "refused": refused,
        "printed_while_full": printed_while_full,
        "slips": slips,
        "devices": devices,
        "reprinted": reprinted,
        "after": after,
        "held": [*held, after],
        "reprinted_after_restart": reprinted_after_restart,
        "after_restart": after_restart,
        "unacknowledged": sorted(known ^ {*numbers, after, after_restart}),
    }
    sys.stdout.write(json.dumps(report))


def _issue(hub: RunningHub) -> str:
    reply: Reply = hub.give(KIOSK, IssueTicket(("1",)))
    if isinstance(reply, Refused):
        return reply.reason.value
    assert isinstance(reply, Answer)
    return reply.number or ""


if __name__ == "__main__":
    main(Path(sys.argv[1]))
