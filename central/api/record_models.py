"""What the API answers about machines, single events and the audit log."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from central.api.models import (
    Count,
    Freshness,
    FreshnessOfMany,
    InAll,
    Model,
    NextOffset,
    OpenCounters,
    PausedCounters,
    SiteCode,
    SiteName,
)
from central.api.quality_models import NodeQuality


class SiteNode(Model):
    """One hub and its site."""

    site: SiteCode
    name: SiteName
    province: str = Field(examples=["01"])
    node: NodeQuality
    freshness: Freshness


class Nodes(Model):
    """Hubs, those first whose figures can be trusted least."""

    total: InAll = Field(examples=[3139])
    next_offset: NextOffset
    nodes: list[SiteNode]
    freshness: FreshnessOfMany


class MachineBeside(Model):
    """A machine of a site whose programs last spoke to the hub with other software than the hub's,
    within seven days."""

    address: str = Field(description="Where it is on the site's network.", examples=["10.0.0.7"])
    device: str | None = Field(
        description="One of the devices on it; null where only people spoke from there.",
        examples=["hall"],
    )
    software: str = Field(examples=["0.1.0"])


class DifferingHub(Model):
    """One hub that runs something else than it should, as far as it has said what it runs, or
    beside which other software runs."""

    site: SiteCode
    name: SiteName
    node: str = Field(examples=["01-00097-01-h1"])
    config_differs: bool = Field(examples=[True])
    config: str | None = Field(
        description="Number and fingerprint, as the hub said last; null when it was never heard.",
        examples=["3-0f1e2d3c4b5a"],
    )
    wanted_config: str | None = Field(
        description="What the centre decided. Null when that was nothing; of a hub that differs, "
        "when it runs what this centre has not made, as after a restored backup.",
        examples=["4-9a8b7c6d5e4f"],
    )
    software_differs: bool = Field(
        description="Whether it runs another version than it was given, or files that its "
        "publisher has not published as that version.",
        examples=[False],
    )
    software: str | None = Field(examples=["0.1.0"])
    wanted_software: str | None = Field(
        description="What a rollout has given it; null when none has.", examples=["0.2.0"]
    )
    software_fingerprint: str | None = Field(
        description="Of the files of its software, as the hub said last.", examples=["1a2b3c4d5e6f"]
    )
    published_fingerprint: str | None = Field(
        description="Of the newest release of the version that it runs, by its publisher's seal, "
        "where its own is that of none; else null.",
        examples=[None],
    )
    machines: list[MachineBeside] = Field(description="Machines that run other software than it.")
    freshness: Freshness


class SoftwareVersion(Model):
    """How many hubs run a version."""

    software: str = Field(examples=["0.1.0"])
    hubs: Count = Field(examples=[3100])


class Differences(Model):
    """Hubs that run another configuration than was decided for them, other software than they
    were told, or files that were not published."""

    total: InAll = Field(examples=[3])
    next_offset: NextOffset
    hubs: list[DifferingHub]
    software: list[SoftwareVersion] = Field(
        description="What the hubs asked about run, the most frequent first."
    )
    freshness: FreshnessOfMany


class DeviceState(StrEnum):
    """What a hub last said of a device."""

    WORKING = "working"
    PAPER_LOW = "paper_low"
    LOST = "lost"


class Device(Model):
    """One device of a hub, as its last event says; a device never heard of is not listed."""

    node: str = Field(examples=["01-00097-01-h1"])
    device: str = Field(examples=["printer"])
    state: DeviceState
    condition: str | None = Field(
        description="Why it is lost, as the hub says it.", examples=["paper-out"]
    )
    since: datetime | None = Field(
        description="By the hub's clock; null when that could not be trusted.",
        examples=["2026-11-20T10:42:07+07:00"],
    )


class Devices(Model):
    """The devices of a site that have been lost, have returned, or ran low on paper."""

    site: SiteCode
    devices: list[Device]
    freshness: Freshness


class BrokenDevice(Model):
    """One device that needs somebody, and its site."""

    site: SiteCode
    name: SiteName
    device: Device
    freshness: Freshness


class BrokenDevices(Model):
    """Devices that do not work, the oldest trouble first, and then those low on paper."""

    total: InAll = Field(examples=[14])
    next_offset: NextOffset
    devices: list[BrokenDevice]
    freshness: FreshnessOfMany


class RawEvent(Model):
    """One row of a hub's journal, as it came."""

    node: str = Field(examples=["01-00097-01-h1"])
    epoch: str = Field(examples=["00000000000000aa"])
    seq: Count = Field(examples=[1042])
    event: str | None = Field(
        description="Its name; null for an event of a newer hub.", examples=["TicketCalled"]
    )
    time: datetime | None = Field(
        description="By the hub's clock; null when it shows no date of this calendar.",
        examples=["2026-11-20T10:42:07+07:00"],
    )
    synchronised: bool | None = Field(description="Whether that clock could be trusted.")
    actor: str | None = Field(description="Who caused it, by a pseudonym.", examples=["k1"])
    training: bool | None = Field(description="Training never enters figures.")
    fields: dict[str, Any] = Field(
        description="The event's own fields; durations in milliseconds.",
        examples=[{"number": "1025", "counter": "3", "service": "1"}],
    )


class RawEvents(Model):
    """Events of a site, journal by journal in their order."""

    site: SiteCode
    events: list[RawEvent]
    next_after: str | None = Field(
        description="`after` of the next page; null on the last.", examples=["4.1042"]
    )
    freshness: Freshness


class AuditLine(Model):
    """One line of the audit log."""

    entry: Count = Field(description="From 1 on, without gaps.", examples=[87])
    time: datetime = Field(examples=["2026-11-20T10:42:07+07:00"])
    who: str = Field(examples=["Sở Nội vụ"])
    action: str = Field(examples=["events-read"])
    subject: str = Field(examples=["01-00097-01"])
    address: str = Field(
        description="The network address; empty on the machine itself.", examples=["10.2.3.4"]
    )
    chain: str = Field(
        description="SHA-256 over the line before and this one, in hexadecimal.",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    )


class Audit(Model):
    """Lines of the audit log, oldest first."""

    lines: list[AuditLine]
    next_after: int | None = Field(
        description="`after` of the next page; null on the last.", examples=[100]
    )


class LiveSite(Model):
    """One site at this moment."""

    site: SiteCode
    waiting: int | None = Field(
        description="Null unless the site is live and its hubs have opened the day.", examples=[14]
    )
    waiting_since: datetime | None = Field(
        description="Since when the first of them waits.", examples=["2026-11-20T10:21:07+07:00"]
    )
    counters_open: OpenCounters
    counters_paused: PausedCounters
    issued: Count = Field(description="Numbers given out today.", examples=[131])
    finished: Count = Field(description="Services finished today.", examples=[112])
    freshness: Freshness


class LiveChange(Model):
    """One message of the live stream: every site at first, then those that changed."""

    whole: bool = Field(description="Whether all sites of the scope are in it.")
    day: date
    sites: list[LiveSite]
