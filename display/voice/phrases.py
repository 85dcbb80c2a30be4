"""What is said of a call or a number: the names of the clips in order, in one language. Pure.

Ticket numbers are spelled digit by digit with their leading zeros, as they stand on the slip; a
counter is said as people say it where the language's bank has the numerals for it.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from contract.snapshot import CallView
from display.voice.no_slip import OwnNumber

Numerals = Literal["digits", "vietnamese", "english"]

_NUMBER = "{number}"
_COUNTER = "{counter}"
_TIMES = "{times}"
_PLACEHOLDERS = frozenset({_NUMBER, _COUNTER, _TIMES})
_DIGITS = "0123456789"
_MOST_COUNTED = 99


class Sentences(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The sentences of one language: clip names, and `{number}`, `{counter}`, `{times}` between.

    `priority` and `resume` stand in for `call` when the ticket has priority, and when it waited
    for a signature; `again` follows any of them from the second call on. `own` tells a citizen
    without a slip the number, and says nothing in a language that leaves it out.
    """

    call: tuple[str, ...]
    priority: tuple[str, ...]
    resume: tuple[str, ...]
    again: tuple[str, ...] = ()
    own: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for opening in (self.call, self.priority, self.resume):
            if opening.count(_NUMBER) != 1 or opening.count(_COUNTER) != 1:
                raise ValueError("call, priority and resume each say {number} and {counter} once")
        if self.own and (self.own.count(_NUMBER) != 1 or _COUNTER in self.own):
            raise ValueError("own says {number} once, and no {counter}")


def phrase(
    saying: CallView | OwnNumber, sentences: Sentences, numerals: Numerals
) -> tuple[str, ...]:
    """The names of the clips that say this, in order."""
    if isinstance(saying, OwnNumber):
        return _filled(sentences.own, {_NUMBER: tuple(saying.number)})
    return _call(saying, sentences, numerals)


def numeral(value: int, numerals: Numerals) -> tuple[str, ...]:
    """The clips of a whole number; beyond 99 digit by digit in every language."""
    if numerals == "digits" or not 0 <= value <= _MOST_COUNTED:
        return tuple(str(value))
    return _vietnamese(value) if numerals == "vietnamese" else _english(value)


def clips_needed(sentences: Sentences, numerals: Numerals) -> frozenset[str]:
    """The names of all clips that anything said may need."""
    openings = (*sentences.call, *sentences.priority, *sentences.resume)
    parts = {*openings, *sentences.again, *sentences.own}
    counted = (numeral(value, numerals) for value in range(_MOST_COUNTED + 1))
    return frozenset(
        {*(parts - _PLACEHOLDERS), *_DIGITS, *(clip for clips in counted for clip in clips)}
    )


def _call(call: CallView, sentences: Sentences, numerals: Numerals) -> tuple[str, ...]:
    opening = sentences.call
    if call.resumed:
        opening = sentences.resume
    elif call.priority:
        opening = sentences.priority
    closing = sentences.again if call.times > 1 else ()
    said = {
        _NUMBER: tuple(call.number),
        _COUNTER: numeral(int(call.counter), numerals),
        _TIMES: numeral(call.times, numerals),
    }
    return _filled((*opening, *closing), said)


def _filled(parts: tuple[str, ...], said: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(clip for part in parts for clip in said.get(part, (part,)))


def _vietnamese(value: int) -> tuple[str, ...]:
    """Mười, mười lăm, hai mươi, hai mươi mốt, hai mươi lăm: the tone follows the place."""
    tens, units = divmod(value, 10)
    if tens == 0:
        return (str(units),)
    opening = ("10",) if tens == 1 else (str(tens), "muoi")
    if units == 0:
        return opening
    if units == 5:
        return (*opening, "lam")
    return (*opening, "mot" if units == 1 and tens > 1 else str(units))


def _english(value: int) -> tuple[str, ...]:
    tens, units = divmod(value, 10)
    if tens < 2:
        return (str(value),)
    return (f"{tens}0", str(units)) if units else (f"{tens}0",)
