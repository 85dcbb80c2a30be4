"""A hub's settings with what the centre has signed, and the proof of health behind it."""

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Event

from contract.wire import Configuration
from edge.configuration import Chosen, ConfigurationRefusedError, Configurations, tables
from edge.settings import PREFIX, HubSettings
from runtime.clock import Clock
from runtime.settings import SettingsError, load_settings

logger = logging.getLogger(__name__)

_PROOFS = 3
_PROVEN_WITHIN_S = 30.0


class ConfiguredSettings:
    """The settings in a file, and the signed ones of the centre beside the hub's journal.

    A hub without `centre_key` has its own settings alone.
    """

    def __init__(self, path: Path) -> None:
        """Read the file. Raises SettingsError."""
        self._path = path
        self.own = load_settings(path, HubSettings, PREFIX)
        self.configurations = _configurations_of(self.own)
        self.has_news = Event()

    def in_force(self) -> HubSettings:
        """The settings for whatever is not the hub itself. A configuration that this software
        cannot read is left out."""
        current = None if self.configurations is None else self.configurations.current
        return self._with_or_own(current)

    def choose(self) -> tuple[HubSettings, Chosen]:
        """The settings to start the hub with; a configuration on trial that is wrong is given
        back at once."""
        if self.configurations is None:
            return self.own, Chosen(None, on_trial=False)
        chosen = self.configurations.choose()
        if chosen.configuration is not None and chosen.on_trial:
            try:
                return self._with(chosen.configuration), chosen
            except ValueError as error:
                self.configurations.give_back(chosen.configuration, str(error))
                chosen = self.configurations.choose()
        return self._with_or_own(chosen.configuration), chosen

    def proof(self, chosen: Chosen, is_healthy: Callable[[], bool], clock: Clock) -> "Proof":
        """What must be looked at while the hub runs."""
        tried = chosen.configuration if chosen.on_trial else None
        return Proof(self.configurations, tried, is_healthy, clock)

    def hear(self, sealed: bytes) -> None:
        """Take what the centre says on `down/config`; never raises."""
        if self.configurations is None or not sealed:
            return
        try:
            if self.configurations.offer(sealed, self._check):
                logger.info("a new configuration is tried as soon as nobody is in the house")
                self.has_news.set()
        except (ConfigurationRefusedError, OSError) as error:
            logger.warning("a configuration of the centre is not taken: %s", error)

    def _check(self, configuration: Configuration) -> None:
        self._with(configuration)

    def _with(self, configuration: Configuration | None) -> HubSettings:
        return load_settings(self._path, HubSettings, PREFIX, instead=tables(configuration))

    def _with_or_own(self, configuration: Configuration | None) -> HubSettings:
        try:
            return self._with(configuration)
        except (SettingsError, ConfigurationRefusedError) as error:
            logger.warning(
                "the configuration in force cannot be read, own settings hold: %s", error
            )
            return self.own


class Proof:
    """Whether a hub has shown its health with what it tries, or has had its time.

    With nothing on trial there is nothing to show.
    """

    def __init__(
        self,
        configurations: Configurations | None,
        tried: Configuration | None,
        is_healthy: Callable[[], bool],
        clock: Clock,
    ) -> None:
        self._configurations = configurations
        self._tried = tried
        self._is_healthy = is_healthy
        self._clock = clock
        self._healthy = 0
        self._until_s = self._clock.stamp().mono_s + _PROVEN_WITHIN_S

    def look(self) -> bool:
        """Look once; False when the configuration was given back and the hub must start anew."""
        if self._configurations is None or self._tried is None:
            return True
        self._healthy = self._healthy + 1 if self._is_healthy() else 0
        if self._healthy >= _PROOFS:
            self._configurations.accept(self._tried)
            self._tried = None
            return True
        if self._clock.stamp().mono_s <= self._until_s:
            return True
        reason = f"not healthy within {_PROVEN_WITHIN_S:.0f} s"
        self._configurations.give_back(self._tried, reason)
        return False


def _configurations_of(settings: HubSettings) -> Configurations | None:
    """Where a hub keeps the centre's configurations; None when it knows no centre's key."""
    if settings.centre_key is None:
        return None
    key = bytes.fromhex(settings.centre_key)
    return Configurations(settings.data / "configuration", settings.node, key)
