"""When to ask anew for the clerk's own figures: after a service, and not too often, but at once
when a finish was taken back. Pure."""

from contract.day_report import StaffFigures

_APART_NS = 20_000_000_000  # the hub recounts the whole day for each answer


class OwnDay:
    """The figures that were told last, and whether they are out of date."""

    def __init__(self) -> None:
        self.figures: StaffFigures | None = None
        self._served = -1
        self._asked_ns = -_APART_NS

    def due(self, served: int, mono_ns: int) -> bool:
        """Whether to ask now, when the clerk's counter has `served` so many.

        `mono_ns` is a monotonic time; true but once for each change.
        """
        taken_back = served < self._served
        if served == self._served or (mono_ns - self._asked_ns < _APART_NS and not taken_back):
            return False
        self._served, self._asked_ns = served, mono_ns
        return True

    def failed(self) -> None:
        """No answer came: ask again in a while."""
        self._served = -1
