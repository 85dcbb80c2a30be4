"""The settings of alerts, in `central.toml`."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from central.alerts.hours import Opening, Span, span_of
from central.alerts.rules import Rule

_Span = Annotated[str, Meta(pattern=r"^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$")]
_Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
_Province = Annotated[str, Meta(pattern=r"^[0-9]{2}$")]
_Unit = Annotated[str, Meta(pattern=r"^[0-9]{2}-[0-9]{5}$")]
_People = Annotated[int, Meta(ge=1)]
_Answers = Annotated[int, Meta(ge=20)]
_Drop = Annotated[float, Meta(gt=0, lt=1)]
_Seconds = Annotated[int, Meta(ge=0, le=604_800)]
_Url = Annotated[str, Meta(pattern=r"^(https://|http://127\.0\.0\.1[:/]|http://localhost[:/])")]
_Address = Annotated[str, Meta(pattern=r"^[^@\s<>]+@[^@\s<>]+$", max_length=254)]


class MailServer(Struct, frozen=True, forbid_unknown_fields=True):
    """The server that takes e-mail, always over TLS: from the first byte (`tls`, port 465), or
    asked for (`starttls`, port 587). `ca_file` for a server whose certificate is the
    organisation's own. `password_file` holds one line."""

    host: str
    sender: _Address
    port: Annotated[int, Meta(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls"] = "starttls"
    user: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None


class Webhook(Struct, frozen=True, forbid_unknown_fields=True):
    """Where to post, signed as Standard Webhooks with the secret in `secret_file`, which has 24
    characters at least."""

    url: _Url
    secret_file: Path


class Zalo(Struct, frozen=True, forbid_unknown_fields=True):
    """A Zalo Official Account and whom it writes to. `secret_file` holds the application's secret
    key, `refresh_token_file` the refresh token that the account's owner granted; Zalo gives a new
    one at each use, which is kept in the data folder. The addresses are Zalo's own."""

    app_id: str
    user_id: str
    secret_file: Path
    refresh_token_file: Path
    message_url: _Url = "https://openapi.zalo.me/v3.0/oa/message/cs"
    token_url: _Url = "https://oauth.zaloapp.com/v4/oa/access_token"  # noqa: S105 - an address


class Receiver(Struct, frozen=True, forbid_unknown_fields=True):
    """Who hears of alerts: by exactly one of `email`, `webhook` and `zalo`; of the nation, a
    province or a unit; by some rules or all; in quiet hours as well, if `at_night`."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    province: _Province | None = None
    unit: _Unit | None = None
    rules: tuple[Rule, ...] = tuple(Rule)
    language: Literal["vi", "en"] = "vi"
    at_night: bool = False
    email: _Address | None = None
    webhook: Webhook | None = None
    zalo: Zalo | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for a receiver that is sent to by no way or by several."""
        if sum(way is not None for way in (self.email, self.webhook, self.zalo)) != 1:
            raise ValueError(f"give {self.name!r} exactly one of email, webhook and zalo")
        if self.unit and self.province not in (None, self.unit[:2]):
            raise ValueError(f"the unit of {self.name!r} is in another province")


class Place(Struct, frozen=True, forbid_unknown_fields=True):
    """From when on something is wrong in one province or unit; what is left out is as around it: in
    a unit as in its province, in a province as `[alerts]` has it."""

    province: _Province | None = None
    unit: _Unit | None = None
    wait_people: _People | None = None
    wait_for_s: _Seconds | None = None
    silent_after_s: _Seconds | None = None
    paper_after_s: _Seconds | None = None
    device_after_s: _Seconds | None = None
    clock_after_s: _Seconds | None = None
    gap_after_s: _Seconds | None = None
    config_after_s: _Seconds | None = None
    software_after_s: _Seconds | None = None
    rating_answers: _Answers | None = None
    rating_drop: _Drop | None = None
    well_for_s: _Seconds | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for no place, or for two."""
        if (self.province is None) is (self.unit is None):
            raise ValueError("give each of [[alerts.places]] a province or a unit")

    @property
    def code(self) -> str:
        """The province's or the unit's."""
        return self.province or self.unit or ""


class AlertSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """When something becomes an alert, and who hears of it.

    An alert begins when at least `wait_people` have waited above the target for `wait_for_s`; a
    site is silent for `silent_after_s` in its opening hours; a device, paper, the clock, a gap, a
    hub's configuration, or the software of a hub or of a machine beside it has been out of order
    for its `..._after_s`; a rollout has halted itself; or the satisfied share of the last 7 days is
    `rating_drop` below that of the 28 days before, with `rating_answers` answers in each and beyond
    chance. It ends when all is well for `well_for_s`. All this may be otherwise in `places`.
    `opening`, `weekdays` (1, Monday, to 7) and `extra_days`, which are worked all the same, are for
    sites whose published configuration gives no hours of their own; `closed_days` are for all. News
    is gathered for `gather_s`, sent to each receiver once in `at_most_every_s`, and waits for the
    end of `quiet`.
    """

    check_every_s: Annotated[int, Meta(ge=5, le=3600)] = 30
    opening: tuple[_Span, ...] = ("07:30-11:30", "13:00-17:00")
    weekdays: tuple[Annotated[int, Meta(ge=1, le=7)], ...] = (1, 2, 3, 4, 5)
    closed_days: tuple[_Day, ...] = ()
    extra_days: tuple[_Day, ...] = ()
    quiet: _Span = "20:00-06:30"
    wait_people: _People = 3
    wait_for_s: _Seconds = 600
    silent_after_s: _Seconds = 900
    paper_after_s: _Seconds = 120
    device_after_s: _Seconds = 600
    clock_after_s: _Seconds = 1800
    gap_after_s: _Seconds = 3600
    config_after_s: _Seconds = 86_400
    software_after_s: _Seconds = 172_800
    rating_answers: _Answers = 50
    rating_drop: _Drop = 0.1
    well_for_s: _Seconds = 300
    places: tuple[Place, ...] = ()
    gather_s: _Seconds = 60
    at_most_every_s: _Seconds = 300
    mail_server: MailServer | None = None
    receivers: tuple[Receiver, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for times that are none, two receivers of one name, one place twice, or
        e-mail without a server."""
        self.opening_hours()
        self.quiet_hours()
        names = [receiver.name for receiver in self.receivers]
        if len(set(names)) < len(names):
            raise ValueError("two receivers of alerts have the same name")
        if len({place.code for place in self.places}) < len(self.places):
            raise ValueError("two of [[alerts.places]] are of the same place")
        if self.mail_server is None and any(receiver.email for receiver in self.receivers):
            raise ValueError("to send e-mail, give [alerts.mail_server]")

    def opening_hours(self) -> Opening:
        """When sites are open whose configuration does not say it."""
        spans = tuple(span_of(text) for text in self.opening)
        special = {**dict.fromkeys(self.extra_days, spans), **dict.fromkeys(self.closed_days, ())}
        return Opening(dict.fromkeys(self.weekdays, spans), special)

    def quiet_hours(self) -> Span:
        """When nobody wants to be woken."""
        return span_of(self.quiet)
