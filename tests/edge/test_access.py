import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from contract.commands import Actor
from edge.access import Access, BadNameError, LockedOut, NameTakenError
from edge.store.journal import StoreError
from tests.edge.running_site import KIOSK, TestClock

PAD = Actor("pad-1", "pad", counter="1")
RIGHT, WRONG = "482915", "000112"


@pytest.fixture
def access(tmp_path: Path, clock: TestClock) -> Iterator[Access]:
    opened = Access(tmp_path / "access.db", clock)
    yield opened
    opened.close()


def test_nobody_is_known_by_default(access: Access) -> None:
    assert access.actor("") is None
    assert access.sign_in("admin", "123456") is None


def test_a_device_comes_in_by_its_newest_token(access: Access) -> None:
    old = access.add_device(PAD)
    new = access.add_device(PAD)
    assert access.actor(old) is None
    assert access.actor(new) == PAD
    assert access.remove_device("pad-1")
    assert not access.remove_device("pad-1")
    assert access.actor(new) is None


def test_devices_staff_and_sessions_survive_a_restart(tmp_path: Path, clock: TestClock) -> None:
    first = Access(tmp_path / "access.db", clock)
    token = first.add_device(KIOSK)
    first.set_pin("nv01", "clerk", RIGHT)
    session = first.sign_in("nv01", RIGHT)
    first.close()
    again = Access(tmp_path / "access.db", clock)
    assert session is not None
    assert again.actor(token) == KIOSK
    assert again.actor(session.token) == Actor("nv01", "clerk")
    again.close()


def test_devices_of_a_database_that_knew_no_machines_are_let_in(
    tmp_path: Path, clock: TestClock
) -> None:
    path = tmp_path / "access.db"
    with closing(Access(path, clock)) as newer:
        token = newer.add_device(PAD)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("ALTER TABLE devices DROP COLUMN machine")
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'know_machines'")
    with closing(Access(path, clock)) as access:
        assert access.actor(token) == PAD
        assert access.let_in("satellite-2", {PAD: bytes(32)}).renewed == {"pad-1"}
        assert access.actor(token) is None


def test_no_secret_is_on_the_disk(tmp_path: Path, access: Access) -> None:
    token = access.add_device(KIOSK)
    access.set_pin("nv01", "clerk", RIGHT)
    session = access.sign_in("nv01", RIGHT)
    assert session is not None
    files = [path for path in tmp_path.iterdir() if path.name.startswith("access.db")]
    stored = b"".join(path.read_bytes() for path in files)
    for secret in (token, session.token, RIGHT):
        assert secret.encode() not in stored
    assert [path.stat().st_mode & 0o077 for path in files] == [0] * len(files)


@pytest.mark.parametrize(
    "pin",
    [
        "",
        "12345",
        "1234567890123",
        "12345a",
        "111111",
        "121212",
        "123456",
        "987654",
        "１２３４８９",
    ],
)
def test_a_pin_that_is_easily_guessed_is_refused(access: Access, pin: str) -> None:
    with pytest.raises(ValueError, match="PIN"):
        access.set_pin("nv01", "clerk", pin)


def test_a_device_role_gets_no_pin_and_a_bad_name_no_place(access: Access) -> None:
    with pytest.raises(ValueError, match="role"):
        access.set_pin("kiosk-1", "kiosk", RIGHT)
    with pytest.raises(BadNameError):
        access.set_pin("Nguyễn Văn A", "clerk", RIGHT)
    for actor in (Actor("pad 1", "pad"), Actor("hub", "display"), Actor("pad-1", "pad", "99x")):
        with pytest.raises(BadNameError):
            access.add_device(actor)


def test_a_name_is_a_device_or_a_person(access: Access) -> None:
    access.add_device(KIOSK)
    access.set_pin("nv01", "clerk", RIGHT)
    with pytest.raises(NameTakenError):
        access.set_pin(KIOSK.id, "greeter", RIGHT)
    with pytest.raises(NameTakenError):
        access.add_device(Actor("nv01", "greeter"))


def test_a_new_pin_ends_open_sessions(access: Access) -> None:
    access.set_pin("nv01", "clerk", RIGHT)
    session = access.sign_in("nv01", RIGHT)
    assert session is not None
    access.set_pin("nv01", "supervisor", "591482")
    assert access.actor(session.token) is None
    assert access.sign_in("nv01", RIGHT) is None
    renewed = access.sign_in("nv01", "591482")
    assert renewed is not None
    assert renewed.actor.role == "supervisor"
    assert access.remove_staff("nv01")
    assert access.actor(renewed.token) is None


def test_only_the_last_few_sessions_of_a_person_stay_open(access: Access) -> None:
    access.set_pin("nv01", "clerk", RIGHT)
    sessions = [access.sign_in("nv01", RIGHT) for _ in range(6)]
    known = [session is not None and access.actor(session.token) for session in sessions]
    assert known == [None, None, *[Actor("nv01", "clerk")] * 4]


def test_the_lock_grows_to_a_quarter_of_an_hour_and_ends_with_the_right_pin(
    access: Access, clock: TestClock
) -> None:
    access.set_pin("nv01", "clerk", RIGHT)
    for _ in range(5):
        assert access.sign_in("nv01", WRONG) is None
    waits = []
    for _ in range(7):
        with pytest.raises(LockedOut) as locked:
            access.sign_in("nv01", RIGHT)
        waits.append(locked.value.seconds - 1)
        clock.later(locked.value.seconds)
        assert access.sign_in("nv01", WRONG) is None
    assert waits == [30, 60, 120, 240, 480, 900, 900]

    clock.later(901)
    assert access.sign_in("nv01", RIGHT) is not None
    for _ in range(4):
        assert access.sign_in("nv01", WRONG) is None
    assert access.sign_in("nv01", RIGHT) is not None


def test_the_wall_clock_opens_no_lock(access: Access, clock: TestClock) -> None:
    access.set_pin("nv01", "clerk", RIGHT)
    for _ in range(5):
        access.sign_in("nv01", WRONG)
    clock.wall_ms += 10 * 365 * 86_400_000
    with pytest.raises(LockedOut):
        access.sign_in("nv01", RIGHT)


def test_a_crowd_of_guesses_is_no_better_than_a_queue(access: Access) -> None:
    access.set_pin("nv01", "clerk", RIGHT)

    def guess(_: int) -> str:
        try:
            return "wrong" if access.sign_in("nv01", WRONG) is None else "in"
        except LockedOut:
            return "locked"

    with ThreadPoolExecutor(16) as crowd:
        outcomes = list(crowd.map(guess, range(32)))
    assert (outcomes.count("wrong"), outcomes.count("locked")) == (5, 27)


def test_a_name_that_is_not_known_locks_too(access: Access) -> None:
    for _ in range(5):
        assert access.sign_in("nobody", WRONG) is None
    with pytest.raises(LockedOut):
        access.sign_in("nobody", WRONG)


def test_a_place_that_cannot_be_used_is_named(tmp_path: Path, clock: TestClock) -> None:
    (tmp_path / "access.db").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(StoreError, match=r"access\.db"):
        Access(tmp_path / "access.db", clock)


def test_a_thousand_made_up_names_do_not_unlock_a_real_one(tmp_path: Path) -> None:
    clock = TestClock()
    access = Access(tmp_path / "access.db", clock)
    access.set_pin("nv01", "clerk", "482915")
    for _ in range(5):
        assert access.sign_in("nv01", "000111") is None
    for number in range(1_001):
        access._note_failure((f"nobody-{number}", ""), known=False)
    with pytest.raises(LockedOut):
        access.sign_in("nv01", "482915")
    access.close()
