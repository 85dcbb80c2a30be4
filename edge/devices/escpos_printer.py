"""An ESC/POS printer with one thread that owns it: nobody else waits for it, whatever it does."""

import logging
import random
import threading
from collections import deque
from collections.abc import Callable

from msgspec import Struct

from contract.commands import ReportDevice, ReportPrint
from contract.events import PrintProof
from edge.devices import escpos_status as status
from edge.devices.escpos_line import EscposLine, LineTiming
from edge.devices.escpos_status import Automatic, Condition, InOrder, ProcessId, Status
from edge.devices.printer_profile import PrinterProfile
from edge.devices.transport import Transport
from edge.ticket.bands import MAX_BAND_BYTES
from edge.ticket.content import TicketContent
from edge.ticket.letters import LetterError
from edge.ticket.sheet import Sheet
from edge.ticket.template import TicketTemplate
from runtime.backoff import Backoff
from runtime.clock import Clock, SystemClock

logger = logging.getLogger(__name__)

Report = Callable[[ReportPrint | ReportDevice], None]

BYTES_ON_THE_WAY = 8192  # in the kernel's queue and the printer's buffer
_PROCESS_IDS = 10_000
# Then the usual way back has not helped; a printer without proofs is not flooded each time.
_HOPELESS_DOUBTS = 2
_NO_PROOF = "no-proof"
_RESTARTED = "restarted"
_RESET = b"\x1b@"
_USUAL = TicketTemplate()
# A printer cut off within a picture takes what follows for the rest of it: NUL ends the picture
# blank, and means nothing outside of one.
_FINISH_PICTURE = bytes(MAX_BAND_BYTES)
# One whose cable garbled a length may await this much.
_FINISH_ANYTHING = bytes(0xFFFF)
# Where that was a picture's width or height it awaits megabytes: they are sent by the piece, so
# that jobs fail in time, for about a quarter of an hour on a serial cable.
_PIECE_S = 4.0
_MOST_PIECES = 200


class PrintJob(Struct, frozen=True):
    """One slip: the `copy`-th of ticket `number`, in words."""

    number: str
    copy: int
    content: TicketContent


class SheetJob(Struct, frozen=True):
    """A slip that is no ticket; `hear` is told from the printer's thread what became of it."""

    sheet: Sheet
    hear: Callable[[ReportPrint], object]
    number: str = "0"
    copy: int = 1


class Timing(Struct, frozen=True):
    """How long a printer is waited for, in seconds.

    `proof_s` for the end of printing once all bytes are handed over; `patience_s` for a printer
    that cannot print before waiting jobs fail; `poll_s` between looks at an idle printer;
    `reconnect` between tries to reach one that is gone.
    """

    line: LineTiming = LineTiming()
    proof_s: float = 4.0
    patience_s: float = 5.0
    poll_s: float = 2.0
    reconnect: Backoff = Backoff(first_s=0.5, cap_s=15.0)


