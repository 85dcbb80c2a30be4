"""What the API answers about updates of hubs' software."""

from datetime import datetime

from pydantic import Field

from central.api.models import Count, InAll, Model, NextOffset, SiteCode
from central.updates.progress import Progress
from central.updates.rollout import RolloutState


class HubCounts(Model):
    """How many hubs of a rollout are how far; each is in one of these, and all are in `hubs`."""

    hubs: Count
    queued: Count = Field(description="Not told yet.")
    fetching: Count = Field(description="Told; fetching, or building it.")
    waiting: Count = Field(
        description="Ready, and waiting for a time at which nobody is disturbed."
    )
    trying: Count = Field(description="Running it, and not proven yet.")
    done: Count = Field(description="Running it for good.")
    refused: Count = Field(description="Gave it back, or did not take it; hubs say why.")
    silent: Count = Field(description="Not heard for ten minutes, and not through with it.")
    kept: Count = Field(description="Kept what they had, for the rollout was given up.")


class ProvinceProgress(Model):
    """How far a province's hubs are."""

    province: str = Field(examples=["01"])
    name: str = Field(examples=["Thành phố Hà Nội"])
    counts: HubCounts


class RolloutProgress(Model):
    """A release on its way to a share of hubs; counts are those of the hubs asked about."""

    rollout: int = Field(examples=[4])
    release: int = Field(examples=[7])
    software: str = Field(examples=["0.2.0"])
    percent: int = Field(description="Which share of the hubs shall have it.", examples=[10])
    urgent: bool = Field(description="Whether it waits for an empty house only.")
    state: RolloutState
    started: datetime = Field(examples=["2026-11-20T10:42:07+07:00"])
    changed: datetime = Field(
        description="When its percentage or state changed last.",
        examples=["2026-11-20T10:42:07+07:00"],
    )
    reason: str = Field(
        description="Why the centre halted it: `too-many-refused`, how many hubs refused it, and "
        "how many tried it to the end; older ones in words, others empty.",
        examples=["too-many-refused 3 40"],
    )
    counts: HubCounts
    provinces: list[ProvinceProgress]


class Rollouts(Model):
    """Rollouts that have hubs among those asked about, the newest first."""

    total: InAll = Field(examples=[2])
    next_offset: NextOffset
    rollouts: list[RolloutProgress]


class HubProgress(Model):
    """How far a hub is with a rollout."""

    site: SiteCode
    province: str = Field(examples=["01"])
    node: str = Field(examples=["01-00097-01-h1"])
    software: str | None = Field(description="What it said last that it runs.", examples=["0.1.0"])
    progress: Progress
    reason: str = Field(
        description="Why it refused, or what it waits for, in the hub's own words; often empty.",
        examples=["not healthy after 2 starts"],
    )
    since: datetime | None = Field(
        description="When it first said so, or was told; null before.",
        examples=["2026-11-20T10:42:07+07:00"],
    )


class RolloutHubs(Model):
    """Hubs of a rollout, those that refused it first, and then by name."""

    total: InAll = Field(examples=[3])
    next_offset: NextOffset
    hubs: list[HubProgress]
