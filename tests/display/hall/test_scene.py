import msgspec

from contract.snapshot import CallView
from display.hall.scene import NEXT_NUMBERS, RECENT_CALLS, Call, Waiting, scene
from tests.display.scenes import NOW_MS, counter_view, snapshot, ticket


def _call(seq: int, number: str, counter: str) -> CallView:
    return CallView(seq=seq, number=number, counter=counter, at_ms=NOW_MS, times=1)


def test_who_is_awaited_is_calling_and_who_came_was_called() -> None:
    picture = snapshot(
        counter_view("3", "1025", "called"),
        counter_view("1", "1024", "serving"),
        calls=(_call(9, "1025", "3"), _call(8, "1024", "1"), _call(7, "1025", "3")),
    )
    shown = scene(picture, {})
    assert shown.calling == (Call("1025", "3", 9, priority=False),)
    assert shown.recent == (Call("1024", "1", 8, priority=False),)


def test_a_number_called_elsewhere_before_is_only_where_it_is_called_now() -> None:
    picture = snapshot(
        counter_view("2", "1025", "called"), calls=(_call(9, "1025", "2"), _call(4, "1025", "3"))
    )
    shown = scene(picture, {})
    assert [call.counter for call in shown.calling] == ["2"]
    assert shown.recent == ()


def test_the_last_calls_are_few_and_newest_first() -> None:
    calls = tuple(_call(20 - n, f"10{n:02}", "1") for n in range(1, 12))
    shown = scene(snapshot(counter_view("1"), calls=calls), {})
    assert [call.number for call in shown.recent] == ["1001", "1002", "1003", "1004"]
    assert len(shown.recent) == RECENT_CALLS


def test_services_have_their_names_and_a_doubtful_clock_is_not_shown() -> None:
    picture = msgspec.structs.replace(snapshot(), clock_trusted=False)
    shown = scene(picture, {"1": "Hộ tịch"})
    assert shown.now_ms is None
    assert shown.waiting == (Waiting("Hộ tịch", 4, 9), Waiting("2", 0, None))


def test_nothing_of_the_staff_leaves_the_display() -> None:
    officer = msgspec.structs.replace(counter_view("3", "1025"), staff="nv-0017")
    assert b"nv-0017" not in msgspec.json.encode(scene(snapshot(officer), {}))


def test_who_came_first_is_next_in_each_service() -> None:
    waiting = tuple(ticket(number) for number in ("1031", "2007", "1030", "1033"))
    shown = scene(msgspec.structs.replace(snapshot(), waiting=waiting), {})
    assert [service.next for service in shown.waiting] == [("1031", "1030"), ("2007",)]
    assert NEXT_NUMBERS == 2


def test_notices_come_from_the_settings() -> None:
    assert scene(snapshot(), {}, ("Xin giữ trật tự.",)).notices == ("Xin giữ trật tự.",)
