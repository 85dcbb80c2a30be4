"""What is held of a journal, under every order of arrival."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from central.store.ledger import MAX_RUNS, Contradiction, Ledger, Run, Slice, absorb
from contract.codec import CHAIN_START, chain

ROWS = 30


def history(salt: str) -> list[bytes]:
    return [f"{salt}-{seq}".encode() for seq in range(1, ROWS + 1)]


def hashes(rows: list[bytes]) -> list[bytes]:
    found = [CHAIN_START]
    for row in rows:
        found.append(chain(found[-1], (row,)))
    return found


TRUE, OTHER = history("true"), history("other")
TRUE_HASHES, OTHER_HASHES = hashes(TRUE), hashes(OTHER)


@dataclass
class Holder:
    """A ledger with the rows it stands for."""

    ledger: Ledger = field(default_factory=Ledger)
    rows: dict[int, bytes] = field(default_factory=dict)

    def take(self, first: int, last: int, rows: list[bytes], of: list[bytes]) -> bool:
        def same(start: int, end: int) -> bool:
            return all(self.rows[seq] == rows[seq - 1] for seq in range(start, end + 1))

        result = absorb(self.ledger, Slice(first, of[first - 1 : last + 1]), same)
        if isinstance(result, Contradiction):
            return False
        for run in result.evicted:
            for seq in range(run.first, run.last + 1):
                del self.rows[seq]
        for start, end in result.fresh:
            for seq in range(start, end + 1):
                assert seq not in self.rows
                self.rows[seq] = rows[seq - 1]
        self.ledger = result.ledger
        return True

    def true(self, first: int, last: int) -> bool:
        return self.take(first, last, TRUE, TRUE_HASHES)

    def other(self, first: int, last: int) -> bool:
        return self.take(first, last, OTHER, OTHER_HASHES)

    def check(self) -> None:
        """The ledger says exactly what the rows are."""
        watermark = 0
        while watermark + 1 in self.rows:
            watermark += 1
        assert self.ledger.watermark == watermark
        held = {seq for run in self.ledger.runs for seq in range(run.first, run.last + 1)}
        assert held == {seq for seq in self.rows if seq > watermark}
        missing = {seq for first, last in self.ledger.gaps() for seq in range(first, last + 1)}
        assert missing == set(range(1, max(self.rows, default=0) + 1)) - self.rows.keys()
        assert self.ledger.highest == max(self.rows, default=0)
        assert self.ledger.beyond == len(held)


intervals = st.tuples(st.integers(1, ROWS), st.integers(0, 9)).map(
    lambda pair: (pair[0], min(pair[0] + pair[1], ROWS))
)


@given(st.lists(intervals, max_size=25))
def test_any_order_of_true_batches_holds_exactly_what_came(batches: list[tuple[int, int]]) -> None:
    holder, came = Holder(), set[int]()
    for first, last in batches:
        assert holder.true(first, last)
        came |= set(range(first, last + 1))
        assert holder.rows.keys() == came
        holder.check()
    assert holder.ledger.chain == TRUE_HASHES[holder.ledger.watermark]


@settings(max_examples=300)
@given(st.lists(st.tuples(intervals, st.booleans()), max_size=25))
def test_another_history_never_enters_the_proven_prefix(
    batches: list[tuple[tuple[int, int], bool]],
) -> None:
    holder = Holder()
    for (first, last), honest in batches:
        if honest:
            holder.true(first, last)
        else:
            holder.other(max(first, 2), max(last, 2))
        holder.check()
        for seq in range(1, holder.ledger.watermark + 1):
            assert holder.rows[seq] == TRUE[seq - 1]
    assert holder.true(1, ROWS)
    assert holder.ledger == Ledger(ROWS, TRUE_HASHES[ROWS])
    assert holder.rows == dict(enumerate(TRUE, 1))


def test_a_run_that_does_not_fit_the_prefix_is_evicted() -> None:
    holder = Holder()
    assert holder.other(5, 8)
    assert holder.true(1, 4)
    assert holder.ledger == Ledger(4, TRUE_HASHES[4])
    assert holder.rows.keys() == {1, 2, 3, 4}


def test_a_batch_beyond_must_fit_the_run_it_touches() -> None:
    holder = Holder()
    assert holder.true(5, 8)
    assert not holder.other(7, 10)
    assert not holder.other(9, 10)
    assert not holder.other(3, 4)
    assert holder.ledger.runs == (Run(5, 8, TRUE_HASHES[4], TRUE_HASHES[8]),)


def test_a_wrong_chain_on_the_watermark_is_refused() -> None:
    holder = Holder()
    assert holder.true(1, 4)
    result = absorb(holder.ledger, Slice(5, OTHER_HASHES[4:7]), lambda *_: True)
    assert result == Contradiction("chain-broken")


def test_a_first_batch_must_begin_with_the_chain() -> None:
    result = absorb(Ledger(), Slice(1, OTHER_HASHES[1:3]), lambda *_: True)
    assert result == Contradiction("chain-broken")


def test_the_number_of_gaps_has_a_bound() -> None:
    runs = tuple(Run(seq, seq, b"", b"") for seq in range(2, 2 * MAX_RUNS + 2, 2))
    ledger = Ledger(runs=runs)
    beyond = Slice(10 * MAX_RUNS, [b"a", b"b"])
    assert absorb(ledger, beyond, lambda *_: True) == Contradiction("too-many-gaps")
