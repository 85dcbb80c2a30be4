"""What a hub hands on of the release that it runs, and to whom."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from contract.commands import Actor
from runtime.hub_client import HubClient
from tests.edge.running_site import RunningSite
from tests.waiting import until

DIGEST = "0" * 64
WHEEL = "sample_hub-2.0-py3-none-any.whl"


@pytest.fixture
def hub(site: RunningSite, tmp_path: Path) -> RunningSite:
    """Runs release 2 for good."""
    folder = tmp_path / "opt/releases/2"
    folder.mkdir(parents=True)
    (folder / "release-2.thutu").write_bytes(b"sealed")
    wheels = tmp_path / "house/wheels" / DIGEST
    wheels.mkdir(parents=True)
    (wheels / WHEEL).write_bytes(b"0123456789")
    for link in ("current", "proven"):
        (tmp_path / "opt" / link).symlink_to(folder)
    return site


@pytest.fixture
def machine(hub: RunningSite) -> Iterator[httpx.Client]:
    with hub.client(hub.access.add_device(Actor("update-2", "display"))) as client:
        yield client


def test_a_wheel_is_handed_on_from_where_the_line_broke(machine: httpx.Client) -> None:
    offer = machine.get("/api/release").json()
    assert offer["number"] == 2
    assert machine.get("/api/release/release-2.thutu").content == b"sealed"
    rest = machine.get(f"/api/release/wheels/{DIGEST}/{WHEEL}", headers={"Range": "bytes=4-"})
    assert (rest.status_code, rest.content) == (206, b"456789")


@pytest.mark.parametrize(
    "path",
    [
        "release-1.thutu",
        "access.db",
        f"wheels/{DIGEST}/other-1.0-py3-none-any.whl",
        f"wheels/{DIGEST}/..%2F..%2F..%2Faccess.db",
        "wheels/..%2F../access.db",
    ],
)
def test_nothing_else_is_handed_on(machine: httpx.Client, path: str) -> None:
    assert machine.get(f"/api/release/{path}").status_code == 404


@pytest.mark.parametrize("linked", ["file", "folder", "wheels", "pipe"])
def test_no_link_that_the_fetcher_laid_is_followed(
    machine: httpx.Client, tmp_path: Path, linked: str
) -> None:
    """It is the one program without rights that speaks to the network; the hub reads more."""
    secret, wheels = tmp_path / "secret", tmp_path / "house/wheels"
    secret.mkdir()
    (secret / WHEEL).write_bytes(b"the hub's key")
    if linked == "wheels":
        wheels.rename(tmp_path / "elsewhere")
        wheels.symlink_to(tmp_path / "elsewhere")
    else:
        (wheels / DIGEST / WHEEL).unlink()
    if linked == "file":
        (wheels / DIGEST / WHEEL).symlink_to(secret / WHEEL)
    elif linked == "folder":
        (wheels / DIGEST).rmdir()
        (wheels / DIGEST).symlink_to(secret)
    elif linked == "pipe":
        os.mkfifo(wheels / DIGEST / WHEEL)
    assert machine.get(f"/api/release/wheels/{DIGEST}/{WHEEL}").status_code == 404


def test_what_is_opened_is_what_is_handed_on_and_then_closed(
    machine: httpx.Client, tmp_path: Path
) -> None:
    url, path = f"/api/release/wheels/{DIGEST}/{WHEEL}", tmp_path / f"house/wheels/{DIGEST}/{WHEEL}"
    path.write_bytes(bytes(3_000_000))
    with machine.stream("GET", url) as answer:
        path.unlink()
        assert sum(map(len, answer.iter_bytes())) == 3_000_000
    until(lambda: not any(f"{path} (deleted)" == at for at in opened()))
    path.mkdir()
    assert machine.get(url).status_code == 404
    assert str(path) not in opened()


def opened() -> list[str]:
    """What this process, and so the hub, has open."""
    files = []
    for file in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            files.append(str(file.readlink()))
    return files


def test_only_satellites_and_displays_get_the_turn(hub: RunningSite) -> None:
    kiosk, printer = Actor("kiosk-7", "kiosk"), Actor("printer-7", "printer")
    with hub.client(hub.access.add_device(kiosk)) as other:
        assert other.get("/api/release").json()["number"] == 2
        for turn in ("wanted", "over"):
            assert other.get("/api/release", params={"turn": turn}).status_code == 403
    with hub.client(hub.access.add_device(printer)) as satellite:
        said = satellite.get("/api/release", params={"turn": "wanted"}).json()
        assert said["house"] == "empty"


def test_strangers_get_nothing(hub: RunningSite) -> None:
    with hub.client("no-token") as stranger:
        for path in ("", "/release-2.thutu", f"/wheels/{DIGEST}/{WHEEL}"):
            assert stranger.get(f"/api/release{path}").status_code == 401


def test_one_machine_at_a_time_learns_that_the_house_is_empty(hub: RunningSite) -> None:
    token = hub.access.add_device(Actor("update-2", "display"))

    def house(address: str, turn: str = "wanted") -> str:
        lines = httpx.HTTPTransport(local_address=address)
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=hub.url, transport=lines, headers=headers, timeout=30) as client:
            said: str = client.get("/api/release", params={"turn": turn}).json()["house"]
            return said

    assert house("127.0.0.2") == "empty"
    assert house("127.0.0.3") == "busy"
    assert house("127.0.0.2", "") == "busy"  # who only looks is told nothing, and keeps its turn
    assert house("127.0.0.3") == "busy"
    house("127.0.0.2", "over")
    assert house("127.0.0.3") == "empty"


def test_our_programs_tell_the_hub_what_they_run(hub: RunningSite, machine: httpx.Client) -> None:
    token = hub.access.add_device(Actor("hall", "display"))
    program = HubClient(hub.url, token, agent="thutu/7.7")
    program.snapshot()
    program.close()
    assert machine.get("/api/release").json()["heard"] == "7.7"


def test_a_terminal_that_waits_for_somebody_is_heard_when_its_machine_has_the_turn(
    hub: RunningSite, machine: httpx.Client
) -> None:
    terminal = HubClient(hub.url, agent="thutu/7.7")
    terminal.read_file("/api/health")
    assert machine.get("/api/release", params={"turn": "wanted"}).json()["heard"] == ""
    terminal.read_file("/api/health")
    terminal.close()
    assert machine.get("/api/release", params={"turn": "wanted"}).json()["heard"] == "7.7"
