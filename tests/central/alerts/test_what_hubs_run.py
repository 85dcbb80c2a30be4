"""Alerts of hubs that run something else than they should, and of rollouts that halt themselves."""

import msgspec

from central.scope import Scope
from central.store.alerts import Alerts
from central.store.database import Location, reading, transaction, writing
from central.store.updates import UpdateBook
from central.updates.rollout import Rollout, RolloutState
from contract.wire import Release, ReleaseFile, SiteMachine, UpdateState, configuration_label
from tests.central.alerts.office import MIN, RULES, Office, quiet_day, receiver
from tests.central.decisions import decide
from tests.central.journal import MORNING_MS, NODE, OTHER_NODE
from tests.central.updates.test_rollout import ROLLOUT


def test_a_hub_that_does_not_take_its_configuration_is_an_alert_after_a_day(
    location: Location,
) -> None:
    journal = quiet_day()
    office = Office(location)
    office.take(journal)
    wanted = decide(location, NODE, 'follow_url = "https://centre.example/{site}"')
    office.live(1, journal)
    office.now_ms += 23 * 60 * MIN
    office.hear_of_its_end(journal)  # switched off over night
    office.watch.look()
    office.live(2, journal)
    assert office.open() == []
    office.now_ms += 60 * MIN
    office.live(2, journal)
    assert office.open() == [("config", NODE[:11], "h1")]
    with reading(location) as conn:
        row = Alerts(conn, Scope()).alert(1, RULES)
    assert row is not None
    assert row.detail == {"wanted": wanted.label, "reported": "c1"}


def test_a_hub_with_a_configuration_that_the_centre_does_not_have_is_an_alert_after_a_day(
    location: Location,
) -> None:
    """As after a restored backup: the hub is sent nothing until somebody acts."""
    nation, journal = receiver("nation"), quiet_day()
    office = Office(location, nation)
    lost = configuration_label(7, 'follow_url = "https://centre.example"', b"")
    office.config = lost
    office.live(1, journal)
    office.now_ms += 23 * 60 * MIN
    office.live(2, journal)
    assert office.open() == []
    office.now_ms += 60 * MIN
    office.live(2, journal)
    assert office.open() == [("config", NODE[:11], "h1")]
    assert (
        f"Máy chủ tại chỗ h1 chạy cấu hình {lost} mà trung tâm này không có"
        in office.sent[0][1].text
    )
    [item] = office.sent[0][1].items
    assert item.detail == {"reported": lost}
    office.config = "own"
    office.live(20, journal)
    assert office.open() == []


def roll_out(location: Location, rollout: Rollout, *nodes: str) -> None:
    with writing(location) as db, transaction(db.conn):
        book = UpdateBook(db.conn)
        book.add(rollout)
        for node in nodes:
            book.note_told(node, rollout.order, rollout.release, MORNING_MS)


def refuse(location: Location, rollout: Rollout, *nodes: str) -> None:
    with writing(location) as db, transaction(db.conn):
        for node in nodes:
            said = UpdateState(rollout.order, rollout.release, "refused", "the disk is full")
            UpdateBook(db.conn).note_said(node, said, MORNING_MS)


def test_a_hub_that_does_not_run_what_it_was_told_is_an_alert_after_two_days(
    location: Location,
) -> None:
    mine, theirs = quiet_day(), quiet_day(OTHER_NODE)
    office = Office(location)
    office.take(mine, theirs)
    roll_out(location, ROLLOUT, NODE)
    office.live(1, mine, theirs)
    office.now_ms += 47 * 60 * MIN
    office.live(2, mine, theirs)
    assert office.open() == []
    office.now_ms += 60 * MIN
    office.live(2, mine, theirs)
    assert office.open() == [("software", NODE[:11], "h1")]


def test_a_hub_with_other_files_than_were_published_is_an_alert_after_two_days(
    location: Location,
) -> None:
    nation, mine = receiver("nation"), quiet_day()
    office = Office(location, nation)
    office.take(mine)
    with writing(location) as db, transaction(db.conn):
        file = ReleaseFile("a-1-py3-none-any.whl", bytes(32), 1, 1, ("cp313-aarch64",))
        book = UpdateBook(db.conn)
        book.note_release(Release(1, 1, "0.1.0", 0, 1, 1, (file,), "1a2b3c4d5e6f"))
        db.execute("UPDATE nodes SET fingerprint = 'aaaaaaaaaaaa'")
    office.live(1, mine)
    office.now_ms += 47 * 60 * MIN
    office.live(2, mine)
    assert office.open() == []
    office.now_ms += 60 * MIN
    office.live(2, mine)
    assert office.open() == [("software", NODE[:11], "h1")]
    words = "đang chạy 0.1.0-aaaaaaaaaaaa, cần 0.1.0-1a2b3c4d5e6f"
    assert words in office.sent[0][1].text
    with writing(location) as db:
        db.execute("UPDATE nodes SET fingerprint = '1a2b3c4d5e6f'")
    office.live(20, mine)
    assert office.open() == []


def test_a_machine_that_does_not_follow_its_hub_is_an_alert_after_two_days(
    location: Location,
) -> None:
    nation, mine = receiver("nation"), quiet_day()
    office = Office(location, nation)
    office.machines = (SiteMachine("10.0.0.7", "0.0.9", "hall"), SiteMachine("10.0.0.8", "0.0.9"))
    office.live(1, mine)
    office.machines = None
    office.now_ms += 47 * 60 * MIN
    office.live(2, mine)
    assert office.open() == []
    office.now_ms += 60 * MIN
    office.live(2, mine)
    site = NODE[:11]
    assert office.open() == [("software", site, "h1/10.0.0.8"), ("software", site, "h1/hall")]
    assert "Máy h1/hall chạy sai bản phần mềm: đang chạy 0.0.9, cần 0.1.0" in office.sent[0][1].text
    office.machines = (SiteMachine("10.0.0.7", "0.1.0", "hall"), SiteMachine("10.0.0.8", "0.1.0"))
    office.live(20, mine)
    assert office.open() == []


def test_a_rollout_that_halts_itself_is_told_where_hubs_refused_it_until_a_new_one_begins(
    location: Location,
) -> None:
    nation, danang = receiver("nation"), receiver("danang", "48")
    mine, theirs = quiet_day(), quiet_day(OTHER_NODE)
    office = Office(location, nation, danang)
    office.take(mine, theirs)
    roll_out(location, ROLLOUT, NODE, OTHER_NODE)
    refuse(location, ROLLOUT, NODE, OTHER_NODE)
    office.live(2, mine, theirs)
    assert office.open() == [], "refusals within bounds are for the page of the rollout"
    halted = msgspec.structs.replace(ROLLOUT, state=RolloutState.HALTED)
    with writing(location) as db, transaction(db.conn):
        UpdateBook(db.conn).change(halted)
    office.live(3, mine, theirs)
    assert office.open() == [
        ("rollout", NODE[:11], "h1/1"),
        ("rollout", OTHER_NODE[:11], "h1/1"),
    ]
    heard = dict(office.sent)
    assert len(heard["nation"].items) == 2
    assert [item.site for item in heard["danang"].items] == [OTHER_NODE[:11]]
    assert "2 trên 2 máy từ chối bản 7.0. Máy h1: the disk is full" in heard["danang"].text
    roll_out(location, msgspec.structs.replace(ROLLOUT, rollout=2, places=("48",)))
    office.live(7, mine, theirs)
    assert office.open() == [("rollout", NODE[:11], "h1/1")]
