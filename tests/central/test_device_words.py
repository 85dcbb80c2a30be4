"""What devices are called, for who does not know their names."""

import pytest

from central.device_words import device_words
from edge.control_settings import TICKET_BUTTONS, pad_name
from edge.core.device_names import name_of
from edge.core.machine import DISK, OLDER_ROWS, POWER, TEMPERATURE


@pytest.mark.parametrize(
    ("device", "vi", "en"),
    [
        ("printer", "Máy in phiếu", "Ticket printer"),
        ("printer-2", "Máy in phiếu 2", "Ticket printer 2"),
        (name_of("boards", "board-12"), "Bảng quầy 12", "Counter display 12"),
        (pad_name("3"), "Thiết bị đánh giá quầy 3", "Rating device of counter 3"),
        (
            name_of("satellite", pad_name("3")),
            "Thiết bị đánh giá quầy 3",
            "Rating device of counter 3",
        ),
        ("keypad-3", "Bàn phím quầy 3", "Keypad of counter 3"),
        (name_of("satellite", TICKET_BUTTONS), "Nút lấy số", "Ticket buttons"),
        (name_of("hall", "hall-screen"), "Màn hình sảnh", "Hall screen"),
        (name_of("voice", "voice-tang-2"), "Loa gọi số, khu tang-2", "Loudspeaker, zone tang-2"),
        (POWER, "Nguồn điện của máy chủ tại chỗ", "The hub's power supply"),
        (TEMPERATURE, "Nhiệt độ của máy chủ tại chỗ", "The hub's temperature"),
        (DISK, "Thẻ nhớ của máy chủ tại chỗ", "The hub's memory card"),
        (
            OLDER_ROWS,
            "Tệp sổ cũ trên thẻ nhớ của máy chủ tại chỗ",
            "Files of older records on the hub's card",
        ),
    ],
)
def test_a_device_that_our_programs_name_has_words(device: str, vi: str, en: str) -> None:
    assert (device_words(device, "vi"), device_words(device, "en")) == (vi, en)


@pytest.mark.parametrize(
    "device",
    ["boards:left", "kiosk-1", "power", "satellite:power", "board", "board-", "{which}-1", ":"],
)
def test_what_somebody_named_stays_as_it_is(device: str) -> None:
    assert device_words(device, "vi") == device
