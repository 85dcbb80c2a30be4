"""What each hub should run: what was decided for its site, with its part of the catalogue."""

import hashlib
from contextlib import closing
from threading import Thread

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.catalogue.catalogue import Catalogue
from central.catalogue.handled import NO_CATALOGUE, Handled, services_in
from central.configuration.book import ConfigurationBook, ConfigurationError
from central.configuration.decided import Decided, Standing, decided
from central.store.configurations import NOTHING_MADE, Made
from central.store.connection import Database
from central.store.database import Location, open_for_writing, reading, transaction
from contract.wire import Configuration, configuration_label
from runtime.sealed import unseal
from tests.central.appointments.sites import CONFIGURATION
from tests.central.catalogue.lists import BIRTH, COPIES, LAND, procedures
from tests.central.decisions import decide
from tests.central.journal import NODE, OTHER_NODE

KEY = Ed25519PrivateKey.generate()
BUSINESS = "2.000720,Thay đổi hộ kinh doanh,,3,,"
FIRST = Handled(Catalogue(1, 0, procedures(BIRTH, LAND, BUSINESS)))
SECOND = Handled(Catalogue(2, 0, procedures(BIRTH, COPIES, LAND, BUSINESS)))
FOREIGN = Handled(Catalogue(3, 0, procedures(BIRTH, COPIES, LAND)))
"""CONFIGURATION's site has services 1 and 2 and so nothing of what FOREIGN takes away."""


@pytest.fixture
def book(each_db: Database) -> ConfigurationBook:
    return ConfigurationBook(each_db.conn)


def opened(sealed: bytes | None) -> Configuration:
    assert sealed is not None
    return unseal(sealed, Configuration).message


def test_without_anything_a_hub_has_its_own_settings(book: ConfigurationBook) -> None:
    assert book.should_run(NODE).label is None
    assert book.renew(KEY, NODE, NO_CATALOGUE) is None
    assert book.decided() == {}


def test_a_hub_without_a_decision_gets_the_whole_catalogue(book: ConfigurationBook) -> None:
    should = book.should_run(NODE, FIRST)
    made = opened(book.renew(KEY, NODE, FIRST))
    assert (made.number, made.node, made.text) == (1, NODE, "")
    assert made.catalogue == procedures(BIRTH, LAND, BUSINESS)
    assert should == decided(NOTHING_MADE, FIRST)
    assert should.label == book.should_run(NODE, FIRST).label == made.label


def test_a_site_gets_what_its_services_handle_beside_its_own_settings(
    book: ConfigurationBook,
) -> None:
    book.put(KEY, NODE, CONFIGURATION)
    should = book.should_run(NODE, FIRST)
    made = opened(book.renew(KEY, NODE, FIRST))
    assert (made.number, made.text) == (2, CONFIGURATION)
    assert made.catalogue == procedures(BIRTH, LAND)
    assert (should.label, should.text) == (made.label, CONFIGURATION)


def test_a_decision_goes_out_with_the_catalogue_at_once(book: ConfigurationBook) -> None:
    made = book.put(KEY, NODE, CONFIGURATION, FIRST)
    assert made.catalogue == procedures(BIRTH, LAND)
    assert opened(book.renew(KEY, NODE, FIRST)) == made


def test_an_edition_that_changes_nothing_for_a_site_is_no_new_number(
    book: ConfigurationBook,
) -> None:
    made = book.put(KEY, NODE, CONFIGURATION, SECOND)
    assert book.should_run(NODE, FOREIGN).label == made.label
    assert opened(book.renew(KEY, NODE, FOREIGN)) == made
    other = opened(book.renew(KEY, OTHER_NODE, SECOND))
    assert opened(book.renew(KEY, OTHER_NODE, FOREIGN)).number == other.number + 1


def test_a_hub_away_for_two_editions_gets_the_newest_alone(book: ConfigurationBook) -> None:
    book.renew(KEY, NODE, FIRST)
    assert book.should_run(NODE, SECOND).label != book.should_run(NODE, FOREIGN).label
    made = opened(book.renew(KEY, NODE, FOREIGN))
    assert (made.number, made.catalogue) == (2, procedures(BIRTH, COPIES, LAND))


