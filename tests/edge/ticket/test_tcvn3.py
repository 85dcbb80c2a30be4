import unicodedata

import pytest

from edge.ticket.letters import LetterError
from edge.ticket.tcvn3 import CodePages, Tcvn3Writer
from simulation.printer.code_pages import TCVN3_CAPITALS, TCVN3_SMALL
from tests.edge.ticket.tickets import VIETNAMESE_BOTH_CASES


def decoded(data: bytes, small: int = 30, capitals: int = 31) -> str:
    """`data` by the tables of the virtual printers, which come from another source."""
    pages = {small: TCVN3_SMALL, capitals: TCVN3_CAPITALS}
    page, text, codes = "", "", iter(data)
    for code in codes:
        if code == 0x1B:
            assert next(codes) == ord("t")
            page = pages[next(codes)]
        else:
            text += chr(code) if code < 0x80 else page[code - 0x80]
    return text


@pytest.mark.parametrize("letter", VIETNAMESE_BOTH_CASES)
def test_every_letter_is_what_a_second_source_says(letter: str) -> None:
    assert decoded(Tcvn3Writer(CodePages()).encode(letter)) == letter


@pytest.mark.parametrize("letter", VIETNAMESE_BOTH_CASES)
def test_no_letter_is_on_a_control_code(letter: str) -> None:
    data = Tcvn3Writer(CodePages()).encode(letter)

    assert data[-1] >= 0xA0 or data == letter.encode("ascii")


def test_words_of_both_cases_come_back_with_few_changes_of_page() -> None:
    words = "Đường Điện Biên Phủ, PHƯỜNG Ô CHỢ DỪA"

    data = Tcvn3Writer(CodePages()).encode(words)

    assert decoded(data) == words
    assert data.count(b"\x1bt") == 5


def test_pages_are_where_the_calibration_found_them() -> None:
    data = Tcvn3Writer(CodePages(small=49, capitals=50)).encode("Đất ĐẤT")

    assert decoded(data, 49, 50) == "Đất ĐẤT"


def test_a_new_slip_selects_its_page_anew() -> None:
    pages = CodePages()

    assert Tcvn3Writer(pages).encode("ệ") == Tcvn3Writer(pages).encode("ệ") == b"\x1bt\x1e\xd6"


@pytest.mark.parametrize("letter", ["é" + "\u0323", "ß", "中", "€", "\u0301", "\n", "\x1b", "–"])
def test_a_letter_that_the_pages_lack_is_named(letter: str) -> None:
    with pytest.raises(LetterError, match=r"U\+[0-9A-F]{4}"):
        Tcvn3Writer(CodePages()).encode(letter)


def test_decomposed_letters_are_for_the_layout_to_compose() -> None:
    with pytest.raises(LetterError, match=r"U\+0323"):
        Tcvn3Writer(CodePages()).encode(unicodedata.normalize("NFD", "ệ"))


def test_a_chinese_printer_is_told_first_that_letters_are_single_bytes() -> None:
    assert Tcvn3Writer(CodePages(leave_kanji=True)).begin() == b"\x1c."
    assert Tcvn3Writer(CodePages()).begin() == b""
