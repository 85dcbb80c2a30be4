"""Why a rollout was given up, and why a hub refused it: as it is stored, and in words."""

import re

from runtime.wording import say

_TOO_MANY = re.compile(r"too-many-refused ([0-9]+) ([0-9]+)")
_REFUSALS = {
    "starts": r"not healthy after (?P<starts>[0-9]+) starts",
    "minutes": r"not healthy within (?P<minutes>[0-9]+) minutes",
    "other_release": r"it is release (?P<found>[0-9]+) of form (?P<form>[0-9]+), "
    r"not (?P<wanted>[0-9]+)",
    "in_between": r"release (?P<between>[0-9]+) has to be in between, "
    r"here runs (?P<running>[0-9]+)",
    "journal": r"it writes journals of form (?P<writes>[0-9]+), and the present software reads "
    r"(?P<reads>[0-9]+): there would be no way back",
    "unreadable": r"it reads journals of form (?P<reads>[0-9]+) at most, and those here are of "
    r"form (?P<writes>[0-9]+): it could not go on",
    "nothing_for": r"it has nothing for (?P<target>\S+)",
    "publisher": r"its publisher is not known here: (?P<public_key>[0-9a-f]+)",
    "units": r"its units cannot be laid down: (?P<what>.+)",
    "machine": r"it cannot work with what is on this machine: (?P<what>.+)",
    "by_hand": r"release (?P<release>[0-9]+) was given back by hand",
}
"""What hubs give as reasons, in English, by their keys in the catalogue."""


def too_many(refused: int, tried: int) -> str:
    """The reason that so many of the hubs that tried it to the end refused it, to be stored."""
    return f"too-many-refused {refused} {tried}"


def reason_words(reason: str, language: str) -> str:
    """A stored reason in words; what is no code is returned as it is."""
    found = _TOO_MANY.fullmatch(reason)
    if found is None:
        return reason
    return say("rollout.too-many-refused", language, refused=found[1], tried=found[2])


def refusal_words(reason: str, language: str) -> str:
    """A hub's reason in words; one that this centre does not know is returned as it is."""
    for key, pattern in _REFUSALS.items():
        if found := re.fullmatch(pattern, reason, re.DOTALL):
            return say(f"hub_refusal.{key}", language, **found.groupdict())
    return reason
