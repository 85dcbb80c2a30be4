"""Why a rollout was given up: as it is stored, and in words."""

import re

from runtime.wording import say

_TOO_MANY = re.compile(r"too-many-refused ([0-9]+) ([0-9]+)")


def too_many(refused: int, tried: int) -> str:
    """The reason that so many of the hubs that tried it to the end refused it, to be stored."""
    return f"too-many-refused {refused} {tried}"


def reason_words(reason: str, language: str) -> str:
    """A stored reason in words; one that an older release stored in words is returned as it is."""
    found = _TOO_MANY.fullmatch(reason)
    if found is None:
        return reason
    return say("rollout.too-many-refused", language, refused=found[1], tried=found[2])
