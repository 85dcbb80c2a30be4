"""The imperative shell around the queue: one inbox, one writer, facts before effects.

Anything may post orders from any thread. The writer takes what has gathered, lets the pure core
decide, makes the rows durable in one transaction, and only then answers, prints and shows.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import NamedTuple

from contract.codec import decode_entry
from contract.commands import Answer, Order, ReportDevice, ReportPrint
from contract.day_log import LogPage
from contract.day_report import DayReport
from contract.events import (
    Entry,
    NodeStarted,
    PrintFailed,
    SlipSent,
    TicketIssued,
    TicketPrinted,
    TicketVoided,
)
from contract.refusals import Reason, Refused
from contract.site_rules import Rules
from contract.snapshot import LinkView, Snapshot
from contract.stamp import Stamp
from edge.core.answer import answer
from edge.core.calendar import clock_step, day_to_open
from edge.core.effects import Slip, slip_to_print, slips_after_restart
from edge.core.house import HUB, NO_COMMAND, House, carry_out, record
from edge.core.log import log_page
from edge.core.numbering import is_training
from edge.core.report import day_report
from edge.core.state import ENDED, State
from edge.core.view import snapshot
from edge.draft import Draft
from edge.node_identity import Identity
from edge.store.high_water import Mark
from edge.store.journal import Journal, StoreError
from edge.store.recovery import check, keep_checkpoint, open_stores, unanswered
from edge.unstored_reports import UnstoredReports
from runtime.clock import Clock
from runtime.folder_lock import FolderLock

logger = logging.getLogger(__name__)

_ORDERS_PER_COMMIT = 64
_ROWS_PER_CHECKPOINT = 1000
_ROWS_PER_COMMAND = 8
_NEVER_TOLD = "not-stored"

Reply = Answer | Refused
PrintSlip = Callable[[Slip, State, bool], None]


class _Request(NamedTuple):
    order: Order
    reply: Future[Reply]


class Hub:
    """One site's queue. Start it, submit orders, read snapshots, close it."""

    def __init__(
        self, identity: Identity, rules: Rules, folder: Path, clock: Clock, print_slip: PrintSlip
    ) -> None:
        """Open the stores in `folder`. Raises StoreError when they cannot be used, and
        FolderInUseError when another hub works there.

        `print_slip(slip, queue, training)` is called by the writer and must not block. `damage`
        says why only a restart can help, once the disk has spoiled the journal.
        """
        self.identity = identity
        self.rules = rules
        self._clock = clock
        self._print_slip = print_slip
        self._lock = FolderLock(folder)
        try:
            self._stores = open_stores(folder)
        except BaseException:
            self._lock.release()
            raise
        self._house = self._stores.house
        self._stamp = clock.stamp()
        self._rows_since_checkpoint = self._stores.replayed
        self._broken = False
        self._unstored_reports = UnstoredReports()
        self._at_printer: set[Slip] = set()
        self.damage: str | None = None
        self._inbox: SimpleQueue[_Request | None] = SimpleQueue()
        self._listeners: list[Callable[[], None]] = []
        self._link: Callable[[], LinkView] = lambda: LinkView(False, 0, configured=False)
        self._writer = Thread(target=self._run, name=f"hub-{identity.node}", daemon=True)

    @property
    def journal(self) -> Journal:
        """The journal, to read from and to move its cursor."""
        return self._stores.journal

    @property
    def house(self) -> House:
        """Everything the hub knows now: an immutable value."""
        return self._house

    @property
    def is_empty(self) -> bool:
        """Whether nobody is in the house, so that a restart disturbs no one; who was left over from
        a day that is over has gone, though nothing has opened the next one yet."""
        live = self._house.live
        due = day_to_open(live, self._clock.stamp())
        if due is not None:
            return not due.carried
        return all(ticket.phase in ENDED for ticket in live.tickets.values())

    def start(self) -> None:
        """Note the start, open the day, see to the slips that nobody saw, and take orders."""
        self._begin()
        self._writer.start()

    def listen(self, changed: Callable[[], None]) -> None:
        """Call `changed` from the writer's thread after every commit; it must not block."""
        self._listeners.append(changed)

    def show_link(self, link: Callable[[], LinkView]) -> None:
        """Let snapshots tell what `link` says of the line to the centre."""
        self._link = link

    def submit(self, order: Order) -> Future[Reply]:
        """Post an order from any thread; the future holds its answer once that is durable."""
        reply: Future[Reply] = Future()
        self._inbox.put(_Request(order, reply))
        return reply

    def report(self, command: ReportPrint | ReportDevice) -> None:
        """Post what a device's owner has to say; it is kept while the disk takes nothing."""
        training = isinstance(command, ReportPrint) and is_training(command.number)
        self.submit(Order(NO_COMMAND, HUB, command, training))

    def snapshot(self, *, training: bool = False) -> Snapshot:
        """The whole site now, for any thread."""
        return snapshot(
            self.rules,
            self.identity.node,
            self._house,
            self._clock.stamp(),
            self._link(),
            training=training,
        )

    def log(self, *, before: int | None = None, limit: int = 50, training: bool = False) -> LogPage:
        """What of the day deserves an explanation, newest first, older than row `before`.

        Reads the day's rows, for any thread but the writer's. Raises StoreError.
        """
        house, now = self._house, self._clock.stamp()
        queue = house.queue(training=training)
        rows = self._rows_of_the_day(house, training)
        return log_page(self.rules, queue, rows, now, before=before, limit=limit)

    def day_report(self, *, training: bool = False) -> DayReport:
        """The day's figures so far; reads the day's rows as `log` does. Raises StoreError."""
        house = self._house
        day = house.queue(training=training).day
        return day_report(self.rules, day, self._rows_of_the_day(house, training))

    def close(self) -> None:
        """Finish what is in the inbox, keep a checkpoint, and close the stores."""
        if self._writer.is_alive():
            self._inbox.put(None)
            self._writer.join()
        self._stores.journal.close()
        self._stores.high_water.close()
        self._lock.release()

    def _rows_of_the_day(self, house: House, training: bool) -> Iterator[Entry]:
        opened = house.queue(training=training).today.opened_seq
        for row in self.journal.rows(after=max(0, opened - 1)):
            if row.seq > house.seq:
                return
            entry = decode_entry(row.body)
            if entry.training == training:
                yield entry

    # --- the writer ---------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._take_orders()
        except Exception as error:
            logger.exception("The hub cannot go on; a restart reads everything anew")
            self.damage = f"the writer ended: {error}"

    def _take_orders(self) -> None:
        taking_orders = True
        while taking_orders:
            gathered = self._gather()
            taking_orders = None not in gathered
            requests = [r for r in gathered if r is not None]
            self._serve([r for r in requests if r.reply.set_running_or_notify_cancel()])
        if self._broken:
            self._serve(())  # a last try: after a restart nobody knows what was refused
        self._keep_checkpoint()

    def _gather(self) -> list[_Request | None]:
        gathered = [self._inbox.get()]
        while len(gathered) < _ORDERS_PER_COMMIT and gathered[-1] is not None:
            try:
                gathered.append(self._inbox.get_nowait())
            except Empty:
                break
        return gathered

    def _serve(self, requests: Sequence[_Request]) -> None:
        try:
            if self._broken:
                self._mend()
            draft = Draft(self._house)
            said: list[Reply | Exception] = [self._attempt(draft, r.order) for r in requests]
            self._commit(draft)
        except StoreError:
            if not self._broken:
                logger.exception("Nothing can be stored, so nothing is issued or changed")
            self._broken = True
            said = [Refused(Reason.NOT_STORED)] * len(requests)
            self._unstored_reports.keep(request.order for request in requests)
        for request, reply in zip(requests, said, strict=True):
            if isinstance(reply, Exception):
                request.reply.set_exception(reply)
            else:
                request.reply.set_result(reply)

    def _attempt(self, draft: Draft, order: Order) -> Reply | Exception:
        try:
            return self._answer(draft, order)
        except StoreError:
            raise
        except Exception as error:  # one order must never stop the others
            logger.exception("An order could not be decided: %s", type(order.command).__name__)
            return error

    def _answer(self, draft: Draft, order: Order) -> Reply:
        if order.command_id != NO_COMMAND:
            earlier = draft.said.get(order.command_id) or self._said_before(order.command_id)
            if earlier is not None:
                asker, reply = earlier
                return reply if asker == order.actor.id else Refused(Reason.KEY_REUSED)
        stamp = self._read_clock(draft)
        turn = carry_out(self.rules, draft.house, order, stamp)
        draft.take(turn)
        mine = [entry for entry in turn.entries if entry.actor == order.actor.id]
        said = turn.refused or answer(mine, turn.house.seq)
        draft.said[order.command_id] = (order.actor.id, said)
        return said

    def _read_clock(self, draft: Draft) -> Stamp:
        before, self._stamp = self._stamp, self._clock.stamp()
        step = clock_step(before, self._stamp)
        if step is not None:
            draft.take(record(draft.house, (step,), HUB, self._stamp))
        return self._stamp

    def _said_before(self, command_id: bytes) -> tuple[str, Reply] | None:
        first = self.journal.find_command(command_id)
        if first is None:
            return None
        entries = [decode_entry(first.body)]
        for row in self.journal.read(after=first.seq, limit=_ROWS_PER_COMMAND):
            entry = decode_entry(row.body)
            if (entry.command_id, entry.actor) != (NO_COMMAND, entries[0].actor):
                break
            entries.append(entry)
        return entries[0].actor, self._voided_since(entries[-1]) or answer(entries, first.seq)

    def _voided_since(self, entry: Entry) -> Refused | None:
        """The refusal to name a ticket again that is void by now: nobody waits with it."""
        if isinstance(entry.event, TicketIssued):
            number = entry.event.number
            ticket = self._house.queue(training=entry.training).tickets.get(number)
            if ticket and (ticket.phase, ticket.place) == ("void", entry.seq):
                return Refused(Reason.TICKET_ENDED, {"number": number})
        return None

    def _commit(self, draft: Draft) -> None:
        house, entries = draft.house, draft.entries
        if not entries:
            return
        self.journal.append(draft.rows)
        self._stores.high_water.write(
            Mark(
                self.journal.epoch,
                self.journal.last_seq,
                self.journal.last_hash,
                house.live.day,
                house.live.orders,
            )
        )
        self._house = house
        for entry in entries:
            if isinstance(entry.event, TicketPrinted | SlipSent | PrintFailed):
                self._at_printer.discard(Slip(entry.event.number, entry.event.copy))
            slip = slip_to_print(entry)
            queue = house.queue(training=entry.training)
            if slip and _take_effect(self._print_slip, slip, queue, entry.training):
                self._at_printer.add(slip)
            elif slip:
                self.report(ReportPrint(slip.number, slip.copy, "failed", reason="unprintable"))
        for changed in self._listeners:
            _take_effect(changed)
        self._rows_since_checkpoint += len(entries)
        if self._rows_since_checkpoint >= _ROWS_PER_CHECKPOINT:
            self._keep_checkpoint()

    def _begin(self) -> None:
        identity, stamp = self.identity, self._clock.stamp()
        draft = Draft(self._house)
        started = NodeStarted(identity.software, identity.config)
        draft.take(record(draft.house, (started,), HUB, stamp))
        for training in (False, True):
            opening = day_to_open(draft.house.queue(training=training), stamp)
            if opening is not None:
                draft.take(record(draft.house, (opening,), HUB, stamp, training))
        for report in self._unstored_reports:
            self._attempt(draft, report)
        live = draft.house.live
        slips = slips_after_restart(self.rules, live, stamp, self._at_printer)
        draft.take(record(draft.house, slips, HUB, stamp))
        self._commit(draft)
        self._unstored_reports.clear()

    def _mend(self) -> None:
        # What a failed sync left on the disk is known only to the disk: read everything anew.
        self.journal.reopen()
        rebuilt = check(self.journal, self._stores.high_water.mark)
        if rebuilt.damage is not None:
            self.damage = rebuilt.damage
            logger.error("%s; a restart goes on in a new journal", self.damage)
            raise StoreError(self.damage)
        self._take_back(rebuilt.house)
        self._begin()
        self._broken = False
        logger.info("What happens is stored again")

    def _take_back(self, house: House) -> None:
        """Go on from `house`, but void the tickets of those who were told that none is stored."""
        draft, stamp = Draft(house), self._clock.stamp()
        for entry in unanswered(self.journal, self._stores.high_water.mark):
            if not isinstance(entry.event, TicketIssued):
                continue
            queue = draft.house.queue(training=entry.training)
            ticket = queue.tickets.get(entry.event.number)
            if ticket and ticket.phase not in ENDED:
                void = TicketVoided(ticket.number, _NEVER_TOLD)
                draft.take(record(draft.house, (void,), HUB, stamp, entry.training))
        self._commit(draft)
        self._house = draft.house

    def _keep_checkpoint(self) -> None:
        try:
            keep_checkpoint(self.journal, self._house)
        except StoreError as error:
            logger.warning("No checkpoint was kept, the next start takes longer: %s", error)
        self._rows_since_checkpoint = 0


def _take_effect(effect: Callable[..., None], *details: object) -> bool:
    try:
        effect(*details)
    except Exception:  # the fact is stored and stands, whatever its effect meets
        logger.exception("Something that should follow a stored row did not happen")
        return False
    return True
