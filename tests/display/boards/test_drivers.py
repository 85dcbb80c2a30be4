import msgspec
import pytest

from display.boards.drivers import AnyBoard, CustomerDisplay, ModbusNumber, TemplatePanel
from display.boards.frames import Face, columns
from runtime.wording import LANGUAGES, say

CALLING = Face("3", "calling", "1025")


def _board(**settings: object) -> AnyBoard:
    board: AnyBoard = msgspec.convert({"counter": "3", **settings}, AnyBoard)
    return board


@pytest.mark.parametrize(
    "settings",
    [
        {"driver": "modbus-digits", "address": 3},
        {"driver": "modbus-number", "address": 3, "register": 0},
        {"driver": "cd5220"},
        {"driver": "template", "pattern": "address number sum", "address": 5},
        {"driver": "max7219"},
    ],
)
def test_every_driver_is_named_in_settings_and_shows_darkness_while_flashing(
    settings: dict[str, object],
) -> None:
    board = _board(**settings)
    assert board.device == "board-3"
    assert board.frame(CALLING) == board.frame(CALLING, lit=True)
    assert board.frame(CALLING) != board.frame(CALLING, lit=False)
    assert board.frame(CALLING) != board.frame(Face("3", "calling", "1026"))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"driver": "lcd9000"}, "lcd9000"),
        ({"driver": "modbus-digits"}, "address"),
        ({"driver": "modbus-digits", "address": 248}, "247"),
        ({"driver": "modbus-digits", "address": 3, "adress": 4}, "adress"),
        ({"driver": "template", "pattern": "adress number"}, "adress"),
        ({"driver": "max7219", "address": 3, "chain": 2}, "module 3 of a chain of 2"),
    ],
)
def test_wrong_settings_are_refused_by_name(settings: dict[str, object], words: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=words):
        _board(**settings)


def test_a_number_register_shows_its_empty_value_for_all_that_is_no_number() -> None:
    board = ModbusNumber(counter="3", address=1, empty=0)
    nothing = board.frame(Face("3", "idle"))
    assert board.frame(Face("3", "closed")) == nothing
    assert board.frame(Face("3", "serving", "70123")) == nothing
    wide = ModbusNumber(counter="3", address=1, digits=6)
    assert wide.frame(Face("3", "serving", "70123")) == nothing
    assert TemplatePanel(counter="3", pattern="number").frame(Face("3", "closed")) == bytes(2)


def test_a_module_shows_its_number_at_the_right_in_the_segments_of_the_data_sheet() -> None:
    lit = _board(driver="max7219", brightness=15).frame(CALLING)
    assert lit.hex(" ", 2) == ("0f00 0900 0b07 0a0f 015b 026d 037e 0430 0500 0600 0700 0800 0c01")
    closed = _board(driver="max7219", digits=4).frame(Face("3", "closed"))
    assert closed.hex(" ", 2).split()[4:12] == ["0101", "0201", "0301", "0401"] + [
        f"0{place}00" for place in range(5, 9)
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", ["calling", "serving", "closed", "unknown"])
def test_every_line_fits_a_customer_display_whole(language: str, state: str) -> None:
    for words in (
        say(f"board.{state}", language, number="01234567"),
        say("board.counter", language, counter="99"),
    ):
        assert columns(words).strip()
        assert len(words) <= 20


def test_a_customer_display_speaks_its_language() -> None:
    board = CustomerDisplay(counter="3", language="en")
    assert b"    CALLING 1025    " in board.frame(CALLING)
    assert b"     COUNTER 3      " in board.frame(Face("3", "idle"))
