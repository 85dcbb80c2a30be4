"""What hubs last said of their machines, as the API and the pages tell it."""

from datetime import date, datetime

import msgspec
import pytest

from central.api.freshness import local_time
from central.api.known import Moment
from central.api.models import Liveness
from central.api.quality_models import NodeHealth, NodeQuality
from central.api.records import node_qualities
from central.ingest.intake import Intake, Received
from central.registry.places import Places
from central.registry.provinces import shipped_provinces
from central.registry.units import shipped_units
from central.scope import Scope
from central.store.connection import Database
from central.store.ingest import SqlIngestStore
from central.store.reader import Reader
from central.web.words import Words
from contract.codec import decode_message
from contract.wire import Health, Status
from tests.central.journal import DAY, MORNING_MS, NODE, OTHER_NODE, Journal
from tests.central.nation import HEALTH, OTHER_SITE, SITE, Nation, answer
from tests.central.signed_in_page import signed_in

HEARD_MS = MORNING_MS + 7_000
NOTHING = NodeHealth(
    told=None, temperature_c=None, undervoltage=None, wear_percent=None, free_mb=None
)


def hear(db: Database, payload: bytes, received_ms: int = HEARD_MS) -> None:
    journal = Journal()
    Intake(SqlIngestStore(db)).commit([Received(journal.status_topic, payload, received_ms)])


def health(db: Database) -> NodeHealth:
    (found,) = node_qualities(Reader(db.conn, Scope()).nodes(), Moment(HEARD_MS, 180_000))
    return found.health


def test_what_a_hub_told_is_known_with_when(each_db: Database) -> None:
    hear(each_db, Journal().status(health=HEALTH))
    assert health(each_db) == NodeHealth(
        told=local_time(HEARD_MS),
        temperature_c=54,
        undervoltage=False,
        wear_percent=12,
        free_mb=21_400,
    )


def test_what_a_hub_did_not_tell_is_not_known(db: Database) -> None:
    hear(db, Journal().status(health=Health(free_mb=0)))
    assert health(db).free_mb == 0
    assert health(db).temperature_c is None
    assert health(db).told is not None


@pytest.mark.parametrize("told", [None, Health()])
def test_a_hub_that_tells_nothing_of_its_machine(db: Database, told: Health | None) -> None:
    hear(db, Journal().status(health=told))
    assert health(db) == NOTHING


def test_what_a_hub_told_before_it_went_is_known_still(each_db: Database) -> None:
    hear(each_db, Journal().status(health=HEALTH), HEARD_MS)
    hear(each_db, Journal().status(online=False), HEARD_MS + 60_000)
    assert health(each_db).temperature_c == 54
    assert health(each_db).told == local_time(HEARD_MS)
    hear(each_db, Journal().status(health=None), HEARD_MS + 90_000)
    assert health(each_db) == NOTHING, "it runs, and can tell nothing any more"


def test_a_hub_that_never_sent_a_status(db: Database) -> None:
    journal = Journal()
    journal.open_day()
    intake = Intake(SqlIngestStore(db))
    intake.commit([Received(journal.events_topic, journal.all(), HEARD_MS)])
    assert health(db) == NOTHING


@pytest.mark.parametrize(
    "stored", ["", "null", "{", "[54,false,101,21400]", '{"temperature_c":54}', '["warm"]']
)
def test_what_cannot_be_read_any_more_tells_nothing(each_db: Database, stored: str) -> None:
    hear(each_db, Journal().status(health=HEALTH))
    each_db.execute("UPDATE nodes SET health = ?", (stored,))
    assert health(each_db) == NOTHING


def test_a_newer_status_tells_what_is_known_of_it(db: Database) -> None:
    fields = msgspec.msgpack.decode(Journal().status(health=HEALTH))
    fields[10].append("more of the machine")
    newer = msgspec.msgpack.encode([*fields, "more"])
    assert decode_message(newer, Status).health == HEALTH
    hear(db, newer)
    assert health(db).temperature_c == 54