def test_what_all_should_run_follows_the_catalogue_before_it_is_made(
    book: ConfigurationBook,
) -> None:
    book.put(KEY, NODE, CONFIGURATION)
    before, after = book.decided()[NODE].label, book.decided(FIRST)[NODE].label
    assert before != after
    book.renew(KEY, NODE, FIRST)
    assert book.decided(FIRST)[NODE].label == book.decided()[NODE].label == after


def test_what_is_decided_is_above_all_that_the_hub_has_reported(
    each_db: Database, book: ConfigurationBook
) -> None:
    each_db.execute("INSERT INTO sites (site, code, province) VALUES (1, ?, '01')", (NODE[:11],))
    each_db.execute(
        "INSERT INTO nodes (site, code, config) VALUES (1, ?, '41-0123456789ab')", (NODE,)
    )
    assert book.put(KEY, NODE, CONFIGURATION).number == 42
    assert book.put(KEY, NODE, CONFIGURATION).number == 43


@pytest.mark.usefixtures("each_db")
def test_two_who_change_one_at_once_lose_nothing(location: Location) -> None:
    def renew() -> None:
        with closing(open_for_writing(location)) as db, transaction(db.conn):
            ConfigurationBook(db.conn).renew(KEY, NODE, FIRST)

    threads = [Thread(target=decide, args=(location, NODE, CONFIGURATION)) for _ in range(4)]
    threads += [Thread(target=renew) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(location) as conn:
        made = ConfigurationBook(conn).should_run(NODE).made
    assert made.text == CONFIGURATION
    assert 4 <= made.number <= 8


def test_what_would_end_the_line_at_the_broker_is_never_made(book: ConfigurationBook) -> None:
    made = book.put(KEY, NODE, CONFIGURATION, FIRST)
    noise = "".join(hashlib.sha256(bytes([n % 256, n // 256])).hexdigest() for n in range(3000))
    with pytest.raises(ConfigurationError, match="at most 60 kB"):
        book.put(KEY, NODE, CONFIGURATION.replace("Trung tâm", noise), FIRST)
    assert opened(book.renew(KEY, NODE, FIRST)) == made


@pytest.mark.parametrize(
    "text", ["", "[site", 'site = "x"', "[site]\nservices = [1]", "[site]\nservices = []"]
)
def test_where_a_text_has_no_services_only_the_hub_knows_them(text: str) -> None:
    assert services_in(text) is None
    assert services_in(CONFIGURATION) == frozenset({"1", "2"})


NOW, BEFORE = b"n" * 32, b"b" * 32
UP_TO_DATE = Decided(Made(5, "x", NOW), NOW)
DUE = Decided(Made(5, "x", BEFORE), NOW)
NOTHING = Decided(NOTHING_MADE, b"")


@pytest.mark.parametrize(
    ("should", "number", "text", "catalogue", "standing"),
    [
        (UP_TO_DATE, 5, "x", NOW, Standing.RIGHT),
        (UP_TO_DATE, 5, "x", b"", Standing.UNKNOWN),
        (UP_TO_DATE, 9, "x", NOW, Standing.RIGHT),  # made before a backup came back
        (UP_TO_DATE, 4, "x", NOW, Standing.OLDER),
        (UP_TO_DATE, 5, "y", NOW, Standing.UNKNOWN),
        (UP_TO_DATE, 6, "y", NOW, Standing.UNKNOWN),
        (DUE, 6, "x", NOW, Standing.RIGHT),
        (DUE, 5, "x", BEFORE, Standing.OLDER),
        (DUE, 4, "y", BEFORE, Standing.OLDER),
        (DUE, 5, "y", BEFORE, Standing.UNKNOWN),
        (DUE, 6, "x", BEFORE, Standing.UNKNOWN),
        (NOTHING, 1, "x", b"", Standing.UNKNOWN),
    ],
)
def test_how_what_a_hub_runs_stands_to_what_it_should_run(
    should: Decided, number: int, text: str, catalogue: bytes, standing: Standing
) -> None:
    assert should.standing(configuration_label(number, text, catalogue)) is standing


@pytest.mark.parametrize(
    "own", ["", "0123456789ab", "0-0123456789ab", "5-", f"{10**12}-0123456789ab"]
)
def test_a_hub_with_its_own_settings_lacks_what_was_decided(own: str) -> None:
    assert [one.standing(own) for one in (NOTHING, UP_TO_DATE, DUE)] == [
        Standing.RIGHT,
        Standing.OLDER,
        Standing.OLDER,
    ]
