"""Numbers, times and freshness in words, for the pages."""

from datetime import date, datetime

from fastapi import Request

from central.api.freshness import counted
from central.api.models import (
    Freshness,
    FreshnessOfMany,
    Level,
    Liveness,
)
from central.api.quality_models import MissingRange, NodeQuality
from central.device_words import device_words, fault_words
from central.registry.places import Places
from central.scope import Scope
from central.store.visible import Where
from runtime.wording import LANGUAGES, catalogue, say

_MS_PER_MINUTE = 60_000
_MB_PER_GB = 1000
_MB_IN_WHOLE_GB = 9_950


LANGUAGE_COOKIE = "thutu_language"


def page_language(request: Request) -> str:
    """Vietnamese, unless the page's switch has chosen otherwise; what a browser was installed
    with says little of who sits before it."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else "vi"


class Words:
    """Everything a page says, in one language. `today` leaves the date out of today's times."""

    def __init__(self, language: str, today: date, places: Places) -> None:
        self.language = language
        self._today = today
        self._places = places

    def __call__(self, key: str, **values: object) -> str:
        """The words for `admin.<key>`."""
        return say(f"admin.{key}", self.language, **values)

    def say(self, key: str, **values: object) -> str:
        """The words for a key of any section."""
        return say(key, self.language, **values)

    def number(self, n: float | None, places: int = 0) -> str:
        """A number with the language's marks, or a dash."""
        if n is None:
            return self("no_figure")
        text = f"{n:,.{places}f}"
        return text.translate(str.maketrans(",.", ".,")) if self.language == "vi" else text

    def count(
        self,
        n: int,
        fresh: Freshness | FreshnessOfMany,
        last: date,
        reporting: int | None = None,
    ) -> str:
        """How many of a day, or of days up to `last`; a dash for none of which nobody knows."""
        return self.number(counted(n, fresh, last, self._today, reporting=reporting))

    def minutes(self, ms: int | None) -> str:
        """A duration in minutes, to a tenth below ten, in seconds below one, or a dash."""
        if ms is None:
            return self("no_figure")
        if ms < _MS_PER_MINUTE:
            return self("seconds", n=ms // 1000)
        minutes = ms / _MS_PER_MINUTE
        return self("minutes", n=self.number(minutes, 1 if minutes < 9.95 else 0))

    def percent(self, share: float | None) -> str:
        """A share in percent, or a dash."""
        return self("no_figure") if share is None else f"{self.number(share * 100, 1)} %"

    def clock(self, time: datetime | None) -> str:
        """A time of day, with its date when that is not today."""
        if time is None:
            return self("state_unknown_time")
        if time.date() == self._today:
            return f"{time:%H:%M}"
        return f"{time:%H:%M} {self.date(time.date())}"

    def clock_now(self, time: datetime) -> str:
        """A time of day to the second."""
        return f"{time:%H:%M:%S}"

    def whole_day(self, day: date) -> str:
        """A date with its day of the week, and whether it is today: the browser's own fields write
        dates as the computer was installed, day and month either way round."""
        weekday = self.say(f"terminal.weekday_{day.isoweekday()}")
        key = "today" if day == self._today else "on_day"
        return self(key, weekday=weekday, date=self.date(day))

    def date(self, day: date) -> str:
        """A date as it is written in Vietnam."""
        return f"{day:%d/%m/%Y}"

    def place(self, where: Where) -> str:
        """The narrowest place that a question names."""
        unit = where.unit or (where.site or "")[: len("01-00097")]
        if unit:
            name = self._places.name(unit, self._today)
            return f"{name} ({where.site})" if where.site else name
        code = where.province or ""
        return self.province(code, self._places.name(code, self._today))

    def province(self, code: str, name: str) -> str:
        """A province's name, or that no list gives one for its code."""
        return self("unknown_province", code=code) if name == code else name

    def home(self, scope: Scope) -> str:
        """The name of all that somebody may see."""
        if scope == Scope():
            return self("nation")
        return self.place(Where(scope.province, scope.unit))

    def up_to(self, fresh: FreshnessOfMany) -> str:
        """How far the figures of several sites reach."""
        if fresh.complete_up_to is None:
            is_over = fresh.ended and not fresh.live + fresh.delayed + fresh.offline
            return self("all_ended" if is_over else "none_reported")
        return self("many_up_to", time=self.clock(fresh.complete_up_to))

    def state(self, fresh: Freshness) -> str:
        """How far the figures of a site reach."""
        if fresh.state is Liveness.NEVER:
            return self("state_never")
        if fresh.state is Liveness.ENDED and fresh.complete_up_to is None:
            return self("state_ended_unknown")
        return self(f"state_{fresh.state.value}", time=self.clock(fresh.complete_up_to))

    def missing(self, n: int) -> str:
        """How many events are missing."""
        return self("missing", n=self.number(n)) if n else self("nothing_missing")

    def gap(self, gap: MissingRange) -> str:
        """Which rows of a journal have not come, and whether somebody has given them up."""
        if gap.last is None:
            words = self("gap_open", node=gap.node, epoch=gap.epoch, first=gap.first)
        else:
            words = self("gap", node=gap.node, first=gap.first, last=gap.last)
        if gap.written_off is None:
            return words
        return self("gap_given_up", gap=words, day=self.date(gap.written_off))

    def node(self, node: NodeQuality) -> str:
        """Whether a hub is online, and since when; one that went without a farewell is silent."""
        if node.awaited_since is not None:
            return self("node_awaited", node=node.node, day=self.date(node.awaited_since))
        if node.state is Liveness.OFFLINE and node.online is not False:
            return self("node_silent", node=node.node, time=self.clock(node.heard))
        if node.online is None:
            return self("node_unknown", node=node.node)
        key = "node_online" if node.online else "node_offline"
        return self(key, node=node.node, time=self.clock(node.online_since))

    def health(self, node: NodeQuality) -> str:
        """What a hub said of its machine, and when unless it is live; empty when it told nothing.
        That its supply is good is not worth a word."""
        health = node.health
        parts = []
        if health.temperature_c is not None:
            parts.append(self("health_temperature", n=self.number(health.temperature_c)))
        if health.free_mb is not None:
            parts.append(self("health_free", room=self._room(health.free_mb)))
        if health.wear_percent is not None:
            parts.append(self("health_wear", n=health.wear_percent))
        if health.undervoltage:
            parts.append(self("health_undervoltage"))
        if parts and node.state is not Liveness.LIVE:
            parts.append(self("health_told", time=self.clock(health.told)))
        words = " · ".join(parts)
        return words[:1].upper() + words[1:]

    def _room(self, mb: int) -> str:
        if mb < _MB_PER_GB:
            return f"{mb} MB"
        return f"{self.number(mb / _MB_PER_GB, 1 if mb < _MB_IN_WHOLE_GB else 0)} GB"

    def device(self, name: str) -> str:
        """What people call a device."""
        return device_words(name, self.language)

    def fault(self, condition: str) -> str:
        """What is wrong with a device."""
        return fault_words(condition, self.language)

    def reason(self, reason: str) -> str:
        """The words of a reason that was chosen from a list, or the reason as it was written."""
        return catalogue(self.language).get(f"terminal.reason_{reason}", reason)

    def level(self, level: Level) -> str:
        """The words on a rating button."""
        scale = {3: "three", 4: "four", 5: "five"}.get(level.levels)
        if scale is None:
            return self("rating_level", level=level.level, levels=level.levels)
        return say(f"rating.{scale}_{level.level}", self.language)

    def states(self, fresh: FreshnessOfMany) -> list[tuple[str, str]]:
        """How many sites are in each state that occurs, each with the state's name."""
        counts = {state: getattr(fresh, state.value) for state in Liveness}
        return [
            (state.value, self(f"state_count_{state.value}", n=self.number(n)))
            for state, n in counts.items()
            if n
        ]
