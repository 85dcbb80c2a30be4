"""A new card takes a site over: no number again, whatever stops it half-way."""

import os
from contextlib import closing
from pathlib import Path

import pytest
from msgspec import Raw

from contract.codec import decode_entry, encode_entry
from contract.commands import Answer, CallNext, IssueTicket, OpenCounter, SignIn
from contract.events import Brought, DayOpened, Entry
from contract.wire import VERSION, HeldRows, SiteState
from edge.store import swap
from edge.store.high_water import HighWater
from edge.store.journal import Journal, StoreError
from edge.upstream import replace
from edge.upstream.replace import AlreadyAtWorkError, orders_on_paper, restored, take_over
from runtime.folder_lock import FolderInUseError
from tests.edge.journals import new_file_with_a_reader
from tests.edge.running_site import CLERK, KIOSK, MONDAY_8_MS, RunningHub, TestClock

NODE = "01-00097-01-h1"
ON_PAPER = {"1": 9, "2": 0, "5": 0}


@pytest.fixture
def state(tmp_path: Path) -> SiteState:
    """What the centre has of a card that is gone: five numbers of series 1."""
    running = RunningHub(tmp_path / "old", TestClock())
    for _ in range(5):
        running.give(KIOSK, IssueTicket(("1",)))
    rows = tuple(Raw(row.body) for row in running.hub.journal.rows())
    epoch = running.hub.journal.epoch
    running.close()
    return SiteState(VERSION, NODE, 0, {"1": 5}, (HeldRows(epoch, rows),))


def next_numbers(folder: Path) -> list[str | None]:
    """What a hub on this card gives out next."""
    running = RunningHub(folder, TestClock(boot="boot-2"))
    said = [running.give(KIOSK, IssueTicket((service,))) for service in ("1", "1", "2")]
    running.close()
    return [answer.number for answer in said if isinstance(answer, Answer)]


def test_the_queue_goes_on_above_the_centre_and_the_paper(state: SiteState, tmp_path: Path) -> None:
    done = take_over(tmp_path / "new", state, ON_PAPER, MONDAY_8_MS)
    assert done.waiting == ("1001", "1002", "1003", "1004", "1005")
    assert done.unknown == (("1006", "1009"),)
    assert done.last == ("1009",)
    assert next_numbers(tmp_path / "new") == ["1010", "1011", "2001"]


def test_the_new_journal_tells_whom_it_took_over(tmp_path: Path) -> None:
    clock = TestClock()
    running = RunningHub(tmp_path / "old", clock)
    for command in (SignIn("1"), OpenCounter("1"), IssueTicket(("1",)), IssueTicket(("1", "2"))):
        running.give(CLERK, command)
    issued_ms = clock.stamp().wall_ms
    clock.wall_ms += 60_000
    clock.mono_ns += 60_000_000_000
    running.give(CLERK, CallNext("1"))
    rows = tuple(Raw(row.body) for row in running.hub.journal.rows())
    epoch = running.hub.journal.epoch
    running.close()
    state = SiteState(VERSION, NODE, 0, {"1": 2}, (HeldRows(epoch, rows),))
    take_over(tmp_path / "new", state, ON_PAPER, issued_ms)

    running = RunningHub(tmp_path / "new", TestClock(boot="boot-2"))
    running.give(KIOSK, IssueTicket(("1",)))
    told = [decode_entry(row.body).event for row in running.hub.journal.rows()]
    running.close()
    opened = next(event for event in told if isinstance(event, DayOpened))
    assert opened.brought == (
        Brought("1001", ("1",), "called", issued_ms + 60_000),
        Brought("1002", ("1", "2"), "waiting", issued_ms),
    )
    assert opened.carried == ("1001", "1002")


def test_paper_below_the_centre_changes_nothing(state: SiteState, tmp_path: Path) -> None:
    done = take_over(tmp_path / "new", state, {"1": 3, "2": 0, "5": 0}, MONDAY_8_MS)
    assert (done.unknown, done.last) == ((), ("1005",))
    assert next_numbers(tmp_path / "new") == ["1006", "1007", "2001"]


def test_numbers_are_safe_without_any_centre(tmp_path: Path) -> None:
    nothing = SiteState(VERSION, NODE, 0, {}, ())
    done = take_over(tmp_path / "new", nothing, ON_PAPER, MONDAY_8_MS)
    assert (done.day, done.waiting) == ("2026-11-23", ())
    assert next_numbers(tmp_path / "new") == ["1010", "1011", "2001"]


def test_numbers_are_safe_when_no_clock_can_tell_the_day(state: SiteState, tmp_path: Path) -> None:
    take_over(tmp_path / "new", state, ON_PAPER, 0)
    clock = TestClock(wall_ms=0, boot="boot-2")
    clock.synced = False
    running = RunningHub(tmp_path / "new", clock)
    first = running.give(KIOSK, IssueTicket(("1",)))
    clock.wall_ms, clock.synced = MONDAY_8_MS + 60_000, True
    second = running.give(KIOSK, IssueTicket(("1",)))
    running.close()
    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert (first.number, second.number) == ("1010", "1011")


