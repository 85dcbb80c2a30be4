import re

import pytest
from msgspec.structs import replace

from edge.devices.printer_profile import PrinterProfile
from edge.printer_tool.calibration import CANDIDATES, LETTERS, approved, page
from edge.ticket.layout import Paper
from runtime.wording import LANGUAGES, say
from simulation.printer.code_pages import TCVN3_CAPITALS, TCVN3_SMALL
from simulation.printer.model import CHINESE, WRONG_PAGES, PrinterModel
from tests.edge.ticket.tickets import VIETNAMESE_BOTH_CASES, ticket
from tests.simulation.printer.bench import bench

BIXOLON = PrinterModel(
    process_id=False,
    code_pages={**WRONG_PAGES.code_pages, 49: TCVN3_SMALL, 50: TCVN3_CAPITALS},
)
MODELS = {
    "Epson": (PrinterModel(), {1, 3, 5}),
    "58 mm": (PrinterModel(dots=384), {1, 3, 5}),
    "Bixolon": (BIXOLON, {2, 4, 5}),
    "made for China": (CHINESE, {3, 5}),
    "a clone with wrong pages": (WRONG_PAGES, {5}),
    "a clone with neither": (replace(WRONG_PAGES, user_characters=False), set()),
}


def right_numbers(model: PrinterModel, language: str = "vi") -> set[int]:
    """The numbers below which a person would find every letter right."""
    data = page(PrinterProfile(paper=Paper(model.dots)), say("printer_tool.page_title", language))
    with bench(model) as stand:
        stand.send(data)
        text = stand.slip().text
    sections = re.split(r"^(\d)$", text, flags=re.MULTILINE)
    return {
        int(number)
        for number, letters in zip(sections[1::2], sections[2::2], strict=True)
        if letters.split() == LETTERS.split()
    }


@pytest.mark.parametrize(("model", "right"), list(MODELS.values()), ids=list(MODELS))
def test_the_page_is_right_below_the_pages_that_the_printer_has(
    model: PrinterModel, right: set[int]
) -> None:
    assert right_numbers(model) == right


@pytest.mark.parametrize(
    "name", ["Epson", "58 mm", "Bixolon", "made for China", "a clone with wrong pages"]
)
def test_what_is_approved_prints_tickets_right(name: str) -> None:
    model, right = MODELS[name]
    usual = PrinterProfile(paper=Paper(model.dots))

    for number in right:
        profile = approved(usual, number)
        with bench(model) as stand:
            stand.send(profile.renderer().encode(ticket(service=VIETNAMESE_BOTH_CASES)))
            assert VIETNAMESE_BOTH_CASES in "".join(stand.slip().text.split())


def test_the_page_shows_every_letter_that_is_not_plain() -> None:
    assert set(VIETNAMESE_BOTH_CASES) <= set(LETTERS) | set(map(chr, range(0x21, 0x7F)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_on_the_page_are_plain_and_the_knife_is_spared_where_there_is_none(
    language: str,
) -> None:
    title = say("printer_tool.page_title", language)

    assert page(PrinterProfile(cutter=False), title).endswith(b"\x1bd\x06")
    assert b"\x1dV" not in page(PrinterProfile(cutter=False), title)


def test_none_keeps_pictures_and_other_numbers_are_refused() -> None:
    text = approved(PrinterProfile(), 1)

    assert (text.mode, text.code_page) == ("text", CANDIDATES[0])
    assert approved(text, len(CANDIDATES)) == replace(text, mode="strip", code_page=None)
    assert approved(text, 0) == replace(text, mode="raster", code_page=None)
    for number in (-1, len(CANDIDATES) + 1):
        with pytest.raises(ValueError, match="no number"):
            approved(text, number)
