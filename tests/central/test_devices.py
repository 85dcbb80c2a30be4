"""What hubs say of their devices, folded, and listed for the whole scope."""

from pathlib import Path

from sqlite_utils import Database

from central.ingest.intake import Intake, Received
from central.rollup.devices import DeviceNow, follow
from central.rollup.folder import Folder
from central.scope import Scope
from central.store.database import reading
from central.store.ingest import SqlIngestStore
from central.store.machines import Machines
from central.store.rollup import SqlRollupStore
from central.store.visible import Where
from contract import events as e
from tests.central.journal import MORNING_MS, NODE, OTHER_NODE, Journal
from tests.central.nation import OTHER_SITE, SITE, Nation

_NATION = Scope()


def send(db: Database, journal: Journal) -> None:
    intake = Intake(SqlIngestStore(db))
    intake.commit([Received(journal.events_topic, journal.all(), MORNING_MS)])
    folder = Folder(SqlRollupStore(db))
    while folder.step():
        pass


def seen(database: Path, scope: Scope = _NATION) -> list[tuple[str, str, str, int | None]]:
    with reading(database) as conn:
        rows = Machines(conn, scope).devices(Where())
    return [(row.node, row.device, row.state, row.since_ms) for row in rows]


def test_the_last_word_counts_and_an_untrusted_clock_dates_nothing() -> None:
    journal = Journal()
    journal.add(e.DeviceLost("printer", "paper-out"), 1_000)
    journal.add(e.DeviceReturned("printer"), 2_000)
    journal.add(e.DeviceLost("display-1", "no-answer"), 3_000, synced=False)
    journal.add(e.DeviceRemoved("boards:b1"), 4_000)
    assert follow({}, journal.entries) == {
        "printer": DeviceNow("working", None, MORNING_MS + 2_000),
        "display-1": DeviceNow("lost", "no-answer", None),
        "boards:b1": DeviceNow("removed", None, MORNING_MS + 4_000),
    }


def test_a_condition_is_kept_as_every_database_can_and_no_longer_than_hubs_may_say() -> None:
    journal = Journal()
    journal.add(e.DeviceLost("printer", "jam\0" + "x" * 200_000), 1_000)
    first = follow({}, journal.entries)
    assert first["printer"].condition == "jam\ufffd" + "x" * 96
    journal.add(e.DeviceLost("printer", "jam\0" + "x" * 200_000), 2_000)
    assert follow(first, journal.entries[1:]) == first, "said again, it is as old as it was"


def test_trouble_that_comes_back_is_new_however_its_rows_came(db: Database, database: Path) -> None:
    journal, folder = Journal(), Folder(SqlRollupStore(db))
    journal.add(e.DeviceLost("printer", "paper-out"), 1_000)
    send(db, journal)
    journal.add(e.DeviceReturned("printer"), 2_000)
    journal.add(e.DeviceLost("printer", "paper-out"), 9_000)
    send(db, journal)
    once = [(NODE, "printer", "lost", MORNING_MS + 9_000)]
    assert seen(database) == once
    folder.rebuild()
    assert seen(database) == once


def test_trouble_said_again_is_as_old_as_it_was(db: Database, database: Path) -> None:
    journal = Journal()
    journal.add(e.DeviceLost("printer", "cover-open"), 1_000)
    send(db, journal)
    journal.add(e.DeviceLost("printer", "cover-open"), 5_000)
    send(db, journal)
    assert seen(database) == [(NODE, "printer", "lost", MORNING_MS + 1_000)]
    journal.add(e.DeviceLost("printer", "paper-out"), 9_000)
    send(db, journal)
    assert seen(database) == [(NODE, "printer", "lost", MORNING_MS + 9_000)]


def test_a_device_that_was_removed_is_not_broken_and_is_there_again_once_it_speaks(
    db: Database, database: Path
) -> None:
    journal = Journal()
    journal.add(e.DeviceLost("boards:b1", "no-news"), 1_000)
    journal.add(e.DeviceLost("boards:b2", "no-news"), 1_000)
    send(db, journal)
    journal.add(e.DeviceRemoved("boards:b1"), 2_000)
    send(db, journal)
    assert seen(database) == [(NODE, "boards:b2", "lost", MORNING_MS + 1_000)]
    journal.add(e.DeviceReturned("boards:b1"), 3_000)
    journal.add(e.DeviceRemoved("boards:b2"), 3_000)
    send(db, journal)
    assert seen(database) == [(NODE, "boards:b1", "working", MORNING_MS + 3_000)]


def test_a_new_journal_begins_anew_and_scopes_hold(db: Database, database: Path) -> None:
    old, other = Journal(), Journal(OTHER_NODE)
    old.add(e.DeviceLost("printer", "paper-out"), 1_000)
    other.add(e.PaperLow("printer"), 1_000)
    send(db, old)
    send(db, other)
    new = Journal(epoch="00000000000000bb")
    new.add(e.DeviceLost("display-2", "no-answer"), 2_000)
    send(db, new)
    assert seen(database, Scope("01")) == [(NODE, "display-2", "lost", MORNING_MS + 2_000)]
    assert seen(database, Scope("48")) == [(OTHER_NODE, "printer", "paper_low", MORNING_MS + 1_000)]


def test_rebuilding_gives_the_same(db: Database, database: Path) -> None:
    journal = Journal()
    journal.add(e.DeviceLost("printer", "paper-out"), 1_000)
    journal.add(e.TicketIssued("1001", ("1",)), 2_000)
    journal.add(e.PaperLow("printer"), 3_000)
    journal.add(e.DeviceLost("boards:b1", "no-news"), 4_000)
    journal.add(e.DeviceRemoved("boards:b1"), 5_000)
    send(db, journal)
    once = seen(database)
    Folder(SqlRollupStore(db)).rebuild()
    assert seen(database) == once


def test_the_nation_sees_at_once_what_is_broken(served: Nation) -> None:
    with served.client("national") as client:
        found = client.get("/api/v1/devices").json()
        assert [(one["site"], one["device"]["device"]) for one in found["devices"]] == [
            (SITE, "display-2"),
            (SITE, "printer"),
        ]
        assert found["devices"][0]["device"]["since"] == "2026-11-20T10:11:00+07:00"
        assert found["total"] == 2
        first = client.get("/api/v1/devices", params={"limit": 1}).json()
        assert (len(first["devices"]), first["next_offset"]) == (1, 1)
        assert client.get("/api/v1/devices", params={"site": OTHER_SITE}).json()["total"] == 0
    with served.client("danang") as client:
        assert client.get("/api/v1/devices", params={"site": SITE}).status_code == 404
