import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from edge.ticket.layout import Paper
from edge.ticket.letters import LetterError, LetterWriter
from edge.ticket.tcvn3 import CodePages, Tcvn3Writer
from edge.ticket.text import TextRenderer
from edge.ticket.text_layout import Line, columns, text_layout
from edge.ticket.user_characters import UserCharacterWriter
from simulation.printer.model import CHINESE, WRONG_PAGES, PrinterModel
from tests.edge.ticket.tickets import (
    FOLLOW_URL,
    LONGEST_SERVICE,
    VIETNAMESE_BOTH_CASES,
    every_word,
    ticket,
)
from tests.simulation.printer.bench import bench, picture, printed

MODELS = {
    "80 mm": PrinterModel(),
    "Epson, 180 dpi, half dots": PrinterModel(dots=512, dpi=180, feed_units_per_dot=2),
    "58 mm": PrinterModel(dots=384),
}
COLUMNS = {576: 48, 512: 42, 384: 32}

words = st.text(alphabet=VIETNAMESE_BOTH_CASES + "0123456789–-,().", min_size=1, max_size=60)
names = st.lists(words, min_size=1, max_size=15).map(" ".join)


@pytest.fixture(params=list(MODELS.values()), ids=list(MODELS))
def model(request: pytest.FixtureRequest) -> PrinterModel:
    assert isinstance(request.param, PrinterModel)
    return request.param


Letters = Callable[[], LetterWriter]
OF_THE_ROM: Letters = partial(Tcvn3Writer, CodePages())
LETTERS: dict[str, Letters] = {"text": OF_THE_ROM, "strip": UserCharacterWriter}


@pytest.fixture(params=list(LETTERS))
def letters(request: pytest.FixtureRequest) -> Letters:
    return LETTERS[request.param]


def renderer_for(
    model: PrinterModel, letters: Letters = OF_THE_ROM, *, native_qr: bool = True
) -> TextRenderer:
    return TextRenderer(
        Paper(model.dots, model.dpi),
        letters,
        native_qr=native_qr,
        cutter=model.cutter_mm > 0,
        feed_units_per_dot=model.feed_units_per_dot,
    )


@pytest.mark.parametrize("native_qr", [True, False])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"priority": True, "copy": 2, "training": True, "number": "01025"},
        {"service": LONGEST_SERVICE, "language": "en", "clock_trusted": False},
        {"unit": "Xã Đắk Ơ", "counters": (), "expected_wait_min": None},
        {"ahead": 0, "expected_wait_min": 0},
    ],
    ids=["plain", "all marks", "long", "short", "next"],
)
def test_what_comes_out_of_a_printer_is_every_word_letter_by_letter(
    model: PrinterModel, letters: Letters, changes: dict[str, Any], native_qr: bool
) -> None:
    content = ticket(**changes)

    slip = printed(renderer_for(model, letters, native_qr=native_qr).encode(content), model)

    assert slip.text.split() == every_word(content).split()
    assert slip.qr == (FOLLOW_URL if native_qr else None)
    assert slip.complete
    assert picture(slip, model).point(lambda dot: 255 - dot).getbbox() is not None


def test_every_letter_of_both_cases_is_printed(model: PrinterModel, letters: Letters) -> None:
    content = ticket(service=VIETNAMESE_BOTH_CASES)

    slip = printed(renderer_for(model, letters).encode(content), model)

    assert VIETNAMESE_BOTH_CASES in "".join(slip.text.split())


def test_decomposed_words_are_composed_first() -> None:
    content = replace(ticket(), service=unicodedata.normalize("NFD", "Hộ tịch"))

    assert "Hộ tịch" in printed(renderer_for(PrinterModel()).encode(content)).text.split("\n")


@given(unit=names, service=names, dots=st.sampled_from(list(COLUMNS)))
@settings(max_examples=60, deadline=None)
def test_whatever_the_names_are_every_line_fits_and_nothing_is_lost(
    unit: str, service: str, dots: int
) -> None:
    paper = Paper(dots)
    content = ticket(unit=unit, service=service, priority=True, copy=2, training=True)

    lines = [part for part in text_layout(content, paper) if isinstance(part, Line)]

    assert all(len(line.words) * line.style.across <= COLUMNS[dots] for line in lines)
    said = "".join(line.words for line in lines)
    assert "".join(said.split()) == "".join(every_word(content).split())


