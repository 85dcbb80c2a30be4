"""A hub on a disk that takes nothing more for a while: the process may not write beyond a page.

The printer does not know: it goes on, and says so. Or the disk fails at one single write of a
ticket: a page of the journal's log, the mark beside it, or the mark's sync.
"""

import json
import logging
import os
import resource
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contract.commands import Answer, IssueTicket, ReportDevice, ReportPrint
from contract.refusals import Refused
from edge.hub import Reply
from tests.edge.running_site import KIOSK, RunningHub, TestClock

TICKETS = 20
REFUSALS = 10
ONE_PAGE = 4096
# How much more of the log the disk takes: each page of it is a header and 1 KB.
PARTS_OF_THE_LOG = (0, 24, 24 + 512)
# What a file that takes nothing, and one that takes and forgets, say to a write and to a sync.
PLACES_OF_THE_MARK = {"mark": "/dev/full", "mark-sync": "/dev/null"}


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


def one_write(folder: Path, where: str, *, restart: bool) -> None:
    """Let one write of a ticket fail; then the hub goes on, or is restarted at once."""
    logging.disable(logging.CRITICAL)
    hub = RunningHub(folder, TestClock())
    held = [_issue(hub) for _ in range(TICKETS)]
    key = uuid.uuid4()
    with _failing(folder, where):
        refused = _issue(hub, key)
    in_vain = len(hub.prints) - TICKETS
    if restart:
        hub.restart()
    held.append(_issue(hub))
    asked_again = _issue(hub, key)
    if asked_again.isdecimal():
        held.append(asked_again)
    hub.restart()
    held.append(_issue(hub))
    waiting = [ticket.number for ticket in hub.hub.snapshot().waiting]
    hub.close()
    aside = [path.name for path in folder.glob("journal-damaged-*")]
    report = {
        "refused": refused,
        "in_vain": in_vain,
        "asked_again": asked_again,
        "held": held,
        "waiting": waiting,
        "ghosts": sorted({slip.number for slip in hub.prints} - set(held)),
        "aside": aside,
    }
    sys.stdout.write(json.dumps(report))


@contextmanager
def _failing(folder: Path, where: str) -> Iterator[None]:
    if where not in PLACES_OF_THE_MARK:
        unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
        size = (folder / "journal.db-wal").stat().st_size + int(where)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, unlimited[1]))
        yield
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        return
    mark = _descriptor(folder / "high-water")
    whole, broken = os.dup(mark), os.open(PLACES_OF_THE_MARK[where], os.O_RDWR)
    os.dup2(broken, mark)
    yield
    os.dup2(whole, mark)
    os.close(whole)
    os.close(broken)


def _descriptor(path: Path) -> int:
    own = Path("/proc/self/fd")
    return next(int(fd.name) for fd in own.iterdir() if fd.resolve() == path.resolve())


def _issue(hub: RunningHub, key: uuid.UUID | None = None) -> str:
    reply: Reply = hub.give(KIOSK, IssueTicket(("1",)), key)
    if isinstance(reply, Refused):
        return reply.reason.value
    assert isinstance(reply, Answer)
    return reply.number or ""


if __name__ == "__main__":
    match sys.argv[1:]:
        case [folder]:
            main(Path(folder))
        case [folder, where, then]:
            one_write(Path(folder), where, restart=then == "restart")
