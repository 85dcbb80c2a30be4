"""What the API answers. Durations are milliseconds; times are ISO 8601 in Vietnam's zone."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=0, examples=[12])]
InAll = Annotated[Count, Field(description="How many in all.")]
NextOffset = Annotated[
    int | None, Field(description="`offset` of the next page; null on the last.", examples=[100])
]
SiteCode = Annotated[str, Field(examples=["01-00097-01"])]
SiteName = Annotated[
    str | None,
    Field(
        description="Null for a site that is not registered.",
        examples=["Trung tâm phường Hồng Hà"],
    ),
]


class Model(BaseModel):
    """The base of all answers."""

    model_config = ConfigDict(frozen=True)


class Liveness(StrEnum):
    """How far what is known of a site reaches: `live` to the present; `delayed` when its hub
    speaks but not everything has come; `offline` when it is silent; `never` heard from, or not
    by the hub that was decided upon in place of those that were retired; `ended` when its last day
    is over, or all of its hubs were retired, and nothing more is expected."""

    LIVE = "live"
    DELAYED = "delayed"
    OFFLINE = "offline"
    NEVER = "never"
    ENDED = "ended"


class Rank(StrEnum):
    """By what sites are ranked, the longest first; sites without the figure come last."""

    P50 = "p50"
    P90 = "p90"
    LONGEST_NOW = "longest_now"
    WAITING = "waiting"


class Duration(Model):
    """Measured durations; quantiles are within 1 %."""

    n: Count = Field(description="How many were measured.", examples=[120])
    mean_ms: int | None = Field(description="Their mean; null of none.", examples=[412_000])
    p50_ms: int | None = Field(description="The median.", examples=[361_000])
    p90_ms: int | None = Field(description="Nine of ten were no longer.", examples=[914_000])


class Freshness(Model):
    """How far figures can be trusted. Silence never means that nobody waits."""

    state: Liveness
    complete_up_to: datetime | None = Field(
        description="Everything that happened until then is in the figures; null when unknown.",
        examples=["2026-11-20T10:42:07+07:00"],
    )
    missing: Count = Field(description="Events known to exist and not received yet.")


class FreshnessOfMany(Model):
    """How far the figures of several sites can be trusted."""

    complete_up_to: datetime | None = Field(
        description="The earliest of the sites that have reported this day; null of none, and "
        "where it is unknown of one of them.",
        examples=["2026-11-20T10:42:07+07:00"],
    )
    live: Count
    delayed: Count
    offline: Count
    never: Count
    ended: Count
    missing: Count = Field(description="Events known to exist and not received yet.")


class CounterStatus(StrEnum):
    """What a counter does: it is `unknown` where a hub went on in a new journal and the counter has
    done nothing since."""

    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"
    UNKNOWN = "unknown"


OpenCounters = Annotated[
    int | None,
    Field(
        description="Counters open now, at sites that are live, have opened the day and tell of "
        "all of theirs; null when there is no such site, and for another day or a period.",
        examples=[5],
    ),
]
PausedCounters = Annotated[
    int | None, Field(description="Counters paused now, at the same sites.", examples=[1])
]
Unattended = Annotated[
    int | None,
    Field(
        description="How many of these sites have citizens waiting and no open counter.",
        examples=[0],
    ),
]


class Now(Model):
    """Who waits now, and what counters are there for them: counted only at sites that are live and
    have opened the day."""

    waiting: int | None = Field(
        description="Citizens waiting for their first or a further service; null when no site "
        "is live.",
        examples=[14],
    )
    longest_wait_ms: int | None = Field(
        description="How long the first of them has waited; null when nobody is known to wait.",
        examples=[1_260_000],
    )
    counters_open: OpenCounters
    counters_paused: PausedCounters
    unattended: Unattended


class DayFigures(Model):
    """What happened on a business day."""

    issued: Count = Field(description="Numbers given out.", examples=[131])
    called: Count = Field(description="Calls, without repetitions.")
    finished: Count = Field(description="Services finished.")
    visits: Count = Field(description="Visits finished with their last service.")
    no_shows: Count = Field(description="Called and not come.")
    voids: Count = Field(description="Taken out of the queue by staff.")
    transfers: Count = Field(description="Sent on to another service or counter.")
    wait: Duration = Field(description="From the number to the first call.")
    service: Duration = Field(description="From start to finish, less parked time.")
    second_wait: Duration = Field(description="Parked for a signature or papers, until recalled.")
    unsure: Count = Field(
        description="Events whose hub had no trusted clock: their day is right, their quarter of "
        "an hour may not be."
    )


class Answers(Model):
    """Ratings by buttons, counted by fives: an answer waits until there are five of its site and
    service, and counts on the day of the fifth. So nobody's answer can be found by comparing."""

    answers: int | None = Field(
        description="Answers counted, a multiple of five; null of none.", examples=[25]
    )
    response_rate: float | None = Field(
        description="Answers per finished service. On one day of one site it may be off by four "
        "answers for each service; null with no answers, or more than services.",
        examples=[0.16],
    )


