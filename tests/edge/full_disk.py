"""A hub on a disk that takes nothing more for a while: the process may not write beyond a page."""

import json
import logging
import resource
import sys
from pathlib import Path

from contract.commands import Answer, IssueTicket
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
    printed_while_full = len(hub.prints) - prints
    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)

    after = _issue(hub)
    hub.restart()
    after_restart = _issue(hub)
    known = set(hub.hub.house.live.tickets)
    hub.close()
    report = {
        "refused": refused,
        "printed_while_full": printed_while_full,
        "after": after,
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
