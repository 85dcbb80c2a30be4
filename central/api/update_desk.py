"""Answers about rollouts of hubs' software."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from central.api.freshness import local_time
from central.api.known import Moment
from central.api.ranking import Page
from central.api.update_models import (
    HubCounts,
    HubProgress,
    ProvinceProgress,
    RolloutHubs,
    RolloutProgress,
    Rollouts,
)
from central.registry.dated_names import DatedNames
from central.rollup.business_day import day_of
from central.store.updates import UpdateReader
from central.store.visible import Where
from central.updates.progress import SILENT_AFTER_MS, HubUpdate, Progress, progress_of
from central.updates.rollout import Rollout
from central.vietnamese_order import by_name


class UpdateDesk:
    """Answers at one moment, from a reader of one scope and so within it; a rollout without a hub
    in it is not there, and hubs of sites that have ended are in none."""

    def __init__(self, reader: UpdateReader, moment: Moment, provinces: DatedNames) -> None:
        self._reader = reader
        self._moment = moment
        self._today = day_of(moment.now_ms)
        self._provinces = provinces

    def rollouts(self, where: Where, page: Page) -> Rollouts:
        """Rollouts with the progress of each province, the newest first."""
        of_hubs = [(one, self._hubs(one, where)) for one in self._reader.rollouts()]
        found = [(rollout, hubs) for rollout, hubs in of_hubs if hubs]
        return Rollouts(
            total=len(found),
            next_offset=page.next_offset(len(found)),
            rollouts=[
                self._progress(rollout, hubs)
                for rollout, hubs in found[page.offset : page.offset + page.limit]
            ],
        )

    def hubs(
        self, rollout: int, where: Where, page: Page, progress: Progress | None = None
    ) -> RolloutHubs | None:
        """The hubs of a rollout, or those of them that are so far; None for one unknown or without
        a hub in the scope."""
        one = next((one for one in self._reader.rollouts() if one.rollout == rollout), None)
        if one is None or not self._hubs(one, Where()):
            return None
        found = sorted(
            (
                (hub, so_far)
                for hub in self._hubs(one, where)
                if progress in (None, so_far := progress_of(hub, one))
            ),
            key=lambda pair: (pair[1] is not Progress.REFUSED, pair[0].node),
        )
        return RolloutHubs(
            total=len(found),
            next_offset=page.next_offset(len(found)),
            hubs=[
                HubProgress(
                    site=hub.site,
                    province=hub.province,
                    node=hub.node,
                    software=hub.software or None,
                    progress=so_far,
                    reason=hub.reason,
                    since=None if hub.since_ms is None else local_time(hub.since_ms),
                )
                for hub, so_far in found[page.offset : page.offset + page.limit]
            ],
        )

    def software(self, where: Where) -> dict[str, dict[str, int]]:
        """How many hubs run each version, by version and province."""
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for province, software, hubs in self._reader.software(where, self._today):
            found[software][province] = hubs
        return dict(sorted(found.items(), key=lambda one: -sum(one[1].values())))

    def _progress(self, rollout: Rollout, hubs: Sequence[HubUpdate]) -> RolloutProgress:
        today = date.fromisoformat(self._today)
        by_province: dict[str, list[HubUpdate]] = defaultdict(list)
        for hub in hubs:
            by_province[hub.province].append(hub)
        return RolloutProgress(
            rollout=rollout.rollout,
            release=rollout.release,
            software=rollout.software,
            percent=rollout.percent,
            urgent=rollout.urgent,
            state=rollout.state,
            started=local_time(rollout.started_ms),
            changed=local_time(rollout.changed_ms),
            reason=rollout.reason,
            counts=_counts(rollout, hubs),
            provinces=[
                ProvinceProgress(
                    province=province,
                    name=self._provinces.name(province, today),
                    counts=_counts(rollout, of_it),
                )
                for province, of_it in sorted(
                    by_province.items(),
                    key=lambda one: by_name(self._provinces.name(one[0], today)),
                )
            ],
        )

    def _hubs(self, rollout: Rollout, where: Where) -> list[HubUpdate]:
        hubs = self._reader.hubs(
            rollout,
            where,
            heard_since_ms=self._moment.now_ms - SILENT_AFTER_MS,
            today=self._today,
        )
        return [hub for hub in hubs if hub.is_told or rollout.includes(hub.node)]


def _counts(rollout: Rollout, hubs: Iterable[HubUpdate]) -> HubCounts:
    found = Counter(progress_of(hub, rollout) for hub in hubs)
    return HubCounts(hubs=found.total(), **{one.value: found[one] for one in Progress})
