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
    `h1/printer`; or did not (`is_known` false) by the last word of a former card, and the present
    one has not spoken of it."""

    name: str
    condition: str
    is_known: bool = True


class Differing(Struct, frozen=True):
    """A hub, by its part of the site, that runs something else than the `wanted` configuration or
    software; or a machine beside it, such as `h1/hall`, whose software is not its hub's. Nothing is
    wanted of a hub with a configuration that the centre has not made, and so cannot replace."""

    machine: str
    wanted: str | None
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


class HubFacts(Struct, frozen=True):
    """One hub by its part of the site: when it was last there (UTC milliseconds since 1970),
    whether it is online as the broker last said, and how many `former` cards' journals may lack
    rows, of which so many are known to be `lost`."""

    hub: str
    heard_ms: int
    online: bool = True
    former: int = 0
    lost: int = 0


class AwaitedHub(Struct, frozen=True):
    """A hub by its part of the site that was never heard, and since when it should have been."""

    hub: str
    from_ms: int


class SiteFacts(Struct, frozen=True):
    """What is known of a site at one moment (UTC milliseconds since 1970).

    `waits_known` is whether the site is live and its queue therefore known, unless a hub began
    another journal and has not opened the day in it; `has_opened` whether a hub has opened this
    business day, in whatever journal; `over_target` and `over_eased` wait longer than the target
    and than its eased share. `online` is whether a hub is, as the broker last said;
    `missing` rows are those of the hubs' present journals; `given_up` are devices that do not count
    as lost any more though nobody has said that they work.
    """

    site: str
    waits_known: bool = True
    has_opened: bool = True
    over_target: int = 0
    over_eased: int = 0
    longest_since_ms: int | None = None
    online: bool = True
    clock_ok: bool = True
    missing: int = 0
    hubs: tuple[HubFacts, ...] = ()
    awaited: tuple[AwaitedHub, ...] = ()
    devices: tuple[Device, ...] = ()
    given_up: tuple[Device, ...] = ()
    answered: Answered | None = None
    configurations: tuple[Differing, ...] = ()
    software: tuple[Differing, ...] = ()
    refusals: tuple[Refused, ...] = ()


class Key(NamedTuple):
    """What an alert is about; `subject` is a hub's part of the site, or a machine or rollout there
    such as `h1/printer`, or empty."""

    rule: Rule
    site: str
    subject: str = ""


class Finding(NamedTuple):
    """Something is wrong (`raises`), or not yet well; None when it was wrong and nobody can know
    now, so that nothing begins, ripens or ends; but where only a former card said so
    (`is_former`), what somebody closed is over. `detail` are the figures behind it."""

    key: Key
    raises: bool | None
    detail: Detail
    is_former: bool = False


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


def given_up(facts: SiteFacts) -> set[Key]:
    """What ends at a site though nobody has said that it is well."""
    return {_device_key(facts, device) for device in facts.given_up}


def is_worse(rule: Rule, before: Detail, now: Detail) -> bool:
    """Whether something is wrong beyond what was wrong before: a gap that grew, or another one."""
    return rule is Rule.GAP and any(
        int(now[figure]) > int(before.get(figure, now[figure])) for figure in now
    )


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
            "as_of_ms": now_ms // 60_000 * 60_000,
        }
        yield Finding(key, facts.over_target >= limits.wait_people, detail)


def _silent(facts: SiteFacts, limits: Limits, opening: Opening, now_ms: int) -> Iterator[Finding]:
    """A hub may be switched off at night, so silence counts from the opening on. Each hub of a site
    has an alert of its own, one that should have come by now and never did too."""
    opened_ms = opening.since_ms(now_ms)

    def overdue(since_ms: int) -> bool:
        return now_ms - since_ms > limits.silent_after_ms

    for hub in facts.hubs:
        if hub.online and now_ms - hub.heard_ms <= limits.silent_after_ms:
            continue
        key = Key(Rule.SILENT, facts.site, hub.hub)
        raises = opened_ms is not None and overdue(max(hub.heard_ms, opened_ms))
        yield Finding(key, raises, {"heard_ms": hub.heard_ms})
    for one in facts.awaited:
        key = Key(Rule.SILENT, facts.site, one.hub)
        raises = opened_ms is not None and overdue(max(one.from_ms, opened_ms))
        yield Finding(key, raises, {"awaited_ms": one.from_ms})


def _devices(facts: SiteFacts) -> Iterator[Finding]:
    for device in facts.devices:
        key = _device_key(facts, device)
        detail: Detail = {"condition": device.condition}
        if device.is_known:
            yield Finding(key, raises=True, detail=detail)
        else:
            yield Finding(key, raises=None, detail=detail, is_former=True)


def _device_key(facts: SiteFacts, device: Device) -> Key:
    rule = Rule.PAPER_OUT if device.condition == "paper-out" else Rule.DEVICE_LOST
    return Key(rule, facts.site, device.name)


def _clock(facts: SiteFacts) -> Iterator[Finding]:
    if not facts.clock_ok:
        yield Finding(Key(Rule.CLOCK, facts.site), _if_online(facts), detail={})


def _gap(facts: SiteFacts) -> Iterator[Finding]:
    """A hub without connection cannot fill a gap; that it is silent is another rule's news. What a
    former card of a hub never sent is an alert of its own, until somebody writes it off."""
    if facts.missing:
        detail: Detail = {"missing": facts.missing}
        yield Finding(Key(Rule.GAP, facts.site), _if_online(facts), detail=detail)
    for hub in facts.hubs:
        if hub.former:
            detail = {"missing": hub.lost, "former": hub.former}
            yield Finding(Key(Rule.GAP, facts.site, hub.hub), raises=True, detail=detail)


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
        detail: Detail = {"reported": one.reported}
        if one.wanted is not None:
            detail = {"wanted": one.wanted, **detail}
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
