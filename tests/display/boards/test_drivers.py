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
