"""A site that takes bookings."""

import pytest

from central.store.connection import Database
from central.store.database import Location
from tests.central.appointments.sites import BookedSite


@pytest.fixture
def site(each_db: Database, location: Location) -> BookedSite:
    """A site with its hub's journal and the book of its appointments, on each engine in turn."""
    return BookedSite(each_db, location)
