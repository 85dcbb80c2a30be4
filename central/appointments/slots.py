"""The slots of a site: parts of its half-days, as long as it gives out numbers."""

from datetime import date

from msgspec import Struct

from central.appointments.settings import AppointmentSettings
from central.configuration.site_rules import sessions_on
from central.rollup.business_day import midnight_ms
from central.store.appointments import Slot
from contract.site_rules import Rules

_MS_PER_MINUTE = 60_000


class SlotRule(Struct, frozen=True):
    """How long a slot is, and the holidays (ISO 8601) of all sites that do not name them as
    worked."""

    length_min: int = AppointmentSettings().slot_min
    holidays: tuple[str, ...] = ()

    @property
    def length_ms(self) -> int:
        """How long a slot is."""
        return self.length_min * _MS_PER_MINUTE


def slots_on(rules: Rules, rule: SlotRule, day: date) -> list[int]:
    """When slots of a day begin (UTC milliseconds since 1970): with each session and then one
    behind the other; in all of the last one numbers are still given out."""
    midnight, begins = midnight_ms(day.isoformat()), set()
    for session in sessions_on(rules, day, rule.holidays):
        last = _minute(session.last_ticket) - rule.length_min
        begins |= set(range(_minute(session.issue_from), last + 1, rule.length_min))
    return sorted(midnight + minute * _MS_PER_MINUTE for minute in begins)


def is_open_for(rules: Rules, rule: SlotRule, slot: Slot) -> bool:
    """Whether the site gives out numbers when a slot begins, on whatever minute."""
    minute = (slot.slot_ms - midnight_ms(slot.day)) // _MS_PER_MINUTE
    return any(
        _minute(session.issue_from) <= minute < _minute(session.last_ticket)
        for session in sessions_on(rules, date.fromisoformat(slot.day), rule.holidays)
    )


def _minute(time: str) -> int:
    hours, _, minutes = time.partition(":")
    return int(hours) * 60 + int(minutes)
