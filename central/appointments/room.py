"""Which slots of a site have room for one more citizen."""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from msgspec import Struct

from central.appointments.slots import SlotRule, slots_on
from central.configuration.site_rules import OfferedService, SiteRules
from central.rollup.business_day import day_of
from central.store.appointments import Appointments, Slot

_NEAREST = 3
_WITHIN_DAYS = 7


class FreeSlot(NamedTuple):
    """When a slot begins (UTC milliseconds since 1970), and how many more it takes; None where as
    many as will."""

    slot_ms: int
    left: int | None


class Room(Struct, frozen=True):
    """The slots of one service at the site with the key `place`; the appointment `but`, which
    shall be moved, takes no room, and a day takes `most_a_day`."""

    book: Appointments
    place: int
    rules: SiteRules
    rule: SlotRule
    service: OfferedService
    but: str
    most_a_day: int

    def is_slot(self, slot: Slot) -> bool:
        """Whether one begins then."""
        return slot.slot_ms in slots_on(self.rules, self.rule, date.fromisoformat(slot.day))

    def is_day_full(self, day: str) -> bool:
        """Whether the site takes no more appointments on a day."""
        return self.book.booked_on(self.place, day, self.but) >= self.most_a_day

    def is_full(self, slot: Slot) -> bool:
        """Whether as many as may have a slot have it, or a part of it."""
        taken = self.book.taken(self.place, slot.service, slot.day, slot.day, self.but)
        return not self._has_room(taken, slot.slot_ms)

    def free_on(self, day: str, first_ms: int, last_ms: int) -> list[FreeSlot]:
        """The slots of a day from `first_ms` to `last_ms` that take somebody yet, in order."""
        if self.is_day_full(day):
            return []
        taken = self.book.taken(self.place, self.service.id, day, day, self.but)
        return [
            FreeSlot(begins_ms, self._left(taken, begins_ms))
            for begins_ms in slots_on(self.rules, self.rule, date.fromisoformat(day))
            if first_ms <= begins_ms <= last_ms and self._has_room(taken, begins_ms)
        ]

    def nearest(self, slot: Slot, first_ms: int, last_ms: int) -> list[int]:
        """When the free slots nearest to a moment begin, at most three within a week of it, from
        `first_ms` to `last_ms` (UTC milliseconds since 1970), in order."""
        days = list(_days_around(date.fromisoformat(slot.day)))
        first, last = days[0].isoformat(), days[-1].isoformat()
        taken = self.book.taken(self.place, slot.service, first, last, self.but)
        free = [
            begins_ms
            for day in days
            for begins_ms in slots_on(self.rules, self.rule, day)
            if first_ms <= begins_ms <= last_ms and self._has_room(taken, begins_ms)
        ]
        full = {day for day in map(day_of, free) if self.is_day_full(day)}
        free = [begins_ms for begins_ms in free if day_of(begins_ms) not in full]
        return sorted(sorted(free, key=lambda ms: abs(ms - slot.slot_ms))[:_NEAREST])

    def _has_room(self, taken: list[int], begins_ms: int) -> bool:
        left = self._left(taken, begins_ms)
        return left is None or left > 0

    def _left(self, taken: list[int], begins_ms: int) -> int | None:
        most = self.service.appointments_per_slot
        if most is None:
            return None
        ends = bisect_left(taken, begins_ms + self.rule.length_ms)
        return most - (ends - bisect_left(taken, begins_ms))


def _days_around(day: date) -> Iterator[date]:
    for away in range(-_WITHIN_DAYS, _WITHIN_DAYS + 1):
        yield day + timedelta(days=away)
