"""The procedures a site offers by national code: its own, and those of the nation's catalogue."""

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from contract.procedures import Procedure, WrittenProcedure, named_twice
from edge.settings import HubSettings
from runtime.settings import SettingsError, load_settings


class ProcedureFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A TOML file of procedures, such as `firmware_config/procedures.toml`."""

    procedures: tuple[WrittenProcedure, ...]


def procedures_of(
    settings: HubSettings, catalogue: tuple[Procedure, ...] | None = None
) -> tuple[Procedure, ...]:
    """The site's own procedures, then those of the centre's `catalogue` that its services handle;
    until the centre has sent one, those of the site's file.

    The site's own entry wins for the same code. All days are there, also those that are over.
    Raises SettingsError.
    """
    own = {procedure.code for procedure in settings.procedures}
    shared = _shared(settings.procedures_file) if catalogue is None else catalogue
    handled = (one for one in shared if settings.site.service(one.service) is not None)
    return (*settings.procedures, *(one for one in handled if one.code not in own))


def _shared(path: Path | None) -> Iterable[Procedure]:
    if path is None:
        return ()
    shared = load_settings(path, ProcedureFile, prefix="", environment={}).procedures
    twice = named_twice(shared)
    if twice:
        raise SettingsError(f"{path}: named twice: {', '.join(twice)}")
    return shared
