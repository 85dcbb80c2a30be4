"""The letters of printed files: Be Vietnam Pro, made for Vietnamese."""

import unicodedata
from collections.abc import Container
from pathlib import Path

import fontpkg_be_vietnam_pro

_FILES = Path(fontpkg_be_vietnam_pro.ROOT) / "files"
REGULAR = _FILES / "BeVietnamPro-Regular.ttf"
SEMI_BOLD = _FILES / "BeVietnamPro-SemiBold.ttf"
_NO_LETTER = "?"


def printable(text: str, letters: Container[int]) -> str:
    """`text` with a question mark for each letter that is not among `letters`, by code point; what
    only joins or varies letters is left out with them."""
    whole = unicodedata.normalize("NFC", text)
    return "".join(
        one if ord(one) in letters or one.isspace() else _NO_LETTER
        for one in whole
        if ord(one) in letters or unicodedata.category(one) not in ("Cf", "Mn", "Me")
    )
