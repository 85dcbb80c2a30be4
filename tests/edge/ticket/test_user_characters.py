import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.ticket.glyphs import columns_of
from edge.ticket.letters import LetterError
from edge.ticket.user_characters import UserCharacterWriter
from simulation.printer.characters import Character
from tests.edge.ticket.tickets import VIETNAMESE_BOTH_CASES
from tests.simulation.printer.bench import printed

CUT = b"\x1dVB\x00"
DRAWN = [letter for letter in VIETNAMESE_BOTH_CASES if letter > "~"]
PLAIN = "".join(map(chr, range(0x21, 0x7F)))

# At most 48 cells are in a line.
lines = st.lists(
    st.text(alphabet=VIETNAMESE_BOTH_CASES + PLAIN, min_size=1, max_size=48), min_size=1, max_size=8
)


def definitions(data: bytes) -> list[bytes]:
    return re.findall(rb"\x1b&\x03(.)\1\x0c", data, re.DOTALL)


@pytest.mark.parametrize("letter", DRAWN)
def test_each_letter_is_drawn_so_that_it_is_told_from_all_others(letter: str) -> None:
    assert len(columns_of(letter)) == 36
    assert Character(columns_of(letter)).letter == letter


def test_a_letter_is_drawn_once_for_a_ticket() -> None:
    writer = UserCharacterWriter()

    first, again = writer.encode("Hộ"), writer.encode("tộc Hộ")

    assert first == b"\x1b&\x03$$\x0c" + columns_of("ộ") + b"H$"
    assert again == b"t$c H$"


def test_a_code_that_is_needed_for_itself_is_given_back() -> None:
    writer = UserCharacterWriter()
    writer.encode("ộ")

    assert writer.encode("5 $ ộ").startswith(b"\x1b?$\x1b&\x03##\x0c")


@given(lines)
@settings(max_examples=40, deadline=None)
def test_whatever_the_lines_are_they_come_out_letter_by_letter(texts: list[str]) -> None:
    writer = UserCharacterWriter()

    data = b"".join(writer.encode(text) + b"\n" for text in texts)

    assert printed(b"\x1b@" + writer.begin() + data + CUT).text == "\n".join(texts)


def test_more_letters_than_codes_share_them_in_turn() -> None:
    writer = UserCharacterWriter()
    texts = ["".join(DRAWN[at : at + 48]) for at in range(0, len(DRAWN), 48)]
    assert len(DRAWN) > len(PLAIN)

    data = b"".join(writer.encode(text) + b"\n" for text in texts)

    assert len(definitions(data)) == len(DRAWN)
    assert printed(writer.begin() + data + CUT).text == "\n".join(texts)


@pytest.mark.parametrize("letter", ["中", "\t", "\x1b", "\u200b"])
def test_a_letter_that_cannot_be_drawn_is_refused_by_name(letter: str) -> None:
    with pytest.raises(LetterError, match=re.escape(repr(letter))):
        UserCharacterWriter().encode(f"a{letter}")
