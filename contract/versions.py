"""Which of two versions of the software is the later one."""

import re

_PLAIN = re.compile(r"[0-9]+(\.[0-9]+)*")


def is_later(one: str, other: str) -> bool:
    """Whether `one` comes after `other`; False where either is more than numbers and dots."""
    if not (_PLAIN.fullmatch(one) and _PLAIN.fullmatch(other)):
        return False
    return _parts(one) > _parts(other)


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.sub(r"(\.0+)+$", "", version).split("."))