class Overview(Model):
    """The nation, or the province of a provincial admin, on one day."""

    day: date = Field(examples=["2026-11-20"])
    province: str | None = Field(
        examples=["01"], description="The province's code; null for the nation."
    )
    sites: Count = Field(description="Sites registered or heard from.")
    unregistered: Count = Field(description="Sites heard from and not registered.")
    reporting: Count = Field(description="Sites with events of this day.")
    now: Now
    figures: DayFigures
    ratings: Answers
    freshness: FreshnessOfMany


class Province(Model):
    """One province on one day."""

    code: str = Field(examples=["01"])
    name: str = Field(examples=["Thành phố Hà Nội"])
    sites: Count
    reporting: Count
    now: Now
    figures: DayFigures
    freshness: FreshnessOfMany


class Provinces(Model):
    """Provinces by code."""

    day: date = Field(examples=["2026-11-20"])
    provinces: list[Province]


class Site(Model):
    """One site on one day."""

    site: SiteCode
    name: SiteName
    type: str | None = Field(examples=["centre"])
    registered: bool
    now: Now
    figures: DayFigures
    freshness: Freshness


class Sites(Model):
    """The sites of a province, ranked."""

    day: date = Field(examples=["2026-11-20"])
    province: str = Field(examples=["01"])
    name: str = Field(examples=["Thành phố Hà Nội"])
    rank: Rank
    sites: list[Site]


class ServiceDay(Model):
    """One service of a site on one day."""

    service: str = Field(
        examples=["1"], description="The service's id; empty for what belongs to no service."
    )
    name: str | None = Field(examples=["Hộ tịch – Chứng thực"])
    figures: DayFigures
    ratings: Answers


class CounterDay(Model):
    """How one counter spent a day."""

    counter: int = Field(examples=[3])
    service_ms: Count = Field(description="Serving citizens.")
    walk_ms: Count = Field(description="Between a call and the citizen's arrival or absence.")
    idle_ms: Count = Field(description="Open, with nobody called.")
    pause_ms: Count = Field(description="Paused.")
    closed_ms: Count = Field(description="Closed between two openings of the same day.")
    called: Count
    finished: Count = Field(description="Services finished.")
    visits: Count = Field(description="Visits finished with their last service.")
    no_shows: Count
    visits_per_open_hour: float | None = Field(
        description="Visits finished per hour of service, walk and idle time.", examples=[5.2]
    )


class CounterNow(Model):
    """What one counter does at this moment."""

    node: str = Field(examples=["01-00097-01-h1"])
    counter: int = Field(examples=[3])
    state: CounterStatus = Field(examples=["paused"])
    since: datetime | None = Field(
        description="Null when no trusted clock says.", examples=["2026-11-20T10:21:07+07:00"]
    )
    pause_reason: str | None = Field(
        description="As it was chosen or written at the counter; null unless it is paused.",
        examples=["lunch"],
    )


class Quarter(Model):
    """One quarter of an hour of a site."""

    start: datetime = Field(examples=["2026-11-20T10:30:00+07:00"])
    issued: Count
    called: Count
    finished: Count
    no_shows: Count
    wait: Duration = Field(description="Waits that ended in this quarter of an hour.")


class Level(Model):
    """Answers on one scale and level; 1 is the worst."""

    levels: int = Field(description="How many levels the buttons have.", examples=[4])
    level: int = Field(examples=[4])
    answers: int | None = Field(
        examples=[31], description="Null when under five, or findable by another level."
    )


class SiteDay(Model):
    """One site's day by service, counter and quarter of an hour."""

    day: date = Field(examples=["2026-11-20"])
    site: Site
    province: str = Field(examples=["01"])
    ratings: Answers
    levels: list[Level]
    ignored_presses: Count = Field(description="Presses of a rating button when none was due.")
    services: list[ServiceDay]
    counters: list[CounterDay]
    counters_now: list[CounterNow] | None = Field(
        description="What its counters do now, those included that have called nobody; null on "
        "another day, and unless the site is live and its hubs have opened the day."
    )
    quarters: list[Quarter]


class Health(Model):
    """Whether the centre works."""

    healthy: bool
    refused_files: int = Field(
        description="Files that hubs sent by hand and that could not be taken in; they are kept in "
        "`imports/refused` of the centre's data folder, each with the reason.",
        examples=[0],
    )


class Problem(Model):
    """An error (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