def test_a_line_has_as_many_characters_as_the_paper_is_wide() -> None:
    assert {dots: columns(Paper(dots)) for dots in COLUMNS} == COLUMNS


def test_the_number_is_as_large_as_the_printer_and_the_paper_allow() -> None:
    def scale(number: str, dots: int) -> int:
        lines = text_layout(ticket(number=number), Paper(dots))
        [style] = [p.style for p in lines if isinstance(p, Line) and p.words == number]
        assert style.across == style.down
        return style.across

    assert [scale("1025", dots) for dots in (576, 512, 384)] == [8, 8, 8]
    assert [scale("01025", dots) for dots in (576, 512, 384)] == [8, 8, 6]


@pytest.mark.parametrize(("mode", "most"), [("text", 460), ("strip", 2600)])
def test_the_reference_ticket_takes_few_bytes(mode: str, most: int) -> None:
    reference = replace(ticket(), expected_wait=None, footer=())
    data = renderer_for(PrinterModel(), LETTERS[mode]).encode(reference)

    assert len(data) <= most
    assert picture(printed(data)).height / 8 > 60


def test_two_slips_on_one_printer_do_not_depend_on_each_other(letters: Letters) -> None:
    slip = renderer_for(PrinterModel(), letters).encode(ticket())
    with bench() as stand:
        stand.send(slip + b"\x1b@" + slip)

        assert stand.slip(1).text == stand.slip(2).text
        assert stand.printer.failures == []


@pytest.mark.parametrize(
    ("mode", "name"),
    [
        *(("text", name) for name in ("Straße", "Điện lực 中", "Đất đai €", "a\tb\x1b@")),
        *(("strip", name) for name in ("Điện lực 中", "a\tb\x1b@", "\u200b")),
    ],
)
def test_a_letter_that_the_printer_lacks_is_refused_before_anything_is_sent(
    mode: str, name: str
) -> None:
    with pytest.raises(LetterError):
        renderer_for(PrinterModel(), LETTERS[mode]).encode(replace(ticket(), service=name))


@pytest.mark.parametrize("model", [WRONG_PAGES, CHINESE], ids=["wrong pages", "Chinese"])
def test_drawn_letters_need_no_page_of_the_printer(model: PrinterModel) -> None:
    content = ticket(service=VIETNAMESE_BOTH_CASES)

    slip = printed(renderer_for(model, UserCharacterWriter).encode(content), model)

    assert "".join(slip.text.split()) == "".join(every_word(content).split())


def test_drawn_letters_are_lost_with_the_power_and_come_again_with_the_next_ticket() -> None:
    slip = renderer_for(PrinterModel(), UserCharacterWriter).encode(ticket())
    with bench() as stand:
        stand.send(slip)
        stand.slip()
        stand.printer.power_off()
        stand.printer.power_on()
        stand.send(slip)

        assert stand.slip(2).text == stand.slip(1).text
        assert stand.printer.failures == []


def test_a_code_too_long_for_any_printer_is_refused() -> None:
    with pytest.raises(ValueError, match="41"):
        renderer_for(PrinterModel()).encode(ticket(follow_url="https://" + 3000 * "x"))


def test_a_clone_with_wrong_pages_prints_something_else() -> None:
    slip = printed(renderer_for(WRONG_PAGES).encode(ticket()), WRONG_PAGES)

    assert slip.text.split() != every_word(ticket()).split()


def test_a_chinese_clone_prints_vietnamese_only_when_told_to() -> None:
    content = ticket()
    told = renderer_for(CHINESE, partial(Tcvn3Writer, CodePages(leave_kanji=True))).encode(content)
    untold = renderer_for(CHINESE).encode(content)

    assert printed(told, CHINESE).text.split() == every_word(content).split()
    assert printed(untold, CHINESE).text.split() != every_word(content).split()
