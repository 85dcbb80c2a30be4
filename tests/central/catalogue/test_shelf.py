"""What each hub should run: what was decided for its site, with its part of the catalogue."""

import hashlib
from pathlib import Path
from threading import Thread

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.catalogue.catalogue import Catalogue
from central.catalogue.handled import NO_CATALOGUE, Handled, services_in
from central.configuration.shelf import (
    NOTHING_DECIDED,
    ConfigurationError,
    Decided,
    Shelf,
)
from contract.wire import Configuration
from runtime.sealed import unseal
from tests.central.appointments.sites import CONFIGURATION
from tests.central.catalogue.lists import BIRTH, COPIES, LAND, procedures
from tests.central.journal import NODE, OTHER_NODE

KEY = Ed25519PrivateKey.generate()
BUSINESS = "2.000720,Thay đổi hộ kinh doanh,,3,,"
FIRST = Handled(Catalogue(1, 0, procedures(BIRTH, LAND, BUSINESS)))
SECOND = Handled(Catalogue(2, 0, procedures(BIRTH, COPIES, LAND, BUSINESS)))
FOREIGN = Handled(Catalogue(3, 0, procedures(BIRTH, COPIES, LAND)))
"""CONFIGURATION's site has services 1 and 2 and so nothing of what FOREIGN takes away."""


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def opened(sealed: bytes | None) -> Configuration:
    assert sealed is not None
    return unseal(sealed, Configuration).message


def test_without_anything_a_hub_has_its_own_settings(shelf: Shelf) -> None:
    assert shelf.should_run(NODE) is None
    assert shelf.renew(KEY, NODE, NO_CATALOGUE) is None


def test_a_hub_without_a_decision_gets_the_whole_catalogue(shelf: Shelf) -> None:
    should = shelf.should_run(NODE, FIRST)
    made = opened(shelf.renew(KEY, NODE, FIRST))
    assert (made.number, made.node, made.text) == (1, NODE, "")
    assert made.catalogue == procedures(BIRTH, LAND, BUSINESS)
    assert should == NOTHING_DECIDED.decided(FIRST) == Decided(made.label, "")
    assert shelf.should_run(NODE, FIRST) == should


def test_a_site_gets_what_its_services_handle_beside_its_own_settings(shelf: Shelf) -> None:
    shelf.put(KEY, NODE, CONFIGURATION)
    should = shelf.should_run(NODE, FIRST)
    made = opened(shelf.renew(KEY, NODE, FIRST))
    assert (made.number, made.text) == (2, CONFIGURATION)
    assert made.catalogue == procedures(BIRTH, LAND)
    assert should == Decided(made.label, CONFIGURATION)


def test_a_decision_goes_out_with_the_catalogue_at_once(shelf: Shelf) -> None:
    made = shelf.put(KEY, NODE, CONFIGURATION, FIRST)
    assert made.catalogue == procedures(BIRTH, LAND)
    assert opened(shelf.renew(KEY, NODE, FIRST)) == made


def test_an_edition_that_changes_nothing_for_a_site_is_no_new_number(shelf: Shelf) -> None:
    made = shelf.put(KEY, NODE, CONFIGURATION, SECOND)
    assert shelf.should_run(NODE, FOREIGN) == Decided(made.label, CONFIGURATION)
    assert opened(shelf.renew(KEY, NODE, FOREIGN)) == made
    other = opened(shelf.renew(KEY, OTHER_NODE, SECOND))
    assert opened(shelf.renew(KEY, OTHER_NODE, FOREIGN)).number == other.number + 1


def test_a_hub_away_for_two_editions_gets_the_newest_alone(shelf: Shelf, tmp_path: Path) -> None:
    shelf.renew(KEY, NODE, FIRST)
    assert shelf.should_run(NODE, SECOND) != shelf.should_run(NODE, FOREIGN)
    made = opened(shelf.renew(KEY, NODE, FOREIGN))
    assert (made.number, made.catalogue) == (2, procedures(BIRTH, COPIES, LAND))
    assert Shelf(tmp_path).should_run(NODE, FOREIGN) == Decided(made.label, "")


def test_what_all_should_run_follows_the_catalogue_before_it_is_made(shelf: Shelf) -> None:
    shelf.put(KEY, NODE, CONFIGURATION)
    before = shelf.decided()
    after = shelf.decided(FIRST)
    assert before != after == {NODE: shelf.should_run(NODE, FIRST)}
    shelf.renew(KEY, NODE, FIRST)
    assert shelf.decided(FIRST) == after
    assert shelf.decided() == after, "a restored database that knows no edition takes none back"


def test_two_who_change_a_file_at_once_lose_nothing(shelf: Shelf, tmp_path: Path) -> None:
    threads = [
        Thread(target=Shelf(tmp_path).put, args=(KEY, NODE, CONFIGURATION)) for _ in range(8)
    ]
    threads += [Thread(target=Shelf(tmp_path).renew, args=(KEY, NODE, FIRST)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = opened(shelf.renew(KEY, NODE, FIRST))
    assert made.text == CONFIGURATION
    assert 9 <= made.number <= 17


def test_what_would_end_the_line_at_the_broker_is_never_made(shelf: Shelf) -> None:
    made = shelf.put(KEY, NODE, CONFIGURATION, FIRST)
    noise = "".join(hashlib.sha256(bytes([n % 256, n // 256])).hexdigest() for n in range(3000))
    with pytest.raises(ConfigurationError, match="at most 60 kB"):
        shelf.put(KEY, NODE, f'{CONFIGURATION}\nfollow_url = "{noise}"', FIRST)
    assert opened(shelf.renew(KEY, NODE, FIRST)) == made


@pytest.mark.parametrize(
    "text", ["", "[site", 'site = "x"', "[site]\nservices = [1]", "[site]\nservices = []"]
)
def test_where_a_text_has_no_services_only_the_hub_knows_them(text: str) -> None:
    assert services_in(text) is None
    assert services_in(CONFIGURATION) == frozenset({"1", "2"})
