"""What the API answers about periods. Durations are milliseconds; days are Vietnam's."""

from datetime import date, datetime
from enum import StrEnum

from pydantic import Field

from central.api.models import (
    Answers,
    Count,
    CounterDay,
    DayFigures,
    Duration,
    Freshness,
    FreshnessOfMany,
    InAll,
    Level,
    Model,
    NextOffset,
    OpenCounters,
    PausedCounters,
    SiteCode,
    SiteName,
)


class Group(StrEnum):
    """What is ranked."""

    SITES = "sites"
    UNITS = "units"
    PROVINCES = "provinces"


class Wait(StrEnum):
    """By which wait to rank, the longest first; what has no such figure comes last."""

    P50 = "p50"
    P90 = "p90"
    LONGEST = "longest"


class When(StrEnum):
    """`now`: those who wait at this moment; `period`: waits that ended in it."""

    NOW = "now"
    PERIOD = "period"


class Step(StrEnum):
    """How long one point of a trend is."""

    DAY = "day"
    MONTH = "month"


class Waits(Model):
    """Waits that ended, or of those who wait now; quantiles within 1 %."""

    n: Count = Field(description="How many.", examples=[120])
    p50_ms: int | None = Field(description="The median; null of none.", examples=[361_000])
    p90_ms: int | None = Field(
        description="Nine of ten were no longer; null of none.", examples=[914_000]
    )
    longest_ms: int | None = Field(description="The longest; null of none.", examples=[1_520_000])


class Place(Model):
    """One site, unit or province in a ranking."""

    place: Count = Field(description="1 is the longest wait.", examples=[1])
    code: str = Field(examples=["01-00097-01"])
    name: SiteName = Field(examples=["Phường Hồng Hà"])
    province: str = Field(examples=["01"])
    sites: Count = Field(description="How many sites it has.", examples=[1])
    reporting: Count = Field(description="How many of them have figures for this.", examples=[1])
    waits: Waits
    counters_open: OpenCounters
    counters_paused: PausedCounters
    freshness: FreshnessOfMany


class Ranking(Model):
    """Sites, units or provinces by how long citizens wait."""

    of: Group
    by: Wait
    when: When
    first_day: date = Field(description="The first day of the period.", examples=["2026-11-20"])
    last_day: date = Field(description="The last day of the period.", examples=["2026-11-20"])
    total: Count = Field(description="How many are ranked in all.", examples=[3139])
    next_offset: NextOffset
    places: list[Place]
    freshness: FreshnessOfMany


class Unit(Model):
    """One commune-level unit on one day."""

    code: str = Field(examples=["01-00097"])
    name: str = Field(examples=["Phường Hồng Hà"])
    province: str = Field(examples=["01"])
    sites: Count = Field(description="One unit may have several.", examples=[2])
    reporting: Count = Field(description="Sites with events of this day.", examples=[2])
    figures: DayFigures
    freshness: FreshnessOfMany


class Units(Model):
    """Units that have sites, by code."""

    day: date = Field(examples=["2026-11-20"])
    total: InAll = Field(examples=[3121])
    next_offset: NextOffset
    units: list[Unit]
    freshness: FreshnessOfMany


class TrendPoint(Model):
    """One day or month."""

    first_day: date = Field(examples=["2026-11-01"])
    last_day: date = Field(examples=["2026-11-30"])
    figures: DayFigures


class Trend(Model):
    """The same figures, day by day or month by month; days without any are there with zeros."""

    step: Step
    points: list[TrendPoint]
    freshness: FreshnessOfMany


class Throughput(Model):
    """How a site's counters spent a period and what came of it.

    Citizens wait for a service, not for a counter, so the wait is the site's; the five times of a
    counter add up to its opening hours and the closings between them.
    """

    site: SiteCode
    first_day: date = Field(examples=["2026-11-01"])
    last_day: date = Field(examples=["2026-11-30"])
    wait: Duration = Field(description="From the number to the first call, over all counters.")
    second_wait: Duration = Field(description="Parked for a signature or papers, until recalled.")
    counters: list[CounterDay]
    freshness: Freshness


class Interval(Model):
    """A Wilson score interval at 95 % (E. B. Wilson, 1927)."""

    low: float = Field(examples=[0.951])
    high: float = Field(examples=[0.998])


class RatingFigures(Model):
    """Answers to the buttons, counted by fives as in `Answers`. They come from those who pressed,
    about one citizen in seven, and are no survey. Whatever would show that a level has under five
    is null, and so is what it could be found by."""

    finished: Count = Field(description="Services finished, each of which could be rated.")
    answers: int | None = Field(description="Answers counted.", examples=[270])
    response_rate: float | None = Field(
        description="Answers per finished service.", examples=[0.154]
    )
    response_interval: Interval | None = Field(description="Its Wilson interval at 95 %.")
    satisfied: float | None = Field(
        description="Share of answers on the upper half of the scale: level 3 of 3, 3 and 4 of 4, "
        "4 and 5 of 5.",
        examples=[0.97],
    )
    satisfied_interval: Interval | None = Field(description="Its Wilson interval at 95 %.")


class ServiceRatings(Model):
    """Ratings of one service."""

    service: str = Field(examples=["1"])
    name: str | None = Field(examples=["Hộ tịch – Chứng thực"])
    finished: Count = Field(description="Services finished, each of which could be rated.")
    ratings: Answers


class Ratings(Model):
    """Ratings of a period: in all, by level and by service."""

    first_day: date = Field(examples=["2026-11-01"])
    last_day: date = Field(examples=["2026-11-30"])
    total: RatingFigures
    levels: list[Level]
    services: list[ServiceRatings]
    freshness: FreshnessOfMany


class SitePeriod(Model):
    """One site over a period."""

    site: SiteCode
    name: SiteName = Field(examples=["Phường Hồng Hà"])
    province: str = Field(examples=["01"])
    figures: DayFigures
    ratings: Answers
    freshness: Freshness


class Total(Model):
    """A whole period in one."""

    figures: DayFigures
    reporting: Count = Field(description="Sites with events of this period.", examples=[3])
    freshness: FreshnessOfMany


class ProvincePeriod(Model):
    """One province over a period."""

    name: str = Field(examples=["Thành phố Hà Nội"])
    sites: Count
    reporting: Count
    figures: DayFigures
    freshness: FreshnessOfMany


class MonthReport(Model):
    """What the monthly report says; `before` is the month before, and `provinces` are there when
    it is about several."""

    first_day: date
    last_day: date
    figures: DayFigures
    before: Total
    provinces: list[ProvincePeriod]
    days: list[TrendPoint]
    sites: list[SitePeriod]
    reporting: Count
    sites_in_all: Count
    ratings: RatingFigures
    freshness: FreshnessOfMany


class Restated(Model):
    """One day of a site that late events changed after it was over."""

    site: SiteCode
    day: date = Field(description="The business day that changed.", examples=["2026-11-18"])
    first: datetime = Field(
        description="When the first of these events came.",
        examples=["2026-11-20T10:42:07+07:00"],
    )
    last: datetime = Field(examples=["2026-11-20T10:43:12+07:00"])
    events: Count = Field(description="How many.", examples=[34])


class Restatements(Model):
    """Changes of days that were over, the latest first."""

    total: InAll = Field(examples=[34])
    next_offset: NextOffset
    restated: list[Restated]
    freshness: FreshnessOfMany
