"""Which slots of a site have room for one more citizen."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from msgspec import Struct

from central.appointments.slots import SlotRule, slots_on
from central.rollup.business_day import day_of
from central.store.appointments import Appointments, Slot
from contract.site_rules import Rules

_NEAREST = 3
_WITHIN_DAYS = 7


class FreeSlot(NamedTuple):
    """When a slot begins (UTC milliseconds since 1970), and how many more it takes; None where as
    many as will."""

    slot_ms: int
    left: int | None


class Room(Struct, frozen=True):
    """The slots of one service at the site with the key `place`, by the rules of its hubs that have
    it: the first that has a slot says how many it takes. The appointment `but`, which shall be
    moved, takes no room, and a day takes `most_a_day`."""

    book: Appointments
    place: int
    offers: Sequence[Rules]
    rule: SlotRule
    service: str
    but: str
    most_a_day: int

    def is_slot(self, slot: Slot) -> bool:
        """Whether one begins then."""
        return slot.slot_ms in self._slots_on(date.fromisoformat(slot.day))

    def is_day_full(self, day: str) -> bool:
        """Whether the site takes no more appointments on a day."""
        return self.book.booked_on(self.place, day, self.but) >= self.most_a_day

    def is_full(self, slot: Slot) -> bool:
        """Whether as many as may have a slot have it, or a part of it."""
        most = self._slots_on(date.fromisoformat(slot.day)).get(slot.slot_ms)
        taken = self.book.taken(self.place, slot.service, slot.day, slot.day, self.but)
        return self._left(taken, slot.slot_ms, most) == 0

    def free_on(self, day: str, first_ms: int, last_ms: int) -> list[FreeSlot]:
        """The slots of a day from `first_ms` to `last_ms` that take somebody yet, in order."""
        if self.is_day_full(day):
            return []
        taken = self.book.taken(self.place, self.service, day, day, self.but)
        slots = self._slots_on(date.fromisoformat(day)).items()
        return [
            FreeSlot(begins_ms, self._left(taken, begins_ms, most))
            for begins_ms, most in sorted(slots)
            if first_ms <= begins_ms <= last_ms and self._left(taken, begins_ms, most) != 0
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
            for begins_ms, most in self._slots_on(day).items()
            if first_ms <= begins_ms <= last_ms and self._left(taken, begins_ms, most) != 0
        ]
        full = {day for day in map(day_of, free) if self.is_day_full(day)}
        free = [begins_ms for begins_ms in free if day_of(begins_ms) not in full]
        return sorted(sorted(free, key=lambda ms: abs(ms - slot.slot_ms))[:_NEAREST])

    def _slots_on(self, day: date) -> dict[int, int | None]:
        """When slots of a day begin, and how many each takes; None: as many as will."""
        slots: dict[int, int | None] = {}
        for rules in self.offers:
            service = rules.service(self.service)
            if service is not None:
                for begins_ms in slots_on(rules, self.rule, day):
                    slots.setdefault(begins_ms, service.appointments_per_slot)
        return slots

    def _left(self, taken: list[int], begins_ms: int, most: int | None) -> int | None:
        if most is None:
            return None
        ends = bisect_left(taken, begins_ms + self.rule.length_ms)
        return max(0, most - (ends - bisect_left(taken, begins_ms)))


def _days_around(day: date) -> Iterator[date]:
    for away in range(-_WITHIN_DAYS, _WITHIN_DAYS + 1):
        yield day + timedelta(days=away)
