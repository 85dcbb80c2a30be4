"""From when on something is wrong, and for how long it must be, at each site."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from central.alerts.hysteresis import Patience
from central.alerts.rules import Limits, Rule
from central.alerts.settings import AlertSettings
from central.scope import unit_of


class Thresholds(Struct, frozen=True):
    """The limits of the rules, and the patience with each."""

    limits: Limits
    patience: Mapping[Rule, Patience]


class ThresholdsOfSites:
    """The thresholds of each site: those of its unit, else of its province, else of everywhere."""

    def __init__(self, settings: AlertSettings, wait_target_ms: int) -> None:
        self.everywhere = _thresholds(settings, wait_target_ms)
        own = {place.code: _own(asdict(place)) for place in settings.places}
        self._of_place = {
            code: _thresholds(replace(settings, **(own.get(code[:2], {}) | found)), wait_target_ms)
            for code, found in own.items()
        }

    def of(self, site: str) -> Thresholds:
        """Those of a site, by its code."""
        of_province = self._of_place.get(site[:2], self.everywhere)
        return self._of_place.get(unit_of(site), of_province)


def _own(place: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in place.items()
        if value is not None and name not in ("province", "unit")
    }


def _thresholds(settings: AlertSettings, wait_target_ms: int) -> Thresholds:
    limits = Limits(
        wait_target_ms,
        settings.wait_people,
        settings.silent_after_s * 1000,
        settings.rating_answers,
        settings.rating_drop,
    )
    return Thresholds(limits, _patience(settings))


def _patience(settings: AlertSettings) -> dict[Rule, Patience]:
    """Silence, ratings and refusals are counted already."""
    after_s = {
        Rule.WAIT: settings.wait_for_s,
        Rule.SILENT: 0,
        Rule.PAPER_OUT: settings.paper_after_s,
        Rule.DEVICE_LOST: settings.device_after_s,
        Rule.CLOCK: settings.clock_after_s,
        Rule.GAP: settings.gap_after_s,
        Rule.RATING: 0,
        Rule.CONFIG: settings.config_after_s,
        Rule.SOFTWARE: settings.software_after_s,
        Rule.ROLLOUT: 0,
    }
    well_ms = settings.well_for_s * 1000
    return {rule: Patience(seconds * 1000, well_ms) for rule, seconds in after_s.items()}
