"""`thutu-central publish-config` and what `retire-node` says of it, in the words that an operator
reads."""

import re
import tomllib
from pathlib import Path

import pytest

from central.appointments.book import Wanted
from central.ingest.intake import Intake, Received
from central.scope import Scope
from central.store.access import AccessStore
from central.store.appointments import AppointmentRow, Appointments, Withdrawal
from central.store.configurations import Configurations, Made
from central.store.database import reading, transaction, writing
from central.store.ingest import SqlIngestStore
from edge.settings import HubSettings
from runtime.settings import SettingsError, load_settings
from tests.central.appointments.sites import CONFIGURATION, DAY_MS, PORTAL, SITE, BookedSite
from tests.central.journal import MORNING_MS, Journal
from tests.central.test_registry_commands import Operator

H1, H2, H3 = (f"{SITE}-h{number}" for number in (1, 2, 3))
DAY, NEXT_DAY = "2999-01-01", "2999-01-02"
SLOT_MS = 32_472_118_800_000
"""08:00 on DAY in Vietnam."""
CLOSED = CONFIGURATION.replace("[site]", f'[site]\nclosed_days = ["{DAY}", "{NEXT_DAY}"]')


class Decider(Operator):
    """An operator who decides what the hubs of a site run."""

    file: Path

    def publishes(self, text: str, *options: str, place: str = SITE) -> list[str]:
        """Publish a configuration; returns the lines of the answer."""
        self.file.write_text(text, "utf-8")
        return self.does("publish-config", place, str(self.file), *options).splitlines()

    def hears(self, *nodes: str) -> None:
        """The centre takes in a row of each of these hubs."""
        with writing(self.database) as db:
            for number, node in enumerate(nodes, 1):
                journal = Journal(node, epoch=f"{number:016x}")
                journal.open_day()
                batch = Received(journal.events_topic, journal.all(), MORNING_MS)
                Intake(SqlIngestStore(db)).commit([batch])

    def retires(self, node: str) -> list[str]:
        """Take a hub out of service; returns the lines of the answer."""
        return self.does("retire-node", node, "--reason", "x").splitlines()

    def books(self, **slots: int) -> None:
        """Book slots of service 1, by code with _ for -."""
        with writing(self.database) as db:
            site = BookedSite(db, self.database)
            for name, slot_ms in slots.items():
                code = name.replace("_", "-")
                site.clock.now_ms = slot_ms - DAY_MS
                site.book.book(PORTAL, SITE, Wanted("1", slot_ms, code), f"key-of-{code}")

    def appointment(self, code: str) -> AppointmentRow:
        """An appointment as it is now."""
        with reading(self.database) as conn:
            row = Appointments(conn, Scope()).one(SITE, code)
        assert row is not None
        return row

    def told(self) -> dict[str, int]:
        """The number of what was made for each hub."""
        with reading(self.database) as conn:
            return {node: made.number for node, made in Configurations(conn).all()}


@pytest.fixture
def operator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Decider:
    operator = Decider(tmp_path, monkeypatch, capsys)
    operator.file = tmp_path / "site.toml"
    return operator


def test_a_site_is_all_of_its_hubs_that_are_there(operator: Decider) -> None:
    [said] = operator.publishes(CONFIGURATION)
    assert said.startswith(f"{H1}: configuration 1-"), "the first of a site that is new"
    operator.hears(H1, H2, f"{SITE}-s1")
    assert [line[: len(H1)] for line in operator.publishes(CONFIGURATION)] == [H1, H2]
    operator.publishes(CONFIGURATION, place=H3)
    operator.retires(H1)
    assert [line[: len(H1)] for line in operator.publishes(CONFIGURATION)] == [H2, H3]
    assert operator.told() == {H1: 2, H2: 2, H3: 2}


def test_what_an_older_centre_stored_and_no_hub_takes_is_named(operator: Decider) -> None:
    operator.publishes(CONFIGURATION)
    whole = operator.does("configurations")
    with writing(operator.database) as db, transaction(db.conn):
        text = CONFIGURATION.replace("per_slot = 2", "per_slot = 0")
        Configurations(db.conn).put(H1, Made(9, text))
    said = operator.does("configurations").splitlines()[-1]
    assert said.startswith(f"{H1}: no hub takes the configuration that is stored for it")
    assert "appointments_per_slot" in said
    assert f"publish-config {H1} FILE" in said
    operator.publishes(CONFIGURATION)
    assert "no hub takes" not in operator.does("configurations") + whole


