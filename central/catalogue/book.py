"""The catalogue as the API and the pages read and change it."""

from central.access.accounts import Admin
from central.catalogue.catalogue import Catalogue, Changes, catalogue_of, compare, publish
from central.store.database import Location, reading, writing
from contract.procedures import Procedure
from runtime.clock import Clock


class CatalogueBook:
    """Every change is one transaction. All of it raises StoreError."""

    def __init__(self, database: Location, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def read(self) -> Catalogue:
        """The catalogue in force."""
        with reading(self._database) as conn:
            return catalogue_of(conn)

    def compare(self, procedures: tuple[Procedure, ...]) -> Changes:
        """What publishing a list would change."""
        return compare(self.read().procedures, procedures)

    def publish(
        self, admin: Admin, address: str, procedures: tuple[Procedure, ...], edited: int
    ) -> Changes:
        """Put a list that was checked into force, if the edition that was edited still is. Raises
        CatalogueError."""
        with writing(self._database) as db:
            return publish(
                db,
                procedures,
                who=admin.name,
                address=address,
                now_ms=self._clock.stamp().wall_ms,
                edited=edited,
            )
