"""What the API answers about alerts."""

from datetime import datetime

from pydantic import AwareDatetime, Field

from central.alerts.rules import Rule
from central.api.models import Count, InAll, Model, NextOffset, SiteCode, SiteName


class Alert(Model):
    """Something that somebody should look at."""

    alert: int = Field(examples=[87])
    rule: Rule
    site: SiteCode
    name: SiteName
    subject: str = Field(
        description="What it is about within the site: a device such as `h1/printer`, a hub "
        "(`h1`), a machine beside it or a rollout (`h1/4`); empty for the whole site.",
        examples=["h1/printer"],
    )
    words: str = Field(examples=["Hết giấy in: Máy in phiếu"])
    began: datetime = Field(
        description="When it was first seen to be wrong.", examples=["2026-11-20T10:42:07+07:00"]
    )
    opened: datetime = Field(
        description="When it had been wrong for long enough.",
        examples=["2026-11-20T10:44:07+07:00"],
    )
    acknowledged: datetime | None = Field(
        description="When somebody first said to have seen it.",
        examples=["2026-11-20T10:46:00+07:00"],
    )
    closed: datetime | None = Field(
        description="When it was over, or closed by somebody; null while open.",
        examples=["2026-11-20T10:51:00+07:00"],
    )


class Alerts(Model):
    """Alerts, the youngest first."""

    total: InAll = Field(examples=[14])
    unacknowledged: Count = Field(description="How many of them nobody has acknowledged.")
    opened_until: datetime | None = Field(
        description="When the youngest of all of them was opened; null of none.",
        examples=["2026-11-20T10:44:07+07:00"],
    )
    next_offset: NextOffset
    alerts: list[Alert]


class AlertStep(Model):
    """One step of an alert's history."""

    at: datetime = Field(examples=["2026-11-20T10:44:07+07:00"])
    what: str = Field(
        description="opened, sent, acknowledged, closed (by somebody), cleared (by itself) or "
        "let_go (its hub was taken out of service, its site ended, or the hub's new card does not "
        "speak of the device).",
        examples=["acknowledged"],
    )
    who: str = Field(
        description="The account that did it or the receiver it was sent to; empty for none.",
        examples=["Sở Nội vụ"],
    )
    note: str = Field(examples=["Đã gọi cho phường"])


class AlertWithHistory(Model):
    """One alert and all that became of it."""

    alert: Alert
    history: list[AlertStep]


class Remark(Model):
    """What somebody says who acknowledges or closes an alert."""

    note: str = Field(default="", max_length=300, examples=["Đã gọi cho phường"])


class Seen(Remark):
    """Which alerts somebody has seen, of those that the question narrows to."""

    opened_until: AwareDatetime = Field(
        description="Only those opened no later than this: what `GET /alerts` said, so that none "
        "is acknowledged which came meanwhile.",
        examples=["2026-11-20T10:44:07+07:00"],
    )
    alerts: list[int] | None = Field(
        default=None, max_length=1000, description="Only these; all when null.", examples=[[86, 87]]
    )


class Acknowledged(Model):
    """What became of acknowledging several alerts."""

    acknowledged: Count = Field(
        description="How many were; any others had ended, or somebody had acknowledged them."
    )


class AlertCount(Model):
    """How many alerts are open, and which is the youngest; a message of the live stream."""

    total: Count
    unacknowledged: Count
    youngest: int | None = Field(examples=[87])
