"""What is wrong in one province need not be in another: thresholds by place."""

from central.alerts.rules import Rule
from central.alerts.settings import AlertSettings, Place
from central.alerts.thresholds import ThresholdsOfSites
from central.store.database import Location
from contract import events as e
from tests.central.alerts.office import MIN, Office, quiet_day
from tests.central.journal import NODE, OTHER_NODE

SITE, NEIGHBOUR, OTHER_SITE = NODE[:11], "01-00004-01", OTHER_NODE[:11]


def test_a_unit_is_judged_as_its_province_but_for_what_it_says_itself() -> None:
    settings = AlertSettings(
        wait_people=4,
        places=(
            Place(unit=SITE[:8], silent_after_s=0),
            Place(province="01", silent_after_s=60, paper_after_s=7),
        ),
    )
    thresholds = ThresholdsOfSites(settings, 20 * MIN)
    assert [
        (
            thresholds.of(site).limits.wait_people,
            thresholds.of(site).limits.silent_after_ms,
            thresholds.of(site).patience[Rule.PAPER_OUT].open_after_ms,
        )
        for site in (SITE, NEIGHBOUR, OTHER_SITE)
    ] == [(4, 0, 7_000), (4, 60_000, 7_000), (4, 900_000, 120_000)]


def test_an_alert_begins_when_its_place_says_so(location: Location) -> None:
    office = Office(location, places=(Place(province="48", paper_after_s=0),))
    journals = [quiet_day(), quiet_day(OTHER_NODE)]
    for journal in journals:
        journal.add(e.DeviceLost("printer", "paper-out"), 10_000)
    office.live(1, *journals)
    assert office.open() == [("paper_out", OTHER_SITE, "h1/printer")]
    office.live(3, *journals)
    assert [site for _, site, _ in office.open()] == [SITE, OTHER_SITE]
