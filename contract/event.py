"""The form that all events have on the wire."""

from msgspec import Struct


class Event(Struct, frozen=True, array_like=True, tag=True, gc=False):
    """The base of all events; its name on the wire is the class's name.

    Values within values never make a cycle, so the garbage collector need not follow them
    (`gc=False`): at the centre it took a quarter of the time of ingest.
    """
