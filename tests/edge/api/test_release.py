"""What a hub hands on of the release that it runs, and to whom."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from contract.commands import Actor
from runtime.hub_client import HubClient
from tests.edge.running_site import RunningSite

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


def test_strangers_get_nothing(hub: RunningSite) -> None:
    with hub.client("no-token") as stranger:
        for path in ("", "/release-2.thutu", f"/wheels/{DIGEST}/{WHEEL}"):
            assert stranger.get(f"/api/release{path}").status_code == 401


def test_one_machine_at_a_time_learns_that_the_house_is_empty(hub: RunningSite) -> None:
    token = hub.access.add_device(Actor("update-2", "display"))

    def house(address: str, turn: str = "wanted") -> str:
        lines = httpx.HTTPTransport(local_address=address)
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=hub.url, transport=lines, headers=headers) as client:
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
