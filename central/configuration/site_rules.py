"""What the centre may decide of a hub's settings, by the hub's own check; its own devices, which
only the hub knows, may still contradict it."""

from datetime import date

import msgspec
from msgspec import Struct

from contract.decoders import from_toml
from contract.follow import check_follow_url
from contract.procedures import WrittenProcedure
from contract.site_rules import Rules, Session, check_procedures


class _Published(Struct, frozen=True, forbid_unknown_fields=True):
    """Each part replaces the hub's own; None leaves that as it is."""

    site: Rules | None = None
    procedures: tuple[WrittenProcedure, ...] = ()
    follow_url: str | None = None

    def __post_init__(self) -> None:
        if self.site is not None:
            check_procedures(self.site, self.procedures)


def site_rules(text: str) -> Rules | None:
    """The rules in a configuration (TOML), None where it has none. Raises ValueError for what no
    hub takes."""
    return _read(text).site


def check(text: str, node: str) -> None:
    """Raise ValueError for a configuration that the hub `node` does not take, whatever its devices
    are."""
    found = _read(text)
    if found.follow_url is not None:
        check_follow_url(found.follow_url, node)


def why_not_taken(text: str, node: str) -> str | None:
    """Why the hub `node` does not take a configuration that is stored, as one that an older centre
    made may be; None for one that it takes."""
    try:
        check(text, node)
    except ValueError as error:
        return str(error)
    return None


def sessions_on(rules: Rules, day: date, holidays: tuple[str, ...] = ()) -> tuple[Session, ...]:
    """The sessions of a calendar day, none on a closed day; a holiday of all sites is one, unless
    the site names it as worked."""
    iso = day.isoformat()
    if iso in rules.extra_days:
        return rules.extra_days[iso]
    if iso in rules.closed_days or iso in holidays:
        return ()
    return tuple(one for one in rules.sessions if day.isoweekday() in one.weekdays)


def _read(text: str) -> _Published:
    try:
        return from_toml(text, _Published)
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error
