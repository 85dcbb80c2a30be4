"""The procedures a site offers by national code: the catalogue's and its own."""

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from edge.settings import HubSettings, Procedure
from runtime.settings import SettingsError, load_settings


class ProcedureFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A TOML file of procedures, such as `firmware_config/procedures.toml`."""

    procedures: tuple[Procedure, ...]


def procedures_of(settings: HubSettings) -> tuple[Procedure, ...]:
    """The site's own procedures, then those of its file that its services handle.

    The site's own entry wins over the file's for the same code. Raises SettingsError.
    """
    known = {procedure.code: procedure for procedure in settings.procedures}
    for procedure in _shared(settings.procedures_file):
        if settings.site.service(procedure.service) is not None:
            known.setdefault(procedure.code, procedure)
    return tuple(known.values())


def _shared(path: Path | None) -> Iterable[Procedure]:
    if path is None:
        return ()
    shared = load_settings(path, ProcedureFile, prefix="", environment={}).procedures
    codes = [procedure.code for procedure in shared]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise SettingsError(f"{path}: named twice: {', '.join(twice)}")
    return shared
