"""What of the catalogue goes to which site, made once for all sites with the same services."""

import tomllib
from functools import lru_cache
from typing import NamedTuple

from central.catalogue.catalogue import Catalogue
from contract.procedures import Procedure
from contract.wire import catalogue_digest


class Part(NamedTuple):
    """Procedures, and the digest by which a configuration's label knows them."""

    procedures: tuple[Procedure, ...]
    digest: bytes


class Handled:
    """The parts of one edition of the catalogue, which may be the empty one before the first."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.edition = catalogue.edition
        self._procedures = catalogue.procedures
        self._parts: dict[frozenset[str] | None, Part] = {}

    def by(self, services: frozenset[str] | None) -> Part | None:
        """The procedures of these services, all for None; None before the first edition."""
        if not self.edition:
            return None
        part = self._parts.get(services)
        if part is None:
            chosen = tuple(
                one for one in self._procedures if services is None or one.service in services
            )
            part = self._parts[services] = Part(chosen, catalogue_digest(chosen))
        return part


NO_CATALOGUE = Handled(Catalogue())


@lru_cache(maxsize=4096)  # reading one takes a millisecond, and there are 3,139 sites
def services_in(text: str) -> frozenset[str] | None:
    """The services that the `[site]` of a configuration's text has; None where it has none, so
    that only the hub knows its services."""
    try:
        services = tomllib.loads(text).get("site", {}).get("services", ())
        return frozenset(one["id"] for one in services if isinstance(one["id"], str)) or None
    except (tomllib.TOMLDecodeError, AttributeError, KeyError, TypeError):
        return None
