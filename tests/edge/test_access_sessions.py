"""How long a staff session lasts, and whom a lock locks out."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge.access import Access, LockedOut, SessionEnded
from edge.store.journal import StoreError
from tests.edge.running_site import HOUR_MS, KIOSK, MONDAY_8_MS, TestClock

RIGHT, WRONG = "482915", "000112"
HOUR_S = HOUR_MS / 1000


@pytest.fixture
def access(tmp_path: Path, clock: TestClock) -> Iterator[Access]:
    opened = Access(tmp_path / "access.db", clock)
    opened.set_pin("nv01", "clerk", RIGHT)
    yield opened
    opened.close()


def signed_in(access: Access, place: str = "") -> str:
    session = access.sign_in("nv01", RIGHT, place)
    assert session is not None
    return session.token


def ended(access: Access, token: str) -> bool:
    try:
        assert access.actor(token) is not None
    except SessionEnded:
        return True
    return False


def test_a_session_lasts_the_working_day(access: Access, clock: TestClock) -> None:
    token = signed_in(access)
    clock.later(12 * HOUR_S)
    assert not ended(access, token)


def test_a_session_ends_with_its_day(access: Access, clock: TestClock) -> None:
    clock.later(15 * HOUR_S)  # 23:00
    token = signed_in(access)
    clock.later(0.9 * HOUR_S)
    assert not ended(access, token)
    clock.later(0.2 * HOUR_S)
    assert ended(access, token)


def test_without_any_clock_its_age_ends_it(access: Access, clock: TestClock) -> None:
    clock.synced = False
    token = signed_in(access)
    clock.later(13.9 * HOUR_S)
    assert not ended(access, token)
    clock.later(0.2 * HOUR_S)
    assert ended(access, token)


def test_a_clock_that_is_set_later_tells_that_the_day_is_over(
    access: Access, clock: TestClock
) -> None:
    clock.synced = False
    token = signed_in(access)
    clock.later(2 * HOUR_S)
    clock.wall_ms += 11 * HOUR_MS  # 21:00 by the time that the network brought
    clock.synced = True
    assert not ended(access, token)
    clock.later(4 * HOUR_S)
    assert ended(access, token)


def test_a_wall_clock_that_jumps_makes_no_session_longer(access: Access, clock: TestClock) -> None:
    token = signed_in(access)
    for _ in range(15):
        clock.wall_ms -= HOUR_MS
        clock.later(HOUR_S)
    assert ended(access, token)


@pytest.mark.parametrize(("synced", "is_over"), [(True, False), (False, True)])
def test_a_reboot_keeps_it_where_a_clock_knows_the_time(
    access: Access, clock: TestClock, synced: bool, is_over: bool
) -> None:
    token = signed_in(access)
    clock.boot, clock.mono_ns, clock.synced = "boot-2", 5_000_000_000, synced
    clock.later(HOUR_S)
    assert ended(access, token) == is_over


def test_devices_stay_let_in(access: Access, clock: TestClock) -> None:
    token = access.add_device(KIOSK)
    clock.later(1000 * HOUR_S)
    assert access.actor(token) == access.device(token) == KIOSK


def test_a_session_is_no_device(access: Access) -> None:
    assert access.device(signed_in(access)) is None


def test_a_laptop_that_guesses_locks_nobody_out_at_a_counter(access: Access) -> None:
    signed_in(access, "10.0.0.3")
    for _ in range(5):
        assert access.sign_in("nv01", WRONG, "10.0.0.66") is None
    for place in ("10.0.0.66", "10.0.0.67"):  # another address is no fresh start
        with pytest.raises(LockedOut):
            access.sign_in("nv01", RIGHT, place)
    assert access.sign_in("nv01", RIGHT, "10.0.0.3") is not None


def test_a_known_place_is_locked_by_itself(access: Access) -> None:
    signed_in(access, "10.0.0.3")
    for _ in range(5):
        assert access.sign_in("nv01", WRONG, "10.0.0.3") is None
    with pytest.raises(LockedOut):
        access.sign_in("nv01", RIGHT, "10.0.0.3")
    assert access.sign_in("nv01", RIGHT, "10.0.0.4") is not None


def test_a_disk_that_cannot_be_read_is_a_store_error(access: Access) -> None:
    token = access.add_device(KIOSK)
    access._db.execute("DROP TABLE devices")
    with pytest.raises(StoreError, match="cannot be read"):
        access.actor(token)
    with pytest.raises(StoreError, match="cannot be read"):
        access.device(token)


COUNTER, LAPTOP = "10.0.0.3", "10.0.0.66"


def guessed(access: Access) -> None:
    """A laptop has locked the name for all strangers."""
    for _ in range(5):
        assert access.sign_in("nv01", WRONG, LAPTOP) is None
    with pytest.raises(LockedOut):
        access.sign_in("nv01", RIGHT, "10.0.0.67")


def next_morning(path: Path, clock: TestClock, days: int = 1) -> Access:
    clock.later(days * 24 * HOUR_S)
    clock.boot, clock.mono_ns = "boot-2", 5_000_000_000
    return Access(path, clock)


def test_after_a_night_without_power_a_laptop_locks_nobody_out_at_a_counter(
    tmp_path: Path, access: Access, clock: TestClock
) -> None:
    signed_in(access, COUNTER)
    with closing(next_morning(tmp_path / "access.db", clock)) as again:
        guessed(again)
        assert again.sign_in("nv01", RIGHT, COUNTER) is not None


@pytest.mark.parametrize(("days", "is_known"), [(30, True), (31, False)])
def test_a_place_is_known_for_thirty_days(
    tmp_path: Path, access: Access, clock: TestClock, days: int, is_known: bool
) -> None:
    access.remember(COUNTER)
    with closing(next_morning(tmp_path / "access.db", clock, days)) as again:
        again.remember("10.0.0.4")
        assert again.knows(COUNTER) == is_known


def test_a_place_is_known_again_from_each_day_on(access: Access, clock: TestClock) -> None:
    for _ in range(40):
        access.remember(COUNTER)
        clock.later(24 * HOUR_S)
    access.remember("10.0.0.4")
    assert access.knows(COUNTER)


def test_a_place_of_a_day_that_no_clock_told_stays_known(
    tmp_path: Path, access: Access, clock: TestClock
) -> None:
    clock.synced = False
    clock.wall_ms = 0
    access.remember(COUNTER)
    clock.synced, clock.wall_ms = True, MONDAY_8_MS
    with closing(next_morning(tmp_path / "access.db", clock)) as again:
        again.remember("10.0.0.4")
        assert again.knows(COUNTER)


def test_only_the_last_places_are_kept(tmp_path: Path, access: Access, clock: TestClock) -> None:
    for number in range(300):
        access.remember(f"10.0.{number // 200}.{number % 200}")
    with closing(next_morning(tmp_path / "access.db", clock)) as again:
        known = [again.knows(f"10.0.{n // 200}.{n % 200}") for n in range(300)]
    assert known == [False] * 44 + [True] * 256


def test_a_disk_that_takes_no_place_turns_nobody_away(
    access: Access, caplog: pytest.LogCaptureFixture
) -> None:
    access._db.execute("PRAGMA query_only = 1")
    access.remember(COUNTER)
    assert access.knows(COUNTER)
    assert COUNTER in caplog.text
