import unicodedata
from typing import get_args

import pytest
from fontpkg_be_vietnam_pro import ROOT
from PIL import ImageFont

from edge.ticket.face import Face
from edge.ticket.layout import Weight
from runtime.wording import LANGUAGES, catalogue
from tests.edge.ticket.tickets import VIETNAMESE_BOTH_CASES

WEIGHTS: tuple[Weight, ...] = get_args(Weight)


def letters() -> set[str]:
    """All of Vietnamese in both cases, and whatever else a ticket may say."""
    said = "".join(
        words
        for language in LANGUAGES
        for key, words in catalogue(language).items()
        if key.startswith(("ticket.", "service."))
    )
    return set(unicodedata.normalize("NFC", VIETNAMESE_BOTH_CASES + said + "0123456789")) - {" "}


@pytest.mark.parametrize("weight", WEIGHTS)
def test_has_every_letter_a_ticket_can_need(weight: Weight) -> None:
    font = ImageFont.truetype(ROOT / "files" / f"BeVietnamPro-{weight}.ttf", 40)
    missing = font.getmask("\uffff")

    assert len(letters()) > 200
    for letter in letters():
        drawn = font.getmask(letter)
        assert drawn.getbbox() is not None, letter
        assert (drawn.size, bytes(drawn)) != (missing.size, bytes(missing)), letter


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("size_dots", [22, 25, 33, 192])
def test_draws_every_letter_whole(weight: Weight, size_dots: int) -> None:
    face = Face()
    font = ImageFont.truetype(ROOT / "files" / f"BeVietnamPro-{weight}.ttf", size_dots)

    for letter in letters():
        ink, baseline = face.draw(letter, size_dots, weight)

        left, top, right, bottom = font.getbbox(letter, anchor="ls")
        assert baseline + top >= 0, letter
        assert baseline + bottom <= ink.height, letter
        assert right - min(0, left) <= ink.width, letter
        assert ink.getbbox() is not None, letter


def test_tells_letters_apart_that_differ_by_one_mark() -> None:
    face = Face()

    drawn = {face.draw(letter, 22, "Medium")[0].tobytes() for letter in VIETNAMESE_BOTH_CASES}

    assert len(drawn) == len(VIETNAMESE_BOTH_CASES)
