"""The configuration that the centre signs: kept, tried, and given back when it does harm.

A new one is stored beside the one in force and tried at the next start. Only a hub that has proven
its health with it puts it into force; one that does not, however it ends, goes back.
"""

import logging
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import msgspec

from contract.decoders import from_json
from contract.wire import CONFIGURABLE, VERSION, Configuration
from runtime.private_file import write_private
from runtime.sealed import SealError, unseal_from

logger = logging.getLogger(__name__)

_CURRENT = "current.thutu"
_TRIAL = "trial.thutu"
_STARTS = "trial-starts"
_REFUSED = "refused.json"
_MOST_STARTS = 2


class ConfigurationRefusedError(ValueError):
    """A configuration that is not taken; the words say why."""


class Refused(msgspec.Struct, frozen=True):
    """The configuration refused last, for people to read."""

    number: int
    reason: str


class Chosen(NamedTuple):
    """What to start with: None means the hub's own settings alone."""

    configuration: Configuration | None
    on_trial: bool


class Configurations:
    """The configurations of one hub in a folder of its own. Every step survives a power cut."""

    def __init__(self, folder: Path, node: str, centre_key: bytes) -> None:
        """`centre_key` is the public key that must have signed them."""
        self._folder = folder
        self._node = node
        self._centre_key = centre_key
        self._changing = Lock()

    @property
    def current(self) -> Configuration | None:
        """The one in force, None for none."""
        return self._read(_CURRENT)

    @property
    def trial(self) -> Configuration | None:
        """The one to be tried, None for none."""
        return self._read(_TRIAL)

    @property
    def refused(self) -> Refused | None:
        """The one refused last."""
        try:
            return from_json((self._folder / _REFUSED).read_bytes(), Refused)
        except FileNotFoundError:
            return None
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            logger.warning("%s cannot be read: %s", self._folder / _REFUSED, error)
            return None

    def offer(self, sealed: bytes, check: Callable[[Configuration], None]) -> bool:
        """Store a newer configuration to be tried; whether there was anything new.

        `check` raises ValueError for one that the settings' loader does not take: that is noted,
        and not tried. Raises ConfigurationRefusedError, and OSError when it cannot be stored.
        """
        try:
            offered = unseal_from(sealed, Configuration, self._centre_key)
        except SealError as error:
            raise ConfigurationRefusedError(str(error)) from error
        if (offered.version, offered.node) != (VERSION, self._node):
            raise ConfigurationRefusedError(f"version {offered.version} for {offered.node}")
        if offered.number <= self._highest():
            return False
        try:
            check(offered)
        except ValueError as error:
            self._note_refused(offered, str(error))
            raise ConfigurationRefusedError(str(error)) from error
        with self._changing:
            (self._folder / _STARTS).unlink(missing_ok=True)
            write_private(self._folder / _TRIAL, sealed)
        return True

    def choose(self) -> Chosen:
        """What to start with now; each start on trial is counted before it happens."""
        trial = self.trial
        if trial is None:
            return Chosen(self.current, on_trial=False)
        starts = self._starts()
        if starts >= _MOST_STARTS:
            self.give_back(trial, f"not healthy after {starts} starts")
            return Chosen(self.current, on_trial=False)
        write_private(self._folder / _STARTS, str(starts + 1).encode("ascii"))
        return Chosen(trial, on_trial=True)

    def accept(self, tried: Configuration) -> None:
        """Put the one that was tried into force, in one step, unless a newer one came meanwhile."""
        with self._changing:
            if self.trial == tried:
                (self._folder / _TRIAL).replace(self._folder / _CURRENT)
                (self._folder / _STARTS).unlink(missing_ok=True)

    def give_back(self, tried: Configuration, reason: str) -> None:
        """Refuse the one that was tried; the one before stays in force."""
        with self._changing:
            self._note_refused(tried, reason)
            if self.trial == tried:
                (self._folder / _TRIAL).unlink()
                (self._folder / _STARTS).unlink(missing_ok=True)

    def _highest(self) -> int:
        known = (self.current, self.trial, self.refused)
        return max((one.number for one in known if one is not None), default=0)

    def _note_refused(self, configuration: Configuration, reason: str) -> None:
        logger.error("configuration %s is not used: %s", configuration.label, reason)
        noted = msgspec.json.encode(Refused(configuration.number, reason))
        write_private(self._folder / _REFUSED, noted)

    def _starts(self) -> int:
        try:
            return int((self._folder / _STARTS).read_text("ascii"))
        except FileNotFoundError:
            return 0
        except ValueError:
            return _MOST_STARTS

    def _read(self, name: str) -> Configuration | None:
        try:
            sealed = (self._folder / name).read_bytes()
            return unseal_from(sealed, Configuration, self._centre_key)
        except FileNotFoundError:
            return None
        except SealError as error:
            logger.warning("%s is not used: %s", self._folder / name, error)
            return None


def tables(configuration: Configuration | None) -> Mapping[str, Any]:
    """The settings that a configuration replaces, by key.

    Raises ConfigurationRefusedError for what is no TOML, or holds what is not the centre's to say.
    """
    if configuration is None:
        return {}
    try:
        found = tomllib.loads(configuration.text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationRefusedError(f"not TOML: {error}") from error
    foreign = sorted(found.keys() - set(CONFIGURABLE))
    if foreign:
        raise ConfigurationRefusedError(f"not for the centre to say: {', '.join(foreign)}")
    return found
