"""Keys of codes, in each engine."""

from central.store.connection import Database
from central.store.database import transaction
from central.store.dictionary import Dictionary


def services(db: Database) -> Dictionary:
    return Dictionary(db.conn, "services", "service", "code")


def test_a_code_has_one_key_which_everybody_finds(each_db: Database) -> None:
    mine = services(each_db)
    with transaction(each_db.conn):
        keys = [mine["residence"], mine["birth"], mine["residence"]]
    assert keys[0] == keys[2] != keys[1]
    assert [services(each_db)[code] for code in ("residence", "birth")] == keys[:2]


def test_what_is_remembered_is_not_asked_again_until_it_is_cleared(each_db: Database) -> None:
    mine = services(each_db)
    with transaction(each_db.conn):
        key = mine["residence"]
        each_db.execute("UPDATE services SET service = service + 100")
    assert mine["residence"] == key
    mine.clear()
    assert mine["residence"] == key + 100
