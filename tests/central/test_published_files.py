"""Whether hubs run the files that were published as their version: from what they say and what
publishers have sealed."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from central.configuration.differences import Difference, differences, wanted
from central.scope import Scope
from central.store.connection import Database
from central.store.database import database_of, transaction, writing
from central.store.reader import Reader
from central.store.updates import UpdateBook
from contract.codec import decode_message
from contract.wire import VERSION, Release, ReleaseFile, Status
from tests.central.journal import DAY, NODE, OTHER_NODE
from tests.central.nation import OTHER_SITE, SITE, Nation, answer, nation
from tests.central.signed_in_page import signed_in
from tests.central.test_differences import heard, roll_out
from tests.central.updates.test_commands import Operator
from tests.central.updates.test_rollout import ROLLOUT
from tests.provision.update.wheelhouses import publish, wheel

OURS, THEIRS, LATER = "1a2b3c4d5e6f", "aaaaaaaaaaaa", "bbbbbbbbbbbb"
_WHEEL = ReleaseFile("a-1-py3-none-any.whl", bytes(32), 1, 1, ("cp313-aarch64",))


def release(number: int, software: str, fingerprint: str) -> Release:
    return Release(VERSION, number, software, 0, 1, 1, (_WHEEL,), fingerprint)


def take(db: Database, *releases: Release) -> None:
    with transaction(db.conn):
        for one in releases:
            UpdateBook(db.conn).note_release(one)


def say(db: Database, fingerprint: str | None, node: str = NODE) -> None:
    db.execute("UPDATE nodes SET fingerprint = ? WHERE code = ?", (fingerprint, node))


def found(db: Database) -> list[Difference]:
    hubs = {row.site: [row] for row in Reader(db.conn, Scope()).nodes()}
    return differences(hubs, wanted(db.conn, DAY))


def test_a_hub_with_other_files_than_were_published_as_its_version_differs(
    each_db: Database,
) -> None:
    heard(each_db, (NODE, "7.0", "own"), (OTHER_NODE, "7.0", "own"))
    take(each_db, release(7, "7.0", OURS))
    say(each_db, OURS, OTHER_NODE)
    say(each_db, THEIRS)
    [mine] = found(each_db)
    assert (mine.node, mine.fingerprint, mine.published) == (NODE, THEIRS, OURS)
    assert (mine.files_differ, mine.version_differs, mine.software_differs) == (True, False, True)
    say(each_db, OURS)
    assert found(each_db) == []


@pytest.mark.parametrize("said", [None, ""])
def test_who_says_nothing_of_files_and_who_develops_differ_from_nothing(
    each_db: Database, said: str | None
) -> None:
    heard(each_db, (NODE, "7.0", "own"))
    take(each_db, release(7, "7.0", OURS))
    say(each_db, said)
    assert found(each_db) == []


def test_a_version_of_which_no_release_is_known_or_says_its_files_has_no_other_files(
    each_db: Database,
) -> None:
    heard(each_db, (NODE, "7.0", "own"))
    take(each_db, release(6, "6.0", OURS), release(7, "7.0", ""))
    say(each_db, THEIRS)
    assert found(each_db) == []


def test_each_release_of_a_version_counts_and_the_newest_is_named(each_db: Database) -> None:
    heard(each_db, (NODE, "7.0", "own"))
    take(each_db, release(7, "7.0", OURS), release(9, "7.0", LATER), release(7, "7.0", THEIRS))
    for said, differs in ((OURS, []), (LATER, []), (THEIRS, [LATER])):
        say(each_db, said)
        assert [one.published for one in found(each_db)] == differs


def test_another_version_than_it_was_told_and_other_files_are_both_said(each_db: Database) -> None:
    heard(each_db, (NODE, "6.0", "own"))
    take(each_db, release(6, "6.0", OURS))
    roll_out(each_db, ROLLOUT, NODE)
    say(each_db, THEIRS)
    [mine] = found(each_db)
    assert (mine.version_differs, mine.wanted_software, mine.published) == (True, "7.0", OURS)


def test_an_older_release_and_an_older_hub_say_no_files_and_can_be_read() -> None:
    sealed = release(7, "7.0", OURS)
    status = Status(VERSION, NODE, online=True, epoch="00000000000000aa", fingerprint=THEIRS)
    for message, without in ((sealed, ""), (status, None)):
        *older, last = msgspec.msgpack.decode(msgspec.msgpack.encode(message))
        assert last == message.fingerprint
        read = decode_message(msgspec.msgpack.encode(older), type(message))
        assert read.fingerprint == without


# --- what the operator has taken ----------------------------------------------------------------


def test_releases_that_are_added_say_of_which_files_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = Operator(tmp_path, monkeypatch)
    publish(tmp_path / "more", 8, [wheel(tmp_path, "8.0")], fingerprint=OURS)
    for _ in range(2):
        operator.does("release", "add", str(tmp_path / "more"))
        with writing(operator.database) as db:
            assert UpdateBook(db.conn).fingerprints() == {"8.0": (OURS,)}  # 6 and 7 do not say it
            db.execute("DELETE FROM releases")  # as in a restored backup


def test_the_command_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    operator = Operator(tmp_path, monkeypatch)
    with writing(operator.database) as db:
        db.execute("UPDATE nodes SET software = '7.0', config = 'own'")
        take(db, release(7, "7.0", OURS))
        say(db, THEIRS)
    capsys.readouterr()
    operator.does("configurations")
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{NODE}: the files of its software ({THEIRS}) are not those that were")
    assert f"as 7.0 ({OURS})" in line
    assert "write the card anew" in line


# --- the answer and the pages -------------------------------------------------------------------


@pytest.fixture(scope="module")
def altered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nation]:
    """A small nation: files of both hubs are others than their versions' releases have, and one of
    them was told another version too."""
    folder = tmp_path_factory.mktemp("altered")
    with nation(folder) as running:
        with writing(database_of(folder)) as db:
            take(db, release(1, "0.1.0", OURS), release(2, "0.0.9", LATER))
            db.execute("UPDATE rollouts SET software = '0.1.0'")
            for node in (NODE, OTHER_NODE):
                say(db, THEIRS, node)
        yield running


def test_the_api_says_which_files_differ(altered: Nation) -> None:
    with altered.client("national") as client:
        hubs = {hub["node"]: hub for hub in answer(client, "/differences")["hubs"]}
        [quality] = answer(client, f"/sites/{SITE}/freshness")["nodes"]
    mine, theirs = hubs[NODE], hubs[OTHER_NODE]
    assert mine["software_differs"] is theirs["software_differs"] is True
    assert (mine["software"], mine["wanted_software"]) == ("0.1.0", "0.1.0")
    assert (theirs["software"], theirs["wanted_software"]) == ("0.0.9", "0.1.0")
    assert mine["software_fingerprint"] == theirs["software_fingerprint"] == THEIRS
    assert (mine["published_fingerprint"], theirs["published_fingerprint"]) == (OURS, LATER)
    assert quality["software_fingerprint"] == THEIRS


def test_the_pages_say_what_differs_and_what_to_do(altered: Nation) -> None:
    with signed_in(altered, "national") as client:
        listed = client.get("/differences").text
        site, other = (client.get(f"/sites/{code}/days/{DAY}").text for code in (SITE, OTHER_SITE))
    files = f"tệp phần mềm ({THEIRS}) khác với bản 0.1.0 đã phát hành ({OURS})"
    older = f"được giao bản 0.1.0 · tệp phần mềm ({THEIRS}) khác với bản 0.0.9"
    assert files in listed
    assert older in listed
    assert files in site
    assert older in other
    assert listed.count("ghi lại thẻ nhớ") == 2


def test_a_hub_whose_files_are_right_is_not_marked(served: Nation) -> None:
    with signed_in(served, "national") as client:
        page = client.get("/differences").text
    assert "được giao bản 0.2.0</small>" in page
    assert "ghi lại thẻ nhớ" not in page


def test_a_hub_that_says_no_files_is_answered_with_null(national: httpx.Client) -> None:
    hubs = answer(national, "/differences")["hubs"]
    for name in ("software_fingerprint", "published_fingerprint"):
        assert {hub[name] for hub in hubs} == {None}
