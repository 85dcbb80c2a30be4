"""Editions of the catalogue, in both engines: what changes, who did it, and nothing in between."""

import pytest

from central.access.audit import first_broken
from central.catalogue.catalogue import (
    Catalogue,
    CatalogueError,
    Changes,
    catalogue_of,
    compare,
    publish,
)
from central.store.access import AccessStore
from central.store.connection import Database
from contract.procedures import Procedure
from tests.central.catalogue.lists import BIRTH, COPIES, LAND, procedures


def put(db: Database, *lines: str, edited: int | None = None) -> Changes:
    return publish(
        db, procedures(*lines), who="Nguyễn An", address="10.0.0.9", now_ms=7, edited=edited
    )


def codes(those: tuple[Procedure, ...]) -> list[str]:
    return [one.code for one in those]


def test_before_the_first_edition_there_is_none(each_db: Database) -> None:
    assert catalogue_of(each_db.conn) == Catalogue()


def test_an_edition_is_read_as_it_was_published(each_db: Database) -> None:
    assert codes(put(each_db, BIRTH, LAND).added) == ["1.001193", "1.013978"]
    assert catalogue_of(each_db.conn) == Catalogue(1, 7, procedures(BIRTH, LAND))
    put(each_db, LAND)
    assert catalogue_of(each_db.conn) == Catalogue(2, 7, procedures(LAND))


def test_the_audit_log_says_who_changed_how_much(each_db: Database) -> None:
    put(each_db, BIRTH)
    put(each_db, LAND)
    lines = [row for row, _ in AccessStore(each_db.conn).audit(0, 10)]
    assert [(row.who, row.action, row.address) for row in lines] == [
        ("Nguyễn An", "catalogue-published", "10.0.0.9")
    ] * 2
    assert lines[1].subject == "edition 2: 1 added, 0 changed, 0 ended, 1 removed"
    assert first_broken(each_db.conn) is None


def test_the_same_again_is_no_edition(each_db: Database) -> None:
    put(each_db, BIRTH, LAND)
    assert not put(each_db, LAND, BIRTH)
    assert catalogue_of(each_db.conn).edition == 1
    assert len(AccessStore(each_db.conn).audit(0, 10)) == 1


def test_of_two_who_edit_the_same_edition_the_second_is_refused(each_db: Database) -> None:
    put(each_db, BIRTH, edited=0)
    put(each_db, BIRTH, LAND, edited=1)
    with pytest.raises(CatalogueError, match="you edited edition 1, and it is 2 now"):
        put(each_db, BIRTH, COPIES, edited=1)
    assert catalogue_of(each_db.conn).procedures == procedures(BIRTH, LAND)


def test_what_changes_is_said_by_kind() -> None:
    renamed = BIRTH.replace("Đăng ký", "Việc đăng ký")
    ended = COPIES + "2026-12-31"
    anew = "2.000815,Chứng thực bản sao điện tử,,1,2027-01-01,"
    old = procedures(BIRTH, COPIES, LAND, "1.000656,Đăng ký khai tử,,1,,")
    changes = compare(old, procedures(renamed, ended, anew, LAND))
    assert codes(changes.added) == ["2.000815"]
    assert codes(changes.ended) == ["2.000815"]
    assert codes(changes.changed) == ["1.001193"]
    assert codes(changes.removed) == ["1.000656"]
    assert changes.unchanged == 1
