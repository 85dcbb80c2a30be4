"""What the API answers about the data quality of a site, and how its hubs fare."""

from datetime import date, datetime

from pydantic import Field

from central.api.models import Count, Freshness, Liveness, Model, SiteCode


class MissingRange(Model):
    """Rows of a hub's journal that exist, or may, and have not come."""

    node: str = Field(examples=["01-00097-01-h1"])
    epoch: str = Field(examples=["00000000000000aa"])
    first: int = Field(examples=[101])
    last: int | None = Field(
        description="Null: what a former card may have recorded beyond, which nobody can count.",
        examples=[105],
    )
    written_off: datetime | None = Field(
        description="When an operator gave these rows up; null while they are awaited.",
        examples=[None],
    )


class NodeHealth(Model):
    """What a hub itself last said of its machine, also one that has gone since; null is what it did
    not tell."""

    told: datetime | None = Field(
        description="When it said so; null when it told nothing.",
        examples=["2026-11-20T10:42:07+07:00"],
    )
    temperature_c: int | None = Field(description="Of its processor, in °C.", examples=[54])
    undervoltage: bool | None = Field(
        description="Whether its supply is too weak.", examples=[False]
    )
    wear_percent: int | None = Field(
        description="How much of its life the disk has used, by its own word or by what was "
        "written to it.",
        examples=[12],
    )
    free_mb: int | None = Field(
        description="The room that is left on the disk, in millions of bytes.", examples=[21_400]
    )


class NodeQuality(Model):
    """What is known of one hub."""

    node: str = Field(examples=["01-00097-01-h1"])
    state: Liveness = Field(description="How far what is known of this hub reaches.")
    awaited_since: date | None = Field(
        description="Since when it should report, by the operator's list; null once it was heard.",
        examples=[None],
    )
    online: bool | None = Field(description="What the broker last said; null when it never did.")
    online_since: datetime | None = Field(
        examples=["2026-11-20T07:02:11+07:00"], description="Since when it is online or offline."
    )
    heard: datetime | None = Field(
        examples=["2026-11-20T10:42:07+07:00"],
        description="When its last message came; null before the first.",
    )
    clock_synchronised: bool | None
    software: str | None = Field(examples=["0.1.0"])
    software_fingerprint: str | None = Field(
        description="Of the files of its software, as the hub said last; null when it has not said "
        "it, or was not installed from a wheel.",
        examples=["1a2b3c4d5e6f"],
    )
    config: str | None = Field(examples=["c1"])
    unsent: int | None = Field(examples=[0], description="What the hub last said it had not sent.")
    health: NodeHealth


class QualityShares(Model):
    """The four figures of data quality, each a share from 0 to 1; null where nothing is known."""

    right: float | None = Field(
        description="Correct: messages accepted, of all that came.", examples=[1.0]
    )
    complete: float | None = Field(
        description="Complete: rows held, of all known to exist.", examples=[0.998]
    )
    clean: float | None = Field(
        description="Clean: rows that came once, readable and uncontradicted.", examples=[0.991]
    )
    alive: float | None = Field(
        description="Live: hubs heard and complete up to now, of all hubs.", examples=[1.0]
    )


class Quality(Model):
    """Correct, complete, clean, live (đúng, đủ, sạch, sống): the data quality of one site."""

    site: SiteCode
    freshness: Freshness
    shares: QualityShares
    received: Count = Field(description="Events held.")
    not_understood: Count = Field(description="Correct: events of a newer hub, kept unread.")
    rejected: Count = Field(description="Correct: messages refused and quarantined.")
    missing: list[MissingRange] = Field(description="Complete: what has not come.")
    written_off: Count = Field(
        description="Complete: events known to have existed, lost with a former card and given up.",
        examples=[0],
    )
    duplicates: Count = Field(description="Clean: events that came again and were recognised.")
    contradictions: Count = Field(description="Clean: messages at odds with what is held.")
    nodes: list[NodeQuality] = Field(description="Live: the hubs.")