def test_what_windows_saves_as_utf8_is_published(operator: Decider) -> None:
    operator.file.write_bytes(CONFIGURATION.encode("utf-8-sig"))
    assert operator.does("publish-config", SITE, str(operator.file)).startswith(f"{H1}: ")


@pytest.mark.parametrize("encoding", ["utf-16", "cp1258"])
def test_a_file_that_is_not_utf8_is_refused_with_words(operator: Decider, encoding: str) -> None:
    operator.file.write_bytes(CONFIGURATION.encode(encoding, "replace"))
    with pytest.raises(SystemExit, match=r"site\.toml is not UTF-8\. Nothing was published\. Save"):
        operator.does("publish-config", SITE, str(operator.file))
    assert operator.told() == {}


def test_nothing_is_published_for_a_hub_that_was_retired(operator: Decider) -> None:
    operator.hears(H1)
    operator.retires(H1)
    with pytest.raises(SystemExit, match=rf"{H1} is out of service.*Nothing was published"):
        operator.publishes(CONFIGURATION, place=H1)
    with pytest.raises(SystemExit, match=rf"All hubs of {SITE} are out of service.*{SITE}-h2"):
        operator.publishes(CONFIGURATION)
    assert operator.told() == {}
    assert operator.publishes(CONFIGURATION, place=H2)


def test_what_no_longer_fits_is_named_and_then_withdrawn(operator: Decider) -> None:
    operator.books(HEN_01=SLOT_MS, HEN_02=SLOT_MS + 60_000, HEN_03=SLOT_MS + DAY_MS)
    operator.books(HEN_04=SLOT_MS + 2 * DAY_MS)
    named = [f"{DAY}: HEN-01, HEN-02", f"{NEXT_DAY}: HEN-03"]
    tried = operator.publishes(CLOSED, "--dry-run")
    assert tried[0].endswith("Nothing was stored.")
    assert tried[1].startswith(f"{SITE}: 3 appointments to come do not fit")
    assert tried[2:] == named
    assert operator.told() == {H1: 2}
    assert not operator.appointment("HEN-01").cancelled
    done = operator.publishes(CLOSED)
    assert done[1].startswith(f"{SITE}: 3 appointments to come were cancelled")
    assert done[2:] == named
    row = operator.appointment("HEN-01")
    assert (row.cancelled, row.withdrawn) == (True, Withdrawal.NOT_OFFERED)
    assert not operator.appointment("HEN-04").cancelled
    with reading(operator.database) as conn:
        subjects = [
            row.subject
            for row, _ in AccessStore(conn).audit(0, 10)
            if row.action == "appointments-withdrawn"
        ]
    [subject] = subjects
    assert subject.startswith(f"{SITE}: 3 by {H1} 3-")
    assert len(operator.publishes(CLOSED)) == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (CLOSED.replace('unit = "Phường Hồng Hà"\n', ""), "missing required field `unit`"),
        (CLOSED.replace("[site]", "[site]\nfloor = 2", 1), "unknown field `floor`"),
        (CLOSED.replace("[[site.sessions]]", "[[site.sesions]]"), "unknown field `sesions`"),
        (CLOSED.replace('services = ["1", "2"]', 'services = ["7"]'), "unknown service '7'"),
        (CLOSED.replace('"23:59"', '"23:00"'), "have to be in order"),
        (f'follow_url = "https://x.vn/{{nummer}}"\n{CLOSED}', "{nummer} is none of"),
        (f'follow_url = "https://x.vn/{3000 * "x"}"\n{CLOSED}', "too long for a QR code"),
        (f'procedures = [{{ code = "1.001193", nam = {{}}, service = "1" }}]\n{CLOSED}', "nam"),
        (
            f'procedures = [{{ code = "1.001193", name = {{}}, service = "7" }}]\n{CLOSED}',
            "procedure 1.001193 names the unknown service '7'",
        ),
    ],
)
def test_what_no_hub_takes_is_not_published_and_cancels_nothing(
    operator: Decider, text: str, why: str
) -> None:
    """By the words of the hub's own loader."""
    operator.books(HEN_01=SLOT_MS)
    with pytest.raises(SystemExit, match=re.escape(why)) as refused:
        operator.publishes(text)
    assert str(refused.value).endswith("Nothing was published.")
    assert operator.told() == {H1: 1}
    assert not operator.appointment("HEN-01").cancelled
    hub = operator.file.with_name("hub.toml")
    hub.write_text(f'node = "{H1}"\ndata = "data"\n{CONFIGURATION}', "utf-8")
    with pytest.raises(SettingsError, match=re.escape(why)):
        load_settings(hub, HubSettings, "X", {}, instead=tomllib.loads(text))