def test_a_card_that_was_only_started_is_taken(state: SiteState, tmp_path: Path) -> None:
    RunningHub(tmp_path / "new", TestClock()).close()
    take_over(tmp_path / "new", state, ON_PAPER, MONDAY_8_MS)
    assert next_numbers(tmp_path / "new") == ["1010", "1011", "2001"]
    assert (tmp_path / "new" / "journal-before-1.db").exists()


def test_a_card_that_has_given_out_numbers_keeps_its_queue(
    state: SiteState, tmp_path: Path
) -> None:
    assert next_numbers(tmp_path / "new") == ["1001", "1002", "2001"]
    with pytest.raises(AlreadyAtWorkError) as refused:
        take_over(tmp_path / "new", state, ON_PAPER, MONDAY_8_MS)
    assert refused.value.highest == ("1002", "2001")
    assert next_numbers(tmp_path / "new") == ["1003", "1004", "2002"]


def test_it_is_done_once(state: SiteState, tmp_path: Path) -> None:
    take_over(tmp_path / "new", state, ON_PAPER, MONDAY_8_MS)
    with pytest.raises(AlreadyAtWorkError):
        take_over(tmp_path / "new", state, ON_PAPER, MONDAY_8_MS)


def test_a_hub_that_runs_is_not_touched(state: SiteState, tmp_path: Path) -> None:
    running = RunningHub(tmp_path / "new", TestClock())
    with pytest.raises(FolderInUseError):
        take_over(tmp_path / "new", state, ON_PAPER, MONDAY_8_MS)
    running.close()


@pytest.mark.parametrize(
    "step",
    ["keep_checkpoint", "link", "replace", "sync_folder", "write"],
)
@pytest.mark.parametrize("started_before", [False, True])
def test_a_cut_at_any_step_leaves_it_undone_or_done(
    state: SiteState,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    step: str,
    started_before: bool,
) -> None:
    folder = tmp_path / "new"
    if started_before:
        RunningHub(folder, TestClock()).close()

    def cut(*_args: object) -> None:
        raise OSError("cut")

    owners: dict[str, object] = {
        "link": os,
        "replace": Path,
        "sync_folder": swap,
        "write": HighWater,
    }
    with monkeypatch.context() as patched:
        patched.setattr(owners.get(step, replace), step, cut)
        if step == "link" and not started_before:
            take_over(folder, state, ON_PAPER, MONDAY_8_MS)
        else:
            with pytest.raises(OSError, match="cut"):
                take_over(folder, state, ON_PAPER, MONDAY_8_MS)
    try:
        take_over(folder, state, ON_PAPER, MONDAY_8_MS)
    except AlreadyAtWorkError:
        assert step in ("link", "sync_folder", "write")
    assert next_numbers(folder) == ["1010", "1011", "2001"]
    with closing(Journal(folder / "journal.db")) as journal:
        assert journal.last_seq > 3


def test_a_new_journal_without_its_log_is_not_begun(
    state: SiteState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "new"
    with monkeypatch.context() as looking:
        looking.setattr(replace, "new_file", new_file_with_a_reader)
        with pytest.raises(StoreError, match="its log stays beside it"):
            take_over(folder, state, ON_PAPER, MONDAY_8_MS)
    assert not list(folder.glob("journal*"))
    take_over(folder, state, ON_PAPER, MONDAY_8_MS)
    assert next_numbers(folder) == ["1010", "1011", "2001"]


def test_rows_of_newer_software_are_counted_and_left_out(state: SiteState) -> None:
    (journal,) = state.journals
    odd = Raw(encode_entry(_first(journal)).replace(b"NodeStarted", b"NodeStartLd"))
    rows = (*journal.rows, odd)
    found = restored(SiteState(VERSION, NODE, 0, {}, (HeldRows(journal.epoch, rows),)))
    assert found.unread == 1
    assert len(found.house.live.tickets) == 5


def _first(journal: HeldRows) -> Entry:
    return decode_entry(journal.rows[0])


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("1=1042,2=2017", {"1": 42, "2": 17}),
        (" 2=0 , 1=19999", {"1": 9999, "2": 0}),
        ("1=1042,2=0,3=3050", {"1": 42, "2": 0, "3": 50}),
    ],
)
def test_the_last_slips_are_read(text: str, orders: dict[str, int]) -> None:
    assert orders_on_paper(text, {"1", "2"}) == orders


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1=1042",
        "1=1042,3=3001",
        "1=1042,2=2017,1=1050",
        "1=2042,2=2017",
        "1=42,2=0",
        "1=1042,2=",
        "1=1042;2=0",
        "1=1,2=0",
    ],
)
def test_what_is_no_list_of_last_slips_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+|^$"):
        orders_on_paper(text, {"1", "2"})
