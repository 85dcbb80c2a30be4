"""Answers of citizens enter the figures by batches of five.

Whoever holds two tables subtracts: the nation and its provinces, this minute and the last, a month
and all of it but a day. So an answer is counted only together with four others of the same journal
(so of one site), service and scale, all on the business day of the fifth; no figure divides a batch
except by level. Hence **any difference of two numbers of answers is a multiple of five, and any
difference of levels is the levels of whole batches**: one of five was dissatisfied, never which.

A batch takes answers as they come and is never of one level, or rare answers would wait longest and
every share would lean to the common ones. It is filled in the order of the journal, which neither
arrival nor the number of workers changes: a rebuild, late events and both engines come to the same.
At most four answers of each service and scale wait; those that wait when a hub begins another
journal (a lost card) remain in the events alone. What this cannot hide is said in docs/operate.md.

Source: microaggregation with k = 5, Hundepool et al., "Statistical Disclosure Control", 2012.
"""

from collections.abc import Mapping
from typing import NamedTuple

BATCH = 5
_MOST_WAITING = 500


class Asked(NamedTuple):
    """What a batch has in common: the service, and how many levels the buttons have."""

    service: str
    levels: int


class AnswerBatches:
    """The answers of a journal that wait for others, in the order in which they were given."""

    def __init__(self, waiting: Mapping[Asked, tuple[int, ...]]) -> None:
        self._waiting = dict(waiting)

    @property
    def waiting(self) -> dict[Asked, tuple[int, ...]]:
        """The levels of at most four answers each."""
        return self._waiting

    def take(self, asked: Asked, level: int) -> tuple[int, ...]:
        """The levels that this answer completes to a batch; nothing while it waits itself.

        A hub that names more services than any site has loses what has waited longest.
        """
        batch = (*self._waiting.pop(asked, ()), level)
        if len(batch) == BATCH:
            return batch
        self._waiting[asked] = batch
        if len(self._waiting) > _MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]
        return ()
