"""The rules: what is wrong at a site, judged from facts alone.

A rule speaks of three things: what raises an alert, what is not yet well enough to end one, and,
by silence, what is well. What is not known (a site without connection) neither raises nor ends.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Literal, NamedTuple

from msgspec import Struct

from central.alerts.hours import Opening
from central.api.wilson import wilson

Detail = Mapping[str, int | str]
"""The figures behind a finding, by name."""


class Rule(StrEnum):
    """What can be wrong; its words are `alerts.<rule>`."""

    WAIT = "wait"
    SILENT = "silent"
    PAPER_OUT = "paper_out"
    DEVICE_LOST = "device_lost"
    CLOCK = "clock"
    GAP = "gap"
    RATING = "rating"
    CONFIG = "config"
    SOFTWARE = "software"
    ROLLOUT = "rollout"


class Limits(Struct, frozen=True):
    """From when on something is wrong. `easing` is the share of the target below which waits must
    fall before their alert ends."""

    wait_target_ms: int
    wait_people: int
    silent_after_ms: int
    rating_answers: int
    rating_drop: float
    easing: float = 0.8


class Device(Struct, frozen=True):
    """A device that does not work, by its hub's part of the site and its name, such as
    `h1/printer`."""

    name: str
    condition: str


class Differing(Struct, frozen=True):
    """A hub, by its part of the site, that runs something else than the `wanted` configuration or
    software; or a machine beside it, such as `h1/hall`, whose software is not its hub's."""

    machine: str
    wanted: str
    reported: str


class Refused(Struct, frozen=True):
    """A hub, by its part of the site, that refused `software` in a rollout that halted itself, and
    its reason; of the `tried` hubs so many have `refused`."""

    hub: str
    rollout: int
    software: str
    refused: int
    tried: int
    reason: str


class Answered(Struct, frozen=True):
    """How many answered, and how many of them were satisfied, lately and before."""

    answers: int
    satisfied: int
    answers_before: int
    satisfied_before: int


class SiteFacts(Struct, frozen=True):
    """What is known of a site at one moment (UTC milliseconds since 1970).

    `waits_known` is whether the site is live and its queue therefore known, `has_opened` whether
    its hub has opened this business day; `over_target` and `over_eased` wait longer than the
    target and than its eased share. `heard_ms` is when a hub was last there, `online` what the
    broker last said.
    """

    site: str
    waits_known: bool = True
    has_opened: bool = True
    over_target: int = 0
    over_eased: int = 0
    longest_since_ms: int | None = None
    heard_ms: int = 0
    online: bool = True
    clock_ok: bool = True
    missing: int = 0
    devices: tuple[Device, ...] = ()
    answered: Answered | None = None
    configurations: tuple[Differing, ...] = ()
    software: tuple[Differing, ...] = ()
    refusals: tuple[Refused, ...] = ()


class Key(NamedTuple):
    """What an alert is about; `subject` is a device's name or empty."""

    rule: Rule
    site: str
    subject: str = ""


class Finding(NamedTuple):
    """Something is wrong (`raises`), or not yet well; None when it was wrong and nobody can know
    now, so that nothing begins, ripens or ends. `detail` are the figures behind it."""

    key: Key
    raises: bool | None
    detail: Detail


def findings(facts: SiteFacts, limits: Limits, opening: Opening, now_ms: int) -> Iterator[Finding]:
    """What is wrong or not yet well at a site; what is not mentioned is well."""
    yield from _wait(facts, limits, now_ms)
    yield from _silent(facts, limits, opening, now_ms)
    yield from _devices(facts)
    yield from _clock(facts)
    yield from _gap(facts)
    yield from _rating(facts, limits)
    yield from _differing(Rule.CONFIG, facts, facts.configurations)
    yield from _differing(Rule.SOFTWARE, facts, facts.software)
    yield from _rollout(facts)


