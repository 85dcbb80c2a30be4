"""What a machine's devices said while nothing could be stored."""

from collections.abc import Iterable, Iterator

from contract.commands import Order, ReportDevice, ReportPrint
from edge.core.house import HUB

_MOST = 500

_Subject = tuple[str, int]  # a slip, by number and copy, or a device


class UnstoredReports:
    """The newest word on each slip and device, oldest first; anybody else hears that nothing is
    stored, and asks again."""

    def __init__(self) -> None:
        self._kept: dict[_Subject, Order] = {}

    def __iter__(self) -> Iterator[Order]:
        """Each, to be tried again."""
        return iter(self._kept.values())

    def keep(self, orders: Iterable[Order]) -> None:
        """Keep those of `orders` that are reports."""
        for order in orders:
            if order.actor == HUB and isinstance(order.command, ReportPrint | ReportDevice):
                subject = _subject(order.command)
                self._kept.pop(subject, None)
                self._kept[subject] = order
        for subject in list(self._kept)[:-_MOST]:
            del self._kept[subject]

    def clear(self) -> None:
        """They are stored."""
        self._kept.clear()


def _subject(report: ReportPrint | ReportDevice) -> _Subject:
    if isinstance(report, ReportDevice):
        return (report.device, 0)
    return (report.number, report.copy)
