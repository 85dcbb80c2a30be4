"""The order of names for who reads Vietnamese."""

import sys
import unicodedata

_LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_VOWELS = "aăâeêioôơuưy"
_TONES = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")  # -, huyền, hỏi, ngã, sắc, nặng
_AFTER_ALL_ELSE = 0xE000  # where code points begin that are nobody's

_WRITTEN = {
    unicodedata.normalize("NFC", letter + mark): (place, tone)
    for place, letter in enumerate(_LETTERS)
    for tone, mark in enumerate(_TONES if letter in _VOWELS else _TONES[:1])
}
_PLACES = str.maketrans({c: chr(_AFTER_ALL_ELSE + place) for c, (place, _) in _WRITTEN.items()})
_TONES_OF = str.maketrans({c: f"{tone}" for c, (_, tone) in _WRITTEN.items()})


def by_name(name: str | None) -> tuple[str, str, str]:
    """What to sort a name by: its letters first, of which ă, â, đ, ê, ô, ơ and ư are letters of
    their own; then its tones, in the order of dictionaries. What has no name comes last. Source:
    CLDR, collation of vi."""
    if name is None:
        return chr(sys.maxunicode), "", ""
    folded = unicodedata.normalize("NFC", name.casefold())
    return folded.translate(_PLACES), folded.translate(_TONES_OF), name