def _wait(facts: SiteFacts, limits: Limits, now_ms: int) -> Iterator[Finding]:
    key = Key(Rule.WAIT, facts.site)
    if not facts.has_opened:
        return
    if not facts.waits_known:
        yield Finding(key, raises=False, detail={})
    elif facts.over_eased >= limits.wait_people:
        longest_ms = now_ms - (facts.longest_since_ms or now_ms)
        detail: Detail = {
            "people": facts.over_target,
            "longest_min": longest_ms // 60_000,
        }
        yield Finding(key, facts.over_target >= limits.wait_people, detail)


def _silent(facts: SiteFacts, limits: Limits, opening: Opening, now_ms: int) -> Iterator[Finding]:
    """A hub may be switched off at night, so silence counts from the opening on."""
    opened_ms = opening.since_ms(now_ms)
    silent_ms = now_ms - max(facts.heard_ms, opened_ms or facts.heard_ms)
    if facts.online and now_ms - facts.heard_ms <= limits.silent_after_ms:
        return
    raises = opened_ms is not None and silent_ms > limits.silent_after_ms
    yield Finding(Key(Rule.SILENT, facts.site), raises, {"heard_ms": facts.heard_ms})


def _devices(facts: SiteFacts) -> Iterator[Finding]:
    for device in facts.devices:
        rule = Rule.PAPER_OUT if device.condition == "paper-out" else Rule.DEVICE_LOST
        key = Key(rule, facts.site, device.name)
        yield Finding(key, raises=True, detail={"condition": device.condition})


def _clock(facts: SiteFacts) -> Iterator[Finding]:
    if not facts.clock_ok:
        yield Finding(Key(Rule.CLOCK, facts.site), _if_online(facts), detail={})


def _gap(facts: SiteFacts) -> Iterator[Finding]:
    """A hub without connection cannot fill a gap; that it is silent is another rule's news."""
    if facts.missing:
        detail: Detail = {"missing": facts.missing}
        yield Finding(Key(Rule.GAP, facts.site), _if_online(facts), detail=detail)


def _rating(facts: SiteFacts, limits: Limits) -> Iterator[Finding]:
    """A drop that chance does not explain: the 95 % intervals of both shares lie apart."""
    found = facts.answered
    if found is None or min(found.answers, found.answers_before) < limits.rating_answers:
        return
    share = found.satisfied / found.answers
    before = found.satisfied_before / found.answers_before
    if before - share < limits.rating_drop / 2:
        return
    highest = wilson(found.satisfied, found.answers)[1]
    lowest_before = wilson(found.satisfied_before, found.answers_before)[0]
    raises = before - share >= limits.rating_drop and highest < lowest_before
    detail: Detail = {
        "percent": round(share * 100),
        "percent_before": round(before * 100),
        "answers": found.answers,
    }
    yield Finding(Key(Rule.RATING, facts.site), raises, detail)


def _differing(rule: Rule, facts: SiteFacts, machines: Iterable[Differing]) -> Iterator[Finding]:
    for one in machines:
        detail: Detail = {"wanted": one.wanted, "reported": one.reported}
        yield Finding(Key(rule, facts.site, one.machine), _if_online(facts), detail)


def _if_online(facts: SiteFacts) -> Literal[True] | None:
    """What a hub said of itself stays wrong while it is switched off, as every night."""
    return True if facts.online else None


def _rollout(facts: SiteFacts) -> Iterator[Finding]:
    """Told at each site that refused: whoever looks after it has to look, and the nation hears."""
    for one in facts.refusals:
        detail: Detail = {
            "hub": one.hub,
            "rollout": one.rollout,
            "wanted": one.software,
            "refused": one.refused,
            "tried": one.tried,
            "reason": one.reason,
        }
        key = Key(Rule.ROLLOUT, facts.site, f"{one.hub}/{one.rollout}")
        yield Finding(key, raises=True, detail=detail)
