"""The way to the centre as a state machine: over any line and any centre, nothing is skipped."""

from typing import Literal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contract.wire import VERSION, Ack
from edge.upstream.outbox import Outbox, OutboxLimits, Run, Verdict, Wait

EPOCH = "00000000000000aa"
OTHER_EPOCH = "00000000000000bb"
LIMITS = OutboxLimits(
    batch_entries=5, in_flight_entries=20, coalesce_s=0.1, patience_s=10, longest_patience_s=60
)


def ack(committed: int, epoch: str = EPOCH) -> Ack:
    return Ack(VERSION, epoch, committed)


def connected(last_seq: int, confirmed: int = 0, limits: OutboxLimits = LIMITS) -> Outbox:
    outbox = Outbox(EPOCH, confirmed, last_seq, limits)
    outbox.connect()
    return outbox


def send_all(outbox: Outbox, now_s: float) -> list[Run]:
    """Send until the outbox waits."""
    runs = []
    while isinstance(step := outbox.next(now_s), Run):
        runs.append(step)
        outbox.sent_up_to(step.after + step.limit, now_s)
    return runs


def test_without_a_connection_nothing_is_sent() -> None:
    assert Outbox(EPOCH, 0, 7, LIMITS).next(0) == Wait(None)


def test_with_nothing_to_send_it_waits_for_something_to_happen() -> None:
    assert connected(7, confirmed=7).next(0) == Wait(None)


def test_a_backlog_goes_at_once_behind_the_cursor_in_contiguous_runs() -> None:
    outbox = connected(12, confirmed=3)
    assert send_all(outbox, 0) == [Run(3, 5)]
    assert outbox.answered(ack(8), 1) is Verdict.PROGRESS
    assert send_all(outbox, 1) == [Run(8, 4)]


def test_entries_of_the_last_seconds_are_not_overdue() -> None:
    outbox = connected(0)
    for second in range(100, 120):
        outbox.appended(second, now_s=second)
        outbox.answered(ack(second - 1), second)
        assert outbox.overdue == 0


def test_entries_that_nobody_confirms_are_overdue_within_two_looks() -> None:
    outbox = connected(3, confirmed=3)
    outbox.appended(10, now_s=100)
    assert outbox.overdue == 0
    outbox.appended(12, now_s=104)
    assert outbox.overdue == 0
    outbox.appended(12, now_s=105)
    assert outbox.overdue == 7
    outbox.answered(ack(12), 106)
    assert outbox.overdue == 0


def test_a_backlog_of_before_the_start_is_overdue_at_once() -> None:
    outbox = connected(700, confirmed=200)
    outbox.appended(700, now_s=100)
    assert outbox.overdue == 500


def test_a_new_entry_waits_a_moment_for_company() -> None:
    outbox = connected(0)
    outbox.appended(1, now_s=50)
    assert outbox.next(50) == Wait(50.1)
    outbox.appended(3, now_s=50.09)
    assert outbox.next(50.1) == Run(0, 3)


def test_a_full_batch_does_not_wait_for_company() -> None:
    outbox = connected(0)
    outbox.appended(5, now_s=50)
    assert outbox.next(50) == Run(0, 5)


def test_what_did_not_fit_into_a_batch_follows_at_once() -> None:
    outbox = connected(4)
    assert outbox.next(0) == Run(0, 4)
    outbox.sent_up_to(2, 0)
    assert outbox.next(0) == Run(2, 2)


def test_what_is_in_flight_grows_by_what_is_confirmed_up_to_the_window() -> None:
    outbox = connected(1000)
    in_flight = []
    for now_s in range(6):
        send_all(outbox, now_s)
        in_flight.append(outbox.in_flight)
        outbox.answered(ack(outbox.sent), now_s)
    assert in_flight == [5, 10, 20, 20, 20, 20]


def test_silence_makes_it_send_one_entry_again_ever_more_rarely() -> None:
    outbox = connected(1000)
    assert send_all(outbox, 0) == [Run(0, 5)]
    assert outbox.next(9.9) == Wait(10)
    resent = {now_s: runs for now_s in range(10, 300) if (runs := send_all(outbox, now_s))}
    assert resent == {now_s: [Run(0, 1)] for now_s in (10, 30, 70, 130, 190, 250)}


