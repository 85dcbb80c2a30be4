"""A site that takes bookings, and who may book there."""

from central.access.accounts import Admin
from central.appointments.book import AppointmentBook
from central.appointments.slots import SlotRule
from central.registry.register import register
from central.registry.sites import parse_sites
from central.registry.units import shipped_units
from central.scope import Scope
from central.store.connection import Database
from central.store.database import Location
from contract.stamp import Stamp
from tests.central.decisions import decide
from tests.central.journal import MORNING_MS, NODE

SITE, OTHER_SITE = "01-00097-01", "48-20194-01"
MINUTE_MS, DAY_MS = 60_000, 86_400_000
PORTAL = Admin("portal", "booking", Scope())
PORTAL_OF_DANANG = Admin("portal of danang", "booking", Scope("48"))
CONFIGURATION = f"""
[site]
site = "{SITE}"
unit = "Phường Hồng Hà"
site_name = "Trung tâm phường Hồng Hà"
counters = [{{ id = "1", services = ["1", "2"] }}]

[[site.sessions]]
weekdays = [1, 2, 3, 4, 5, 6, 7]
issue_from = "00:00"
last_ticket = "23:30"
closes = "23:59"

[[site.services]]
id = "1"
series = "1"
name = {{ vi = "Hộ tịch" }}
appointments_per_slot = 2

[[site.services]]
id = "2"
series = "2"
name = {{ vi = "Đất đai" }}
"""


class MovedClock:
    """A clock that stands at 07:30 until it is moved."""

    def __init__(self) -> None:
        self.now_ms = MORNING_MS

    def stamp(self) -> Stamp:
        """The present reading."""
        return Stamp(self.now_ms, self.now_ms * 1_000_000, "b0", synced=True)

    def sleep(self, seconds: float) -> None:
        """Let the clock go on at once."""
        self.now_ms += round(seconds * 1000)


class BookedSite:
    """The book of a centre that has decided what the site offers."""

    def __init__(self, db: Database, location: Location) -> None:
        lines = ["site,name,type,national_code", f"{SITE},Hồng Hà,centre,"]
        lines.append(f"{OTHER_SITE},Hải Châu,centre,")
        register(db, parse_sites(lines), who="x", now_ms=MORNING_MS)
        decide(location, NODE, CONFIGURATION)
        self.clock = MovedClock()
        self.location = location
        self.book = AppointmentBook(location, self.clock, shipped_units, SlotRule(length_min=1))
