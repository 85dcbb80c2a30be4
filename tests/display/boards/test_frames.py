import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU

from contract.snapshot import CounterPhase, TicketPhase
from display.boards import frames
from display.boards.frames import Face
from tests.display.scenes import counter_view


@pytest.mark.parametrize(
    ("number", "ticket_phase", "phase", "expected"),
    [
        ("1025", "called", "open", Face("3", "calling", "1025")),
        ("1025", "serving", "open", Face("3", "serving", "1025")),
        (None, "called", "open", Face("3", "idle")),
        (None, "called", "paused", Face("3", "closed")),
        (None, "called", "closed", Face("3", "closed")),
        ("1025", "serving", "closed", Face("3", "serving", "1025")),
    ],
)
def test_a_face_follows_the_counter(
    number: str | None, ticket_phase: TicketPhase, phase: CounterPhase, expected: Face
) -> None:
    assert frames.face(counter_view("3", number, ticket_phase, phase)) == expected


def test_only_a_call_flashes() -> None:
    assert Face("3", "calling", "1025").flashes
    assert not Face("3", "serving", "1025").flashes


@pytest.mark.parametrize(
    ("shown", "width", "text"),
    [
        (Face("3", "serving", "1025"), 4, "1025"),
        (Face("3", "serving", "1025"), 6, "  1025"),
        (Face("3", "closed"), 4, "----"),
        (Face("3", "idle"), 4, "    "),
        (Face("3", "unknown"), 4, "    "),
        (Face("3", "calling", "11025"), 4, "    "),
    ],
)
def test_digits_show_a_number_whole_or_not_at_all(shown: Face, width: int, text: str) -> None:
    assert frames.digits(shown, width) == text


@pytest.mark.parametrize(
    ("frame", "golden"),
    [
        # Worked examples of simplymodbus.ca's pages on functions 06 and 16.
        (frames.modbus_write_number(0x11, 1, 3), "11 06 0001 0003 9a9b"),
        (frames.with_crc(bytes.fromhex("11100001000204000a0102")), "11100001000204000a0102 c6f0"),
        # The read of ten registers in the manuals of many slaves.
        (frames.with_crc(bytes.fromhex("01030000000a")), "01 03 0000 000a c5cd"),
        # The checksums of these two are pymodbus's.
        (frames.modbus_write_text(5, 0, "1025"), "05 10 0000 0004 08 0031003000320035 b366"),
        (frames.modbus_write_number(6, 7, 1025), "06 06 0007 0401 fabc"),
    ],
)
def test_modbus_frames_are_these_bytes(frame: bytes, golden: str) -> None:
    assert frame.hex() == golden.replace(" ", "")


@given(st.binary(min_size=1, max_size=40))
def test_checksums_are_those_of_pymodbus(frame: bytes) -> None:
    assert frames.with_crc(frame) == frame + FramerRTU.compute_CRC(frame).to_bytes(2, "big")


def test_a_customer_display_gets_two_lines_of_twenty_columns() -> None:
    frame = frames.customer_display("QUẦY SỐ 3", "MỜI SỐ 1025")
    assert frame == b"\x1bQA     QUAY SO 3      \r\x1bQB    MOI SO 1025     \r"


def test_a_customer_display_has_no_vietnamese_letters() -> None:
    assert frames.columns("TẠM THỜI ĐÓNG") == "   TAM THOI DONG    "
    assert frames.columns("日") == "         ?          "


@given(st.text(max_size=60))
def test_a_line_is_always_twenty_ascii_columns(text: str) -> None:
    line = frames.columns(text)
    assert len(line) == frames.LINE_COLUMNS
    assert line.isascii()


def test_eight_digits_are_these_registers_digit_0_at_the_right_and_awake_last() -> None:
    assert frames.eight_digits(bytes.fromhex("00000000307e6d5b"), 8, 1, 1).hex(" ", 2) == (
        "0f00 0900 0b07 0a08 015b 026d 037e 0430 0500 0600 0700 0800 0c01"
    )


def test_the_other_modules_of_a_chain_are_told_nothing() -> None:
    frame = frames.eight_digits(bytes(7) + b"\x01", 15, 2, 3)
    assert [frame[n : n + 6].hex() for n in (0, 18, 24)] == [
        "00000f000000",
        "00000a0f0000",
        "000001010000",
    ]
    assert len(frame) == 13 * 6


def test_the_published_template_panel_shows_999_on_board_5() -> None:
    assert frames.template("address number sum", 5, " 999", 999).hex(" ") == "05 03 e7 ef"


@pytest.mark.parametrize(
    ("pattern", "golden"),
    [
        ("AA address | digits sum 55", "aa 03 31 30 32 35 c8 55"),
        ("AA | address bcd xor 0D0A", "aa 03 10 25 36 0d 0a"),
        ("address number-le crc", "03 01 04 81 93"),
    ],
)
def test_templates_fill_fields_and_checks(pattern: str, golden: str) -> None:
    assert frames.template(pattern, 3, "1025", 1025).hex(" ") == golden


def test_packed_digits_show_blanks_as_f() -> None:
    assert frames.template("bcd", 1, "  7", 7).hex() == "fff7"


def test_a_word_that_is_no_field_is_named() -> None:
    with pytest.raises(ValueError, match="'adress' is neither a field nor hexadecimal"):
        frames.template("adress number", 1, "   7", 7)


@given(st.integers(1, 247), st.text("0123456789 -", min_size=4, max_size=6))
def test_a_slave_that_repeats_the_request_has_not_accepted_it(address: int, text: str) -> None:
    request = frames.modbus_write_text(address, 0, text)
    assert not frames.modbus_accepted(request, request[:8])
    assert frames.modbus_accepted(request, frames.with_crc(request[:6]))