def test_an_answer_ends_the_silence_and_restores_patience() -> None:
    outbox = connected(1000)
    send_all(outbox, 0)
    send_all(outbox, 10)
    assert outbox.answered(ack(1), 11) is Verdict.PROGRESS
    assert send_all(outbox, 11) == [Run(1, 2)]
    assert outbox.next(20.9) == Wait(21)
    assert outbox.next(21) == Run(1, 1)


def test_an_answer_to_what_was_sent_before_the_silence_is_not_sent_again() -> None:
    outbox = connected(1000)
    send_all(outbox, 0)
    assert send_all(outbox, 10) == [Run(0, 1)]
    assert outbox.answered(ack(5), 11) is Verdict.PROGRESS
    assert isinstance(step := outbox.next(11), Run)
    assert step.after == 5


def test_a_new_connection_starts_again_at_the_watermark() -> None:
    outbox = connected(1000)
    send_all(outbox, 0)
    outbox.answered(ack(3), 1)
    send_all(outbox, 1)
    outbox.disconnect()
    assert outbox.next(2) == Wait(None)
    outbox.connect()
    assert outbox.next(3) == Run(3, 4)


def test_connections_that_break_on_large_messages_make_it_try_smaller_ones() -> None:
    """A broker that takes two entries and no more in a message ends every other connection."""
    outbox = connected(1000)
    taken = []
    for now_s in range(8):
        step = outbox.next(now_s)
        assert isinstance(step, Run)
        outbox.sent_up_to(step.after + step.limit, now_s)
        if step.limit <= 2:
            taken.append(step.limit)
            outbox.answered(ack(outbox.sent), now_s)
        else:
            outbox.disconnect()
            outbox.connect()
    assert taken == [2, 2, 2, 2]


def test_a_centre_that_lost_what_it_had_confirmed_gets_it_again() -> None:
    """A centre restored from last night's backup answers with a lower watermark."""
    outbox = connected(101, confirmed=100)
    send_all(outbox, 0)
    assert outbox.answered(ack(40), 1) is Verdict.STALE
    assert isinstance(outbox.next(5), Wait)
    assert outbox.next(10) == Run(40, 1)
    assert outbox.answered(ack(41), 11) is Verdict.PROGRESS
    assert outbox.next(11) == Run(41, 2)


def test_answers_that_cannot_be_meant_change_nothing() -> None:
    outbox = connected(10, confirmed=3)
    send_all(outbox, 0)
    assert outbox.answered(ack(9, OTHER_EPOCH), 1) is Verdict.OTHER_EPOCH
    assert outbox.answered(ack(11), 1) is Verdict.BEYOND_JOURNAL
    assert outbox.answered(ack(-1), 1) is Verdict.BEYOND_JOURNAL
    assert outbox.answered(Ack(VERSION + 1, EPOCH, 9), 1) is Verdict.OTHER_VERSION
    assert (outbox.confirmed, outbox.sent) == (3, 8)
    assert outbox.next(10) == Run(3, 1)


