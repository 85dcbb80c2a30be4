"""A site's services are called on its pages as its published configuration has them."""

from datetime import date

import pytest

from central.api.desk import Desk
from central.api.known import Moment
from central.configuration.service_names import service_names
from central.registry.provinces import shipped_provinces
from central.scope import Scope
from central.store.connection import Database
from central.store.database import Location, transaction
from central.store.given_up import retire
from central.store.reader import Reader
from central.store.totals import Totals
from contract import events as e
from tests.central.decisions import decide, open_on
from tests.central.journal import DAY, MORNING_MS, NODE, Journal
from tests.central.test_retired_hubs import NOW_MS, send

SITE = NODE[:11]
HOURS = 'issue_from = "07:00", last_ticket = "18:30", closes = "19:00"'
OWN = open_on(5, HOURS)
OTHER = OWN.replace('"Hộ tịch"', '"Tư pháp", en = "Civil status"')
USUAL = "Hộ tịch – Chứng thực"


def test_what_no_configuration_names_is_called_as_everywhere() -> None:
    assert service_names("vi")["1"] == USUAL
    assert service_names("vi", [OWN]) == service_names("vi") | {"1": "Hộ tịch"}
    assert service_names("en", [OWN])["1"] == "Hộ tịch", "it has no English name"
    assert service_names("en", [OTHER])["1"] == "Civil status"


@pytest.mark.parametrize("text", ["", "[", 'follow_url = "https://centre.example"'])
def test_a_configuration_without_services_names_none(text: str) -> None:
    assert service_names("vi", [text]) == service_names("vi")


def test_the_first_hub_of_a_site_in_service_names_its_services(
    each_db: Database, location: Location
) -> None:
    journal = Journal()
    journal.open_day()
    journal.add(e.TicketIssued("1001", ("1",)))
    send(each_db, journal, NOW_MS)

    def name(language: str = "vi", scope: Scope | None = None) -> str | None:
        reader = Reader(each_db.conn, scope or Scope())
        totals = Totals(each_db.conn, scope or Scope())
        desk = Desk(reader, totals, Moment(NOW_MS, 180_000), shipped_provinces())
        found = desk.site_day(SITE, date.fromisoformat(DAY), language)
        return None if found is None else found.services[0].name

    assert name() == USUAL
    decide(location, f"{SITE}-h2", OTHER)
    decide(location, "01-00004-01-h1", OWN.replace(SITE, "01-00004-01"))
    assert (name(), name("en")) == ("Tư pháp", "Civil status")
    decide(location, NODE, OWN)
    assert name() == "Hộ tịch"
    with transaction(each_db.conn):
        retire(each_db.conn, NODE, MORNING_MS)
    assert name() == "Tư pháp"
    assert name(scope=Scope(province="48")) is None
