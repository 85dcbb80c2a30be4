"""What the centre reads of a site's rules in a hub's configuration: services and hours. The hub's
own loader has the last word on these, and on all else."""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from contract.ids import Day, ServiceId, whole

_TimeOfDay = Annotated[str, Meta(pattern=whole(r"([01][0-9]|2[0-3]):[0-5][0-9]"))]


class OfferedService(Struct, frozen=True):
    """A service, and how many citizens may have the same slot of it; None: as many as will."""

    id: ServiceId
    appointments_per_slot: Annotated[int, Meta(ge=1)] | None = None


class Session(Struct, frozen=True):
    """A half-day: numbers are given out from `issue_from` to `last_ticket`, local time."""

    weekdays: tuple[Annotated[int, Meta(ge=1, le=7)], ...]
    issue_from: _TimeOfDay
    last_ticket: _TimeOfDay
    closes: _TimeOfDay


class SiteRules(Struct, frozen=True):
    """The services of a site and its hours, None where it says nothing of them."""

    services: tuple[OfferedService, ...] = ()
    sessions: tuple[Session, ...] | None = None
    closed_days: tuple[Day, ...] = ()
    extra_days: dict[Day, tuple[Session, ...]] = field(default_factory=dict)

    def service(self, service: str) -> OfferedService | None:
        """The service of that id, if the site has it."""
        return next((known for known in self.services if known.id == service), None)

    def sessions_on(self, day: date, holidays: tuple[str, ...] = ()) -> tuple[Session, ...]:
        """The sessions of a calendar day, none on a closed day; a holiday of all sites is one,
        unless the site names it as worked."""
        iso = day.isoformat()
        if iso in self.extra_days:
            return self.extra_days[iso]
        if iso in self.closed_days or iso in holidays:
            return ()
        return tuple(one for one in self.sessions or () if day.isoweekday() in one.weekdays)


class _Published(Struct, frozen=True):
    site: SiteRules | None = None


def site_rules(text: str) -> SiteRules | None:
    """The rules in a configuration (TOML), None where it has none. Raises ValueError for rules that
    no hub can read."""
    try:
        return msgspec.toml.decode(text, type=_Published).site
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error