class AnyLineAnyCentre(RuleBasedStateMachine):
    """Batches and answers are lost, doubled, delayed and reordered; the centre forgets."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 1000.0
        self.last_seq = 0
        self.going_up: list[range] = []
        self.coming_down: list[int] = []
        self.stored: set[int] = set()
        self.told = 0

    @initialize(confirmed=st.integers(0, 30), unsent=st.integers(0, 30))
    def start(self, confirmed: int, unsent: int) -> None:
        self.last_seq = confirmed + unsent
        self.stored = set(range(1, confirmed + 1))
        self.told = confirmed
        self.outbox = Outbox(EPOCH, confirmed, self.last_seq, LIMITS)

    @rule(count=st.integers(1, 8))
    def append(self, count: int) -> None:
        self.last_seq += count
        self.outbox.appended(self.last_seq, self.now_s)

    @rule(seconds=st.sampled_from([0.01, 0.1, 1.0, 10.0, 60.0]))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds

    @rule()
    def connect(self) -> None:
        self.outbox.connect()

    @rule()
    def lose_connection(self) -> None:
        self.outbox.disconnect()

    @rule(data=st.data(), window_full=st.booleans())
    def turn(self, data: st.DataObject, window_full: bool) -> None:
        step = self.outbox.next(self.now_s)
        if isinstance(step, Wait):
            assert step.until_s is None or step.until_s > self.now_s
            return
        assert self.outbox.connected
        assert step.after == self.outbox.sent
        assert 1 <= step.limit <= LIMITS.batch_entries
        assert step.after + step.limit <= self.last_seq
        if not window_full:
            last = step.after + data.draw(st.integers(1, step.limit))
            self.outbox.sent_up_to(last, self.now_s)
            self.going_up.append(range(step.after + 1, last + 1))

    @precondition(lambda self: self.going_up)
    @rule(data=st.data(), fate=st.sampled_from(["arrives", "arrives and stays", "is lost"]))
    def batch(
        self, data: st.DataObject, fate: Literal["arrives", "arrives and stays", "is lost"]
    ) -> None:
        index = data.draw(st.integers(0, len(self.going_up) - 1))
        run = self.going_up[index]
        if fate != "arrives and stays":
            del self.going_up[index]
        if fate != "is lost":
            self.stored.update(run)
            self.told = max(self.told, self.watermark)
            self.coming_down.append(self.watermark)

    @precondition(lambda self: self.coming_down)
    @rule(data=st.data(), fate=st.sampled_from(["arrives", "arrives and stays", "is lost"]))
    def answer(
        self, data: st.DataObject, fate: Literal["arrives", "arrives and stays", "is lost"]
    ) -> None:
        index = data.draw(st.integers(0, len(self.coming_down) - 1))
        committed = self.coming_down[index]
        if fate != "arrives and stays":
            del self.coming_down[index]
        if fate != "is lost":
            verdict = self.outbox.answered(ack(committed), self.now_s)
            assert verdict in (Verdict.PROGRESS, Verdict.STALE)

    @rule(committed=st.integers(-5, 100), epoch=st.sampled_from([EPOCH, OTHER_EPOCH]))
    def nonsense(self, committed: int, epoch: str) -> None:
        if epoch == EPOCH and 0 <= committed <= self.last_seq:
            return
        before = vars(self.outbox).copy()
        assert self.outbox.answered(ack(committed, epoch), self.now_s) in (
            Verdict.OTHER_EPOCH,
            Verdict.BEYOND_JOURNAL,
        )
        assert vars(self.outbox) == before

    @rule(keep=st.integers(0, 20))
    def centre_is_restored_from_a_backup(self, keep: int) -> None:
        self.stored = {seq for seq in self.stored if seq <= keep}

    @invariant()
    def only_the_centre_confirms(self) -> None:
        if self.outbox_exists:
            assert 0 <= self.outbox.confirmed <= self.told
            assert self.outbox.confirmed <= self.outbox.sent <= self.last_seq
            assert 1 <= self.outbox.allowance <= LIMITS.in_flight_entries
            assert self.outbox.in_flight <= self.outbox.allowance

    def teardown(self) -> None:
        """Once line and centre behave, the centre soon has everything and the outbox knows."""
        if not self.outbox_exists:
            return
        self.last_seq += 1
        self.outbox.appended(self.last_seq, self.now_s)
        self.outbox.connect()
        for _ in range(1000):
            if self.outbox.confirmed == self.watermark == self.last_seq:
                return
            step = self.outbox.next(self.now_s)
            if isinstance(step, Run):
                self.outbox.sent_up_to(step.after + step.limit, self.now_s)
                self.stored.update(range(step.after + 1, step.after + step.limit + 1))
                self.outbox.answered(ack(self.watermark), self.now_s)
            else:
                assert step.until_s is not None, "waits for ever with entries unconfirmed"
                self.now_s = step.until_s
        raise AssertionError("the centre does not get everything")

    @property
    def outbox_exists(self) -> bool:
        return hasattr(self, "outbox")

    @property
    def watermark(self) -> int:
        seq = 0
        while seq + 1 in self.stored:
            seq += 1
        return seq


TestAnyLineAnyCentre = AnyLineAnyCentre.TestCase
TestAnyLineAnyCentre.settings = settings(max_examples=200, stateful_step_count=60, deadline=None)
