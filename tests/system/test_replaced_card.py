"""A hub's card thrown away in the middle of a day, an hour after its line was cut."""

import asyncio
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from msgspec import structs

from central.api.freshness import complete_up_to_ms, known_up_to_ms
from central.public.board import Board
from central.public.queue import Place, place_of
from central.recovery.site_state import site_state
from central.scope import Scope
from central.service import signing_key_of
from central.store.database import database_of, reading
from central.store.reader import Reader
from contract.commands import (
    CallNext,
    FinishService,
    OpenCounter,
    SignIn,
    StartService,
)
from edge.__main__ import main
from edge.store.journal import Journal
from edge.upstream.ask_centre import NoAnswerError, ask_centre
from runtime.sealed import seal
from tests.system.lost_line import CLERK, NODE, Site, central, give, issue, sent
from tests.waiting import until


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    logging.disable(logging.CRITICAL)
    with ExitStack() as stack:
        yield Site(tmp_path, stack)
    logging.disable(logging.NOTSET)


def a_morning(site: Site) -> tuple[list[str], list[str]]:
    """Numbers that the centre knows of, and those given out after the line was cut."""
    node = site.boot("card-1")
    known = issue(node, "1", 12) + issue(node, "2", 5)
    give(node, CLERK, SignIn("1"))
    give(node, CLERK, OpenCounter("1"))
    give(node, CLERK, CallNext("1"))
    give(node, CLERK, StartService("1"))
    give(node, CLERK, FinishService("1"))
    give(node, CLERK, CallNext("1"))
    until(sent(node))
    site.line.cut()
    site.clock.later(3600)
    lost = issue(node, "1", 4) + issue(node, "2", 2)
    node.stop()
    return known, lost


