"""The words of a message: what is new, in one message however much it is."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from central.alerts.rules import Rule
from central.api.freshness import local_time
from central.device_words import device_words, fault_words
from central.store.alerts import AlertRow, NewsRow
from central.updates.reasons import refusal_words
from runtime.wording import say

_MOST_LINES = 20
_OF_DEVICES = (Rule.PAPER_OUT, Rule.DEVICE_LOST)
_FIRST_HUB = "h1"
_FIGURES = (
    *("people", "longest_min", "as_of", "missing", "condition"),
    *("percent", "percent_before", "answers", "wanted", "reported"),
    *("hub", "rollout", "refused", "tried", "reason", "awaited"),
)


class Item(Struct, frozen=True):
    """One piece of news for machines; times are ISO 8601 in Vietnam's zone."""

    alert: int
    what: str
    rule: str
    site: str
    name: str | None
    subject: str
    at: str
    detail: Mapping[str, Any]
    words: str


class Message(Struct, frozen=True):
    """What one receiver is told at once; the same news has the same `id`, which is ASCII, for it
    stands in headers."""

    id: str
    at_ms: int
    subject: str
    text: str
    items: tuple[Item, ...]


def compose(receiver: str, news: Sequence[NewsRow], language: str, now_ms: int) -> Message:
    """One message of all the news; beyond twenty lines it counts the rest."""
    counts = Counter(one.what for one in news)
    began, ended = counts["opened"], len(news) - counts["opened"]
    subject = say("alerts.subject", language, began=began, ended=ended)
    items = tuple(_item(one, language) for one in news)
    lines = [item.words for item in items[:_MOST_LINES]]
    if len(items) > _MOST_LINES:
        lines.append(say("alerts.and_more", language, n=len(items) - _MOST_LINES))
    return Message(
        id=f"{_ascii(receiver)}.{news[0].news}-{news[-1].news}",
        at_ms=now_ms,
        subject=subject,
        text="\n".join([subject, "", *lines, "", say("alerts.where_to_act", language)]),
        items=items,
    )


def describe(alert: AlertRow, language: str) -> str:
    """What is wrong, in words."""
    unknown = dict.fromkeys(_FIGURES, "–")
    known = {name: str(value) for name, value in alert.detail.items()}
    if "reason" in known:
        known["reason"] = refusal_words(known["reason"], language)
    if "condition" in known:
        known["condition"] = fault_words(known["condition"], language)
    if "as_of_ms" in known:
        known["as_of"] = _time(int(known["as_of_ms"]))
    if "awaited_ms" in known:
        known["awaited"] = f"{local_time(int(known['awaited_ms'])):%d/%m/%Y}"
    device = _device_of(alert, language)
    return say(_words_of(alert), language, device=device, **(unknown | known))


def _device_of(alert: AlertRow, language: str) -> str:
    """What an alert is about: of the devices of a site's only hub, as a rule, their words alone."""
    hub, _, device = alert.subject.partition("/")
    words = device_words(device, language)
    if alert.rule not in _OF_DEVICES or words == device:
        return alert.subject
    return words if hub == _FIRST_HUB else f"{words} ({hub})"


def _words_of(alert: AlertRow) -> str:
    if alert.rule == Rule.CONFIG and "wanted" not in alert.detail:
        return "alerts.config_unmade"
    if alert.subject and alert.rule == Rule.GAP:
        return "alerts.gap_former"
    if alert.subject and alert.rule == Rule.SILENT:
        return "alerts.silent_awaited" if "awaited_ms" in alert.detail else "alerts.silent_hub"
    return f"alerts.{alert.rule}"


def _ascii(receiver: str) -> str:
    """A receiver's name is in whatever letters its owner writes."""
    return hashlib.sha256(receiver.encode()).hexdigest()[:12]


def _time(wall_ms: int) -> str:
    return f"{local_time(wall_ms):%H:%M %d/%m}"


def _item(one: NewsRow, language: str) -> Item:
    alert = one.alert
    words = say(
        f"alerts.line_{one.what}",
        language,
        time=_time(one.at_ms),
        site=f"{alert.name} ({alert.site})" if alert.name else alert.site,
        words=describe(alert, language),
    )
    return Item(
        alert=alert.alert,
        what=one.what,
        rule=alert.rule,
        site=alert.site,
        name=alert.name,
        subject=alert.subject,
        at=local_time(one.at_ms).isoformat(),
        detail=alert.detail,
        words=words,
    )