class EscposPrinter:
    """Prints jobs one by one and reports what became of each, from its own thread.

    A slip is reported "printed" with a proof, "sent" when a printer that cannot answer took all of
    it, "failed" when nothing of it went out, or "unknown"; it is never printed twice: a further
    copy is the hub's decision. A letter that the printer lacks makes that slip a picture, which
    every printer prints. While the printer cannot print (paper out, cover open, gone), waiting jobs
    fail after `patience_s`, and later ones at once.
    Each change of state is reported once. `report` must not block.
    """

    def __init__(
        self,
        *,
        device: str,
        transport: Transport,
        profile: PrinterProfile,
        report: Report,
        template: TicketTemplate = _USUAL,
        timing: Timing | None = None,
        line_clock: Clock | None = None,
    ) -> None:
        self._device = device
        self._profile = profile
        self._template = template
        self._report = report
        self._timing = timing or Timing()
        self._clock = line_clock or SystemClock()
        self._line = EscposLine(
            transport, self._timing.line, self._clock, answers=profile.proof != "none"
        )
        self._renderer = profile.renderer()
        self._pictures = profile.pictures()
        self._random = random.Random()  # noqa: S311 - spreads reconnects, guards nothing
        self._process_id = self._random.randrange(_PROCESS_IDS)

        self._changed = threading.Condition()
        self._jobs: deque[PrintJob | SheetJob] = deque()
        self._job_arrived = False
        self._closing = False

        self._told: ReportDevice | None = None
        self._failures = 0
        self._unready_since_s: float | None = None
        self._before_ticket = _FINISH_PICTURE
        self._doubts = 0  # since the last proof
        self._pieces = 0  # of blank bytes, which it swallowed since the last doubt
        # Some clones do not answer in order: silence tells nothing until one has answered once.
        self._asked_for_proof = False
        self._proves = False
        self._owner = threading.Thread(target=self._own, name=device, daemon=True)
        self._owner.start()

    def print(self, job: PrintJob | SheetJob) -> None:
        """Queue `job`; its outcome comes through `report`, or to who asked for a sheet."""
        with self._changed:
            self._jobs.append(job)
            self._job_arrived = True
            self._changed.notify()

    def close(self) -> None:
        """Finish the slip in hand, drop the rest unreported, and let the printer go."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._owner.join()

    def _own(self) -> None:
        pause_s = 0.0
        try:
            while not self._closed_within(pause_s):
                state = self._state()
                self._tell(state)
                pause_s = (
                    self._serve() if state.condition is None else self._endure(state.condition)
                )
        finally:
            self._line.close()

    def _state(self) -> Status:
        """What the printer says of itself, which is not all: one that swallows a picture of
        megabytes is well. So after a slip in doubt it must answer in order, if it ever did."""
        state = self._line.state()
        if state.condition is None and self._doubts and self._proves and not self._rescued():
            return Status(self._line.state().condition or "printer-error")
        return state

    def _rescued(self) -> bool:
        """Send a piece of blank bytes; whether the printer answers in order then.

        One that still does not after many is taken for one that has no answers.
        """
        _, obstacle = self._line.send(self._before_ticket)
        if obstacle is not None:
            return False
        # It may still be busy with paper at first.
        wait_s = self._timing.line.answer_s if self._pieces else self._timing.proof_s / 2
        if self._answers(wait_s + MAX_BAND_BYTES * self._line.byte_s):
            self._before_ticket = b""
            self._doubts = self._pieces = 0
            return True
        self._pieces += 1
        if self._pieces == _MOST_PIECES:
            self._proves, self._pieces = False, 0
        at_once = int(_PIECE_S / self._line.byte_s) if self._line.byte_s else len(_FINISH_ANYTHING)
        self._finish(_FINISH_ANYTHING[: max(at_once, MAX_BAND_BYTES)])
        return False

    def _closed_within(self, pause_s: float) -> bool:
        """Wait for the next look: until `pause_s` is over, a job arrives, or the end is near."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._job_arrived, pause_s)
            self._job_arrived = False
            return self._closing

    def _tell(self, state: Status) -> None:
        """Report `state` if it is news; let a printer that is back report its own changes."""
        if state.condition is not None:
            news = ReportDevice(self._device, "lost", state.condition)
        else:
            news = ReportDevice(self._device, "paper-low" if state.paper_low else "ready")
        if news == self._told:
            return
        is_back = news.state != "lost" and (self._told is None or self._told.state == "lost")
        if is_back and self._ask_for_changes:
            self._line.request(
                self._ask_for_changes,
                lambda said: isinstance(said, Automatic),
                self._timing.line.answer_s,
            )
        logger.info("%s is %s %s", self._device, news.state, news.condition)
        self._told = news
        self._report(news)

    def _serve(self) -> float:
        """Print the next job, if any, and say when to look again."""
        self._failures = 0
        self._unready_since_s = None
        with self._changed:
            job = self._jobs.popleft() if self._jobs else None
        if job is None:
            self._clear()
            return self._timing.poll_s
        self._settle(job, self._print(job))
        return 0.0

    def _clear(self) -> None:
        """Do while nobody waits what would hold up the next slip: 4 s at 9600 baud.

        A printer's first answer in order tells that a later silence means a slip swallowed.
        """
        if self._before_ticket:
            _, obstacle = self._line.send(self._before_ticket)
            if obstacle is not None:
                return
            self._before_ticket = b""
        if self._profile.proof != "none" and not self._asked_for_proof:
            self._asked_for_proof = True
            self._answers(self._timing.line.answer_s + MAX_BAND_BYTES * self._line.byte_s)

    def _endure(self, condition: Condition) -> float:
        """Let jobs wait while patience lasts, then fail them; say when to look again."""
        now_s = self._clock.stamp().mono_s
        if self._unready_since_s is None:
            self._unready_since_s = now_s
        patience_s = 0.0 if self._pieces else self._timing.patience_s
        left_s = self._unready_since_s + patience_s - now_s
        if left_s <= 0:
            self._fail_all(condition)
        look_again_s = self._timing.line.answer_s
        if not self._line.connected:
            self._failures += 1
            look_again_s = self._timing.reconnect.pause_s(self._failures, self._random.random)
        return min(look_again_s, left_s) if left_s > 0 else look_again_s

    def _fail_all(self, condition: Condition) -> None:
        with self._changed:
            jobs = tuple(self._jobs)
            self._jobs.clear()
        for job in jobs:
            self._settle(job, ReportPrint(job.number, job.copy, "failed", reason=condition))

    def _settle(self, job: PrintJob | SheetJob, outcome: ReportPrint) -> None:
        if isinstance(job, SheetJob):
            job.hear(outcome)
        else:
            self._report(outcome)

    def _print(self, job: PrintJob | SheetJob) -> ReportPrint:
        """Send one slip to a printer that just said it can print; say what became of it."""
        try:
            slip = self._drawn(job)
        except Exception:
            # The owner must outlive a ticket that cannot be drawn, or nothing is printed any more.
            logger.exception("%s cannot draw ticket %s", self._device, job.number)
            return ReportPrint(job.number, job.copy, "failed", reason="unprintable")
        if job.copy > 1 and not self._proves and not self._before_ticket:
            self._mistrust(job.copy - 1)
        _, obstacle = self._line.send(self._before_ticket + _RESET + self._ask_for_changes)
        if obstacle is not None:
            return ReportPrint(job.number, job.copy, "failed", reason=obstacle)
        self._line.watch()
        sent, obstacle = self._line.send(slip)
        if not sent:
            return ReportPrint(job.number, job.copy, "failed", reason=obstacle or _NO_PROOF)
        self._before_ticket = b""
        doubt = obstacle or self._doubt()
        if doubt is None and self._line.may_have_restarted:
            doubt = _RESTARTED
        if doubt is None and self._profile.proof == "none":
            return ReportPrint(job.number, job.copy, "sent")
        if doubt is None:
            self._doubts = 0
            confirmed = self._profile.proof == "process-id"
            proof: PrintProof = "confirmed" if confirmed else "assumed"
            return ReportPrint(job.number, job.copy, "printed", proof)
        if obstacle is not None or self._profile.proof != "none":
            # What still waits on the way would reach a printer that no longer knows its middle.
            self._line.close()
            self._doubts += 1
            self._mistrust(self._doubts)
        return ReportPrint(job.number, job.copy, "unknown", reason=doubt)

    def _mistrust(self, times: int) -> None:
        """Let the next slip begin anew at a printer that may await the rest of another."""
        self._finish(_FINISH_ANYTHING if times == _HOPELESS_DOUBTS else _FINISH_PICTURE)

    def _finish(self, blank: bytes) -> None:
        self._before_ticket = blank + _RESET + self._renderer.end()

    def _drawn(self, job: PrintJob | SheetJob) -> bytes:
        if isinstance(job, SheetJob):
            return self._pictures.encode_sheet(job.sheet)
        content = self._template.apply(job.content)
        try:
            return self._renderer.encode(content)
        except LetterError as error:
            logger.warning("%s prints ticket %s as a picture: %s", self._device, job.number, error)
            return self._pictures.encode(content)

    def _doubt(self) -> str | None:
        """Why it is not known that all that was sent came out; None when the printer proved it, or
        cannot answer."""
        wait_s = self._timing.proof_s + BYTES_ON_THE_WAY * self._line.byte_s
        match self._profile.proof:
            case "none":
                return None
            case "process-id":
                if self._answers(wait_s):
                    return None
                return self._line.state().condition or _NO_PROOF
            case "status":
                # What did not answer before it was sent anything most likely never will.
                silent = self._asked_for_proof and not self._proves
                answered = self._answers(wait_s / 2 if silent else wait_s)
                suspect = not answered and (self._proves or not self._line.connected)
                return self._line.state().condition or (_NO_PROOF if suspect else None)

    def _answers(self, wait_s: float) -> bool:
        """Whether the printer says within `wait_s` that it has done all that it was sent."""
        if self._profile.proof == "process-id":
            self._process_id = (self._process_id + 1) % _PROCESS_IDS
            echo = ProcessId(f"{self._process_id:04d}".encode())
            command = status.ask_process_id(echo.id)
            answered = self._line.request(command, lambda said: said == echo, wait_s)
        else:
            wanted = InOrder()
            answered = self._line.request(status.ASK_IN_ORDER, lambda said: said == wanted, wait_s)
        self._proves |= answered
        return answered

    @property
    def _ask_for_changes(self) -> bytes:
        return status.ASK_FOR_CHANGES if self._profile.automatic_status else b""
