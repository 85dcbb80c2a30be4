"""What the commands of `thutu-central` say of appointments that nobody would serve."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from central.appointments.slots import SlotRule
from central.commands import words
from central.settings import CentralSettings
from central.store.appointments import ToCome


def slot_rule(settings: CentralSettings) -> SlotRule:
    """The slots of all sites, as the settings have them."""
    return SlotRule(settings.appointments.slot_min, settings.alerts.closed_days)


def named(key: str, site: str, appointments: Sequence[ToCome]) -> Iterator[str]:
    """The words of `key` with the number of a site's appointments, and their codes, a line for
    each day; nothing of none."""
    if not appointments:
        return
    yield words(key, site=site, count=len(appointments))
    for day, those in groupby(appointments, key=lambda one: one.slot.day):
        yield words("appointments_of_day", day=day, codes=", ".join(one.code for one in those))