def test_a_new_card_takes_the_queue_over_by_the_uplink(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    known, lost = a_morning(site)
    site.line.up()
    config = site.config("card-2")
    arguments = ["--config", str(config), "replace", "--last-number", f"1={lost[3]},2={lost[5]}"]
    assert main(arguments) == 0
    logging.disable(logging.CRITICAL)
    told = capsys.readouterr().out
    assert "1013–1016, 2006–2007" in told
    assert "16 people" in told
    assert "08:00 23/11/2026" in told

    node = site.boot("card-2")
    live = node.hub.house.live
    assert set(live.tickets) == set(known[1:])  # the first was served
    assert [live.tickets[number].phase for number in known[1:3]] == ["called", "waiting"]
    assert live.counters["1"].ticket == known[1]
    new = issue(node, "1", 3) + issue(node, "2", 3)
    assert not set(new) & {*known, *lost}
    assert new[0] == "1017"
    until(sent(node))
    rows = node.hub.journal.last_seq
    node.stop()
    with reading(database_of(site.folder / "centre")) as conn:
        epochs = conn.execute("SELECT watermark FROM journals ORDER BY journal").fetchall()
        issued = conn.execute(
            "SELECT count(*) FROM events JOIN kinds USING (kind) WHERE name = 'TicketIssued'"
        ).fetchone()
    assert epochs[1] == (rows,)
    assert issued == (len(known) + len(new),)


def test_the_centre_goes_on_with_the_queue_and_says_what_it_may_lack(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, lost = a_morning(site)
    site.line.up()
    arguments = ["replace", "--last-number", f"1={lost[3]},2={lost[5]}"]
    assert main(["--config", str(site.config("card-2")), *arguments]) == 0
    node = site.boot("card-2")
    until(sent(node))
    day = node.hub.house.live.day

    def place_of_the_last() -> Place | None:
        board = Board(database_of(site.folder / "centre"), site.clock, 180)
        queue = asyncio.run(board.queue(NODE[:11]))
        return None if queue is None else place_of(queue, day, known[16])

    until(lambda: place_of_the_last() == Place("waiting", ahead=4))
    with reading(database_of(site.folder / "centre")) as conn:
        (told,) = Reader(conn, Scope()).nodes()
        assert Reader(conn, Scope()).waiting(day)[NODE[:11]].n == 15
    reaches_ms, said_ms = complete_up_to_ms(told), known_up_to_ms(told)
    assert reaches_ms is not None
    assert said_ms is not None
    assert said_ms - reaches_ms >= 3_600_000, "six numbers of this hour are on the lost card alone"
    central(monkeypatch, str(site.centre_config()), "write-off", NODE, "--reason", "card lost")
    with reading(database_of(site.folder / "centre")) as conn:
        (told,) = Reader(conn, Scope()).nodes()
    assert complete_up_to_ms(told) == known_up_to_ms(told)
    node.stop()


def test_a_file_carried_by_hand_does_the_same(site: Site) -> None:
    known, lost = a_morning(site)
    with reading(database_of(site.folder / "centre")) as conn:
        state = site_state(conn, NODE, site.clock.wall_ms)
    file = site.folder / "state.thutu"
    file.write_bytes(seal(signing_key_of(site.folder / "centre"), state))
    config = site.config("card-2")
    arguments = ["--config", str(config), "replace", "--from", str(file), "--last-number"]
    assert main([*arguments, f"1={lost[3]},2={lost[5]}"]) == 0
    logging.disable(logging.CRITICAL)
    node = site.boot("card-2")
    assert set(node.hub.house.live.tickets) == set(known[1:])
    assert not set(issue(node, "1", 3) + issue(node, "2", 3)) & {*known, *lost}
    node.stop()


def test_a_series_that_the_new_cards_settings_lack_is_asked_for_and_kept(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    a_morning(site)
    with reading(database_of(site.folder / "centre")) as conn:
        state = site_state(conn, NODE, site.clock.wall_ms)
    state = structs.replace(state, orders={**state.orders, "3": 40})
    file = site.folder / "state.thutu"
    file.write_bytes(seal(signing_key_of(site.folder / "centre"), state))
    arguments = ["--config", str(site.config("card-2")), "replace", "--from", str(file)]
    assert main([*arguments, "--last-number", "1=1100,2=2100"]) != 0
    assert "“3=?”" in capsys.readouterr().err
    assert main([*arguments, "--last-number", "1=1100,2=2100,3=3050"]) == 0
    logging.disable(logging.CRITICAL)
    node = site.boot("card-2")
    assert node.hub.house.live.orders["3"] == 50
    node.stop()


def test_two_cards_lost_on_one_day_lose_no_more_than_one(site: Site) -> None:
    known, lost = a_morning(site)
    site.line.up()
    arguments = ["replace", "--last-number", f"1={lost[3]},2={lost[5]}"]
    assert main(["--config", str(site.config("card-2")), *arguments]) == 0
    second = site.boot("card-2")
    more = issue(second, "1", 3)
    until(sent(second))
    second.stop()
    arguments = ["replace", "--last-number", f"1={more[2]},2={lost[5]}"]
    site.clock.later(60)
    assert main(["--config", str(site.config("card-3")), *arguments]) == 0
    logging.disable(logging.CRITICAL)
    third = site.boot("card-3")
    assert set(third.hub.house.live.tickets) == {*known[1:], *more}
    assert not set(issue(third, "1", 2) + issue(third, "2", 2)) & {*known, *lost, *more}
    third.stop()


def test_a_centre_of_another_key_is_not_believed(site: Site) -> None:
    a_morning(site)
    site.line.up()
    with pytest.raises(NoAnswerError, match="signed by"):
        ask_centre(site.uplink(), NODE, bytes(32))


def test_a_line_that_is_down_is_said_in_time(site: Site) -> None:
    site.line.cut()
    with pytest.raises(NoAnswerError, match="no connection within 1 s"):
        ask_centre(site.uplink(), NODE, bytes(32), within_s=1.0)


def test_a_stick_and_the_network_together_count_nothing_twice(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    a_morning(site)
    card, centre = str(site.config("card-1")), str(site.centre_config())
    stick = site.folder / "stick"
    stick.mkdir()
    assert main(["--config", card, "export", str(stick)]) == 0
    key = capsys.readouterr().out.split()[-1]
    (file,) = stick.iterdir()
    central(monkeypatch, centre, "node-key", NODE, key)
    central(monkeypatch, centre, "import", str(file))
    central(monkeypatch, centre, "import", str(file))
    receipt = stick / f"thutu-receipt-{NODE}.thutu"
    with closing(Journal(site.folder / "card-1" / "journal.db")) as journal:
        rows, before = journal.last_seq, journal.cursor
    assert before < rows

    site.line.up()
    node = site.boot("card-1")  # sends again what the centre has from the stick
    until(sent(node))
    node.stop()
    assert main(["--config", card, "acknowledge", str(receipt)]) == 0
    logging.disable(logging.CRITICAL)
    with closing(Journal(site.folder / "card-1" / "journal.db")) as journal:
        bodies = [row.body for row in journal.rows()]
    with reading(database_of(site.folder / "centre")) as conn:
        held = [row[0] for row in conn.execute("SELECT entry FROM events ORDER BY seq")]
        doubted = conn.execute("SELECT count(*) FROM quarantine").fetchone()
    assert held == bodies
    assert doubted == (0,)


def test_a_receipt_spares_the_network_what_came_by_hand(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    a_morning(site)
    card, centre = str(site.config("card-1")), str(site.centre_config())
    assert main(["--config", card, "export", str(site.folder)]) == 0
    key = capsys.readouterr().out.split()[-1]
    (file,) = site.folder.glob("thutu-01*.thutu")
    central(monkeypatch, centre, "node-key", NODE, key)
    central(monkeypatch, centre, "import", str(file))
    receipt = site.folder / f"thutu-receipt-{NODE}.thutu"
    assert main(["--config", card, "acknowledge", str(receipt)]) == 0
    with closing(Journal(site.folder / "card-1" / "journal.db")) as journal:
        assert journal.cursor == journal.last_seq


def test_a_stick_brings_a_restored_centre_what_it_lost(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    a_morning(site)
    card, centre = str(site.config("card-1")), str(site.centre_config())
    database, backup = database_of(site.folder / "centre"), site.folder / "backup.db"
    with closing(sqlite3.connect(database)) as db:
        db.execute("VACUUM INTO ?", (str(backup),))
        (backed_up,) = db.execute("SELECT watermark FROM journals").fetchone()

    def carried() -> str:
        """To the centre and back; returns what the hub then says."""
        assert main(["--config", card, "export", str(site.folder)]) == 0
        told = capsys.readouterr().out
        central(monkeypatch, centre, "node-key", NODE, told.split()[-1])
        central(monkeypatch, centre, "import", told.partition(": ")[0])
        capsys.readouterr()
        receipt = site.folder / f"thutu-receipt-{NODE}.thutu"
        assert main(["--config", card, "acknowledge", str(receipt)]) == 0
        return capsys.readouterr().out

    assert "less than it confirmed" not in carried()
    site.restore(backup)
    node = site.boot("card-1")
    issue(node, "1", 1)
    node.stop()
    assert f"up to row {backed_up}, which is" in carried()
    assert "less than it confirmed" not in carried()
    with closing(Journal(site.folder / "card-1" / "journal.db")) as journal:
        bodies = [row.body for row in journal.rows()]
        assert journal.cursor == len(bodies) > backed_up
    with reading(database) as conn:
        held = [row[0] for row in conn.execute("SELECT entry FROM events ORDER BY seq")]
    assert held == bodies


@pytest.mark.parametrize("case", ["unknown", "other", "altered"])
def test_a_stick_of_somebody_else_is_not_taken_in(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    a_morning(site)
    card, centre = str(site.config("card-1")), str(site.centre_config())
    assert main(["--config", card, "export", str(site.folder)]) == 0
    key = capsys.readouterr().out.split()[-1]
    (file,) = site.folder.glob("thutu-01*.thutu")
    if case == "other":
        central(monkeypatch, centre, "node-key", NODE, "ab" * 32)
    if case == "altered":
        central(monkeypatch, centre, "node-key", NODE, key)
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 4
        file.write_bytes(data)
    with pytest.raises(SystemExit, match="Nothing was taken in"):
        central(monkeypatch, centre, "import", str(file))
    assert not (site.folder / "centre" / "imports").exists()
