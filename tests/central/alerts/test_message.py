"""The words of what a receiver is told."""

from central.store.database import Location
from contract import events as e
from tests.central.alerts.office import Office, quiet_day, receiver
from tests.central.journal import NODE


def test_a_device_is_told_of_in_words_or_as_its_hub_said_it(location: Location) -> None:
    journal = quiet_day()
    journal.add(e.DeviceLost("machine:power", "undervoltage"), 0)
    journal.add(e.DeviceLost("boards:b1", "some new trouble"), 0)
    office = Office(location, receiver("hanoi", "01"))
    office.live(15, journal)
    ((_, message),) = office.sent
    assert "Nguồn điện của máy chủ tại chỗ (Nguồn điện của máy chủ tại chỗ yếu" in message.text
    assert {item.subject for item in message.items} == {"h1/machine:power", "h1/boards:b1"}
    assert "h1/boards:b1 (some new trouble)" in message.text
    assert {item.detail["condition"] for item in message.items} == {
        "undervoltage",
        "some new trouble",
    }


def test_of_which_hub_a_device_is_is_told_where_it_is_not_the_first(location: Location) -> None:
    journal = quiet_day(f"{NODE[:11]}-h2")
    journal.add(e.DeviceLost("boards:board-3", "line-lost"), 0)
    office = Office(location, receiver("hanoi", "01"))
    office.live(15, journal)
    ((_, message),) = office.sent
    assert "Thiết bị không hoạt động: Bảng quầy 3 (h2) (Mất đường dây bảng quầy)" in message.text
