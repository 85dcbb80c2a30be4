"""Root leaves nothing of its own in the data folder of a service."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.data_owner import owner_to_become, user_name
from tests.edge.journals import fill
from tests.waiting import until

ROOT = 0
ROOTS_FILE = Path("/etc/shadow")
SERVICE = pwd.getpwnam("nobody").pw_uid if os.geteuid() == ROOT else os.geteuid()

HUB = """
node = "01-00097-01-h1"
data = "data"
[site]
site = "01-00097-01"
unit = "Phường Hồng Hà"
site_name = "Trung tâm Hồng Hà"
services = [{ id = "1", series = "1", name = { vi = "Hộ tịch", en = "Civil status" } }]
counters = [{ id = "1", services = ["1"] }]
sessions = []
"""
CENTRE = """
[store]
folder = "data"
[embedded_broker]
nodes = []
"""
SATELLITE = """
hub = "http://127.0.0.1:9"
token_file = "satellite.token"
data = "data"
[printer]
url = "tcp://127.0.0.1:9"
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder with settings and the service's `data`, below one that every user may enter."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    (folder / "hub.toml").write_text(HUB, encoding="utf-8")
    (folder / "central.toml").write_text(CENTRE, encoding="utf-8")
    (folder / "data").mkdir(mode=0o700)
    os.chown(folder / "data", SERVICE, -1)
    yield folder
    shutil.rmtree(folder)


def run(place: Path, module: str, config: str, *arguments: str) -> None:
    done = _run(place, module, config, *arguments)
    assert done.returncode == 0, done.stderr


def refused(place: Path, module: str, config: str, *arguments: str) -> str:
    done = _run(place, module, config, *arguments)
    assert done.returncode == 1, done.stdout
    return done.stderr


def _run(
    place: Path, module: str, config: str, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run a program as whoever runs the tests, which may be root."""
    return subprocess.run(
        [sys.executable, "-m", module, "--config", str(place / config), *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "en_GB.UTF-8"},
    )


def owners(folder: Path) -> dict[str, int]:
    found = {path.name: path.lstat().st_uid for path in (folder, *folder.rglob("*"))}
    assert len(found) > 1, "the command wrote nothing"
    return found


@pytest.mark.parametrize(
    "arguments",
    [
        ("replace", "--last-number", "1=1042", "--without-centre"),
        ("add-device", "kiosk-1", "--role", "kiosk"),
        ("init-tls",),
    ],
)
def test_a_hubs_command_leaves_every_file_to_the_service(
    place: Path, arguments: tuple[str, ...]
) -> None:
    run(place, "edge", "hub.toml", *arguments)
    assert {*owners(place / "data").values()} == {SERVICE}


def test_an_export_leaves_every_file_to_the_service(place: Path) -> None:
    os.chown(fill(place / "data/journal.db"), SERVICE, -1)
    stick = place / "stick"
    stick.mkdir()
    os.chown(stick, SERVICE, -1)
    run(place, "edge", "hub.toml", "export", str(stick))
    assert {*owners(stick).values(), *owners(place / "data").values()} == {SERVICE}


def test_a_stick_that_is_roots_alone_is_said_with_the_line_that_mounts_it(place: Path) -> None:
    os.chown(fill(place / "data/journal.db"), SERVICE, -1)
    (place / "stick").mkdir(mode=0o555)
    said = refused(place, "edge", "hub.toml", "export", str(place / "stick"))
    assert "sudo mount -o uid=" in said
    assert not list((place / "stick").iterdir())


def test_damage_is_not_said_where_a_file_is_somebody_elses(place: Path) -> None:
    journal = place / "data/journal.db"
    journal.write_bytes(b"cannot be read" * 1000)
    os.chown(journal, SERVICE, -1)
    assert "change the card" in refused(place, "edge", "hub.toml", "verify")
    journal.unlink()
    journal.symlink_to(ROOTS_FILE)
    said = refused(place, "edge", "hub.toml", "verify")
    assert f"{journal} belongs to another user" in said
    assert "sudo chown -R" in said
    assert "change the card" not in said


def test_what_a_file_system_keeps_for_root_is_not_blamed(place: Path) -> None:
    (place / "data/lost+found").symlink_to(ROOTS_FILE)
    journal = place / "data/journal.db"
    journal.mkdir()  # which SQLite cannot open either
    os.chown(journal, SERVICE, -1)
    assert "change the card" in refused(place, "edge", "hub.toml", "verify")


def test_a_damaged_journal_is_said_though_a_file_is_somebody_elses(place: Path) -> None:
    journal = place / "data/journal.db"
    journal.write_bytes(b"cannot be read" * 1000)
    os.chown(journal, SERVICE, -1)
    (place / "data/older.db").symlink_to(ROOTS_FILE)
    said = refused(place, "edge", "hub.toml", "verify")
    assert "file is not a database" in said
    assert "change the card" in said


def test_a_damaged_database_of_the_centre_is_said_though_a_file_is_somebody_elses(
    place: Path,
) -> None:
    database = place / "data/centre.db"
    database.write_bytes(b"cannot be read" * 1000)
    os.chown(database, SERVICE, -1)
    (place / "data/older.db").symlink_to(ROOTS_FILE)
    said = refused(place, "central", "central.toml", "audit")
    assert "file is not a database" in said
    assert "belongs to another user" not in said
    database.unlink()
    database.symlink_to(ROOTS_FILE)
    said = refused(place, "central", "central.toml", "audit")
    assert f"{database} belongs to another user" in said


def test_a_command_of_the_centre_leaves_every_file_to_the_service(place: Path) -> None:
    run(place, "central", "central.toml", "init-ca", "--broker", "mqtt.example.vn")
    assert {*owners(place / "data").values()} == {SERVICE}


def test_a_satellite_leaves_every_file_to_the_service(place: Path) -> None:
    for name in ("satellite", "printer-1"):
        (place / f"{name}.token").write_text("token\n", encoding="ascii")
    (place / "satellite.toml").write_text(SATELLITE, encoding="utf-8")
    config = ("--config", str(place / "satellite.toml"))
    with subprocess.Popen([sys.executable, "-m", "edge.satellite", *config]) as satellite:
        try:
            until((place / "data/lock").exists)
        finally:
            satellite.terminate()
    assert {*owners(place / "data").values()} == {SERVICE}


def test_root_becomes_the_owner_of_a_folder_or_of_the_nearest_above(place: Path) -> None:
    for folder in (place / "data", place / "data/not/yet"):
        found = owner_to_become(folder, ROOT)
        assert found is not None
        assert found.st_uid == SERVICE


def test_root_stays_root_where_the_folder_is_roots() -> None:
    assert owner_to_become(Path("/"), ROOT) is None
    assert owner_to_become(Path("/no-such-folder/data"), ROOT) is None


def test_whoever_is_not_root_becomes_nobody_else(place: Path) -> None:
    assert owner_to_become(place / "data", 1000) is None


def test_a_user_is_called_by_name_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert user_name() == pwd.getpwuid(os.geteuid()).pw_name
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000_001)
    assert user_name() == "4000000001"