# --- in words -----------------------------------------------------------------------------------


def said(language: str, told: Health, state: Liveness = Liveness.LIVE) -> str:
    places = Places(shipped_provinces(), shipped_units())
    words = Words(language, date.fromisoformat(DAY), places)
    node = NodeQuality(
        node=NODE,
        state=state,
        awaited_since=None,
        online=True,
        online_since=None,
        heard=local_time(HEARD_MS),
        clock_synchronised=True,
        software=None,
        software_fingerprint=None,
        config=None,
        unsent=0,
        health=NodeHealth(told=local_time(MORNING_MS), **msgspec.structs.asdict(told)),
    )
    return words.health(node)


@pytest.mark.parametrize(
    ("told", "vietnamese", "english"),
    [
        (Health(), "", ""),
        (Health(undervoltage=False), "", ""),
        (HEALTH, "Nhiệt độ 54 °C · còn trống 21 GB · thẻ nhớ mòn 12 %",
         "Temperature 54 °C · 21 GB free · memory card 12 % worn"),
        (Health(temperature_c=-4), "Nhiệt độ -4 °C", "Temperature -4 °C"),
        (Health(free_mb=0), "Còn trống 0 MB", "0 MB free"),
        (Health(free_mb=999), "Còn trống 999 MB", "999 MB free"),
        (Health(free_mb=2_345), "Còn trống 2,3 GB", "2.3 GB free"),
        (Health(free_mb=9_999), "Còn trống 10 GB", "10 GB free"),
        (Health(wear_percent=0), "Thẻ nhớ mòn 0 %", "Memory card 0 % worn"),
        (Health(undervoltage=True), "Nguồn điện yếu", "Power supply weak"),
    ],
)  # fmt: skip
def test_one_line_says_what_is_known(told: Health, vietnamese: str, english: str) -> None:
    assert said("vi", told) == vietnamese
    assert said("en", told) == english


def test_of_a_hub_that_is_not_live_it_says_of_when_this_is() -> None:
    told = Health(temperature_c=54)
    assert said("vi", told, Liveness.OFFLINE) == "Nhiệt độ 54 °C · báo lúc 07:30"
    assert said("en", told, Liveness.DELAYED) == "Temperature 54 °C · said at 07:30"
    assert said("en", Health(), Liveness.OFFLINE) == ""


# --- served -------------------------------------------------------------------------------------


def test_the_api_tells_it_beside_the_states_of_hubs(served: Nation) -> None:
    with served.client("hanoi") as client:
        hubs = {one["site"]: one["node"] for one in answer(client, "/nodes")["nodes"]}
        (quality,) = answer(client, f"/sites/{SITE}/freshness")["nodes"]
    told = dict(hubs[SITE]["health"])
    assert datetime.fromisoformat(told.pop("told")) == local_time(
        MORNING_MS + 187 * 60_000 + 295_000
    )
    assert told == msgspec.structs.asdict(HEALTH)
    assert quality["health"] == hubs[SITE]["health"]
    assert OTHER_SITE not in hubs


@pytest.mark.parametrize(
    ("language", "words"), [("vi", "Nhiệt độ 54 °C"), ("en", "Temperature 54 °C")]
)
def test_the_pages_show_it_at_the_hub_that_told_it(
    served: Nation, language: str, words: str
) -> None:
    with signed_in(served, "national") as client:
        client.get(f"/language/{language}", params={"back": "/"})
        machines = client.get("/machines").text
        site = client.get(f"/sites/{SITE}/days/{DAY}").text
        other = client.get(f"/sites/{OTHER_SITE}/days/{DAY}").text
    assert machines.count("°C") == 1
    row = next(row for row in machines.split("<tr ") if words in row)
    assert NODE in row
    assert OTHER_NODE not in row
    assert words in site
    assert "°C" not in other
