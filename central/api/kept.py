"""What was read of days that are over, kept in memory by province: a period of the nation has
100,000 rows and more, and hardly any of them changes again."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import date, timedelta
from threading import Lock
from typing import Generic, TypeVar

from central.api.known import Period
from central.store.totals import Totals
from central.store.visible import Where

_MOST_KEPT = 34 * 6

_T = TypeVar("_T")


class Kept(Generic[_T]):
    """Gives what the store would give at this moment: what is kept serves only while the store
    says that nothing of it has changed, and only for provinces that the scope of who asks covers.
    Six periods of the whole nation are kept at most."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, Period], tuple[tuple[int, ...], _T]] = OrderedDict()
        self._lock = Lock()

    def parts(
        self,
        period: Period,
        today: date,
        where: Where,
        totals: Totals,
        read: Callable[[Period, Where], _T],
    ) -> list[_T]:
        """All of a period in parts that add up, of what `where` names in the scope of `totals`,
        which `read` must have too. Days from `today` on are read anew."""
        over = Period(period.first, min(period.last, today - timedelta(days=1)))
        of_provinces = where.unit is None and where.site is None and totals.has_provinces
        if not of_provinces or over.last < over.first:
            return [read(period, where)]
        parts = []
        for province, version in totals.versions(*over.days, where.province).items():
            kept = self._find(province, over)
            if kept is None or kept[0] != version:
                kept = version, read(over, Where(province))
                self._keep(province, over, kept)
            parts.append(kept[1])
        if over.last < period.last:
            parts.append(read(Period(over.last + timedelta(days=1), period.last), where))
        return parts

    def _find(self, province: str, period: Period) -> tuple[tuple[int, ...], _T] | None:
        with self._lock:
            found = self._kept.get((province, period))
            if found is not None:
                self._kept.move_to_end((province, period))
            return found

    def _keep(self, province: str, period: Period, kept: tuple[tuple[int, ...], _T]) -> None:
        with self._lock:
            self._kept[province, period] = kept
            self._kept.move_to_end((province, period))
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