def test_what_another_hub_of_the_site_still_offers_is_kept(operator: Decider) -> None:
    """Each hub may be told something else, and a citizen goes to the one that has the service."""
    one_service = CONFIGURATION.replace('services = ["1", "2"]', 'services = ["1"]')
    one_service = one_service.partition('[[site.services]]\nid = "2"')[0]
    operator.hears(H1, H2)
    operator.books(HEN_01=SLOT_MS)
    operator.publishes(CONFIGURATION, place=H2)
    with writing(operator.database) as db:
        site = BookedSite(db, operator.database)
        site.clock.now_ms = SLOT_MS - DAY_MS
        site.book.book(PORTAL, SITE, Wanted("2", SLOT_MS, "HEN-02"), "key-of-HEN-02")
    assert len(operator.publishes(one_service, place=H1)) == 1
    site.book.book(PORTAL, SITE, Wanted("2", SLOT_MS, "HEN-03"), "key-of-HEN-03")
    assert len(operator.publishes(CLOSED, place=H1)) == 1, "h2 works on that day"
    assert operator.publishes(one_service, place=H2)[2:] == [f"{DAY}: HEN-02, HEN-03"]
    assert not operator.appointment("HEN-01").cancelled


def test_retiring_says_what_the_hub_that_stays_was_not_told(operator: Decider) -> None:
    operator.hears(H1, H2)
    operator.publishes(CONFIGURATION, place=H1)
    _, said = operator.retires(H1)
    assert said.startswith(f"{H2} goes on, but was not told the same as {H1}: site.site, ")
    assert "site.sessions, site.services." in said
    assert f"publish-config {SITE} FILE" in said


def test_retiring_says_nothing_where_the_hub_that_stays_was_told_the_same(
    operator: Decider,
) -> None:
    operator.hears(H1, H2)
    operator.publishes(CONFIGURATION)
    assert len(operator.retires(H1)) == 1


def test_retiring_names_the_appointments_that_the_hub_that_stays_does_not_take(
    operator: Decider,
) -> None:
    operator.hears(H1, H2)
    operator.books(HEN_01=SLOT_MS)
    operator.publishes(CLOSED, place=H2)
    said = operator.retires(H1)
    assert said[1].startswith(f"{H2} goes on, but was not told the same as {H1}: site.closed_days")
    assert said[2].startswith(f"{SITE}: 1 appointments to come do not fit")
    assert said[3] == f"{DAY}: HEN-01"
    assert not operator.appointment("HEN-01").cancelled


def test_retiring_the_last_hub_says_so_and_whom_nobody_takes_in(operator: Decider) -> None:
    operator.hears(H1)
    operator.books(HEN_01=SLOT_MS)
    said = operator.retires(H1)
    assert said[1].startswith(f"{SITE} has no hub in service")
    assert said[2].startswith(f"{SITE}: 1 appointments are to come that no hub takes in")
    assert said[3] == f"{DAY}: HEN-01"


def test_retiring_a_hub_whose_successor_is_prepared_names_that(operator: Decider) -> None:
    operator.hears(H1)
    operator.publishes(CONFIGURATION, place=H1)
    operator.publishes(CLOSED, place=H2)
    _, said = operator.retires(H1)
    assert said.startswith(f"{H2} goes on, but was not told the same as {H1}: site.closed_days.")
