"""`thutu-update` from its command line, on a machine whose `systemctl` notes what it is told."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.wire import VERSION
from provision.update.__main__ import main
from provision.update.machine import FETCH_UNIT, LAY_UNIT, RESTARTED, MachineError, SystemdMachine
from provision.update.notebook import Notebook
from provision.update.releases import CURRENT, PREVIOUS, PROVEN, Releases
from provision.update.updater import Updater
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from tests.edge.hub_toml import OPEN_ALL_DAY
from tests.forgery import crowded, forge, nested
from tests.provision.update.systemctl import Systemd
from tests.provision.update.wheelhouses import CENTRE, NODE, PUBLISHER, order, publish, wheel


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemd:
    found = Systemd(tmp_path / "systemd")
    monkeypatch.setenv("PATH", f"{tmp_path / 'systemd'}:/usr/bin:/bin")
    return found


def test_services_are_asked_for_and_started_as_systemd_knows_them(systemd: Systemd) -> None:
    machine = SystemdMachine("http://127.0.0.1:1")
    systemd.set("thutu-hub.service", "active")
    systemd.set("thutu-hall.service", "activating")
    systemd.set("thutu-voice.service", "failed")
    assert machine.running() == ("thutu-hub.service", "thutu-hall.service")
    assert systemd.calls == [f"is-active {' '.join(RESTARTED)}"]
    assert machine.lives(("thutu-hub.service",)) == ("1-thutu-hub.service",)
    assert machine.lives(machine.running()) is None
    assert machine.lives(()) == ()

    machine.restart(("thutu-hub.service", "thutu-hall.service"))
    machine.restart(())
    machine.fetch()
    machine.tidy()
    machine.check("7")
    assert systemd.calls[-4:] == [
        "restart --no-block thutu-hub.service thutu-hall.service",
        f"start {FETCH_UNIT}",
        f"start {FETCH_UNIT}",
        "start thutu-update-check@7.service",
    ]
    machine.lay()
    assert systemd.calls[-1] == f"start {LAY_UNIT}"
    systemd.fail()
    for ask in (machine.fetch, machine.lay):
        with pytest.raises(MachineError, match="it is masked"):
            ask()


async def _healthy(scope: dict[str, object], _receive: object, send: object) -> None:
    assert scope["path"] == "/api/health"
    body = b'{"software":"2.0","house":"closed","more":1}'
    for message in (
        {"type": "http.response.start", "status": 200, "headers": []},
        {"type": "http.response.body", "body": body},
    ):
        await send(message)  # type: ignore[operator] # ASGI's


@pytest.fixture
def hub() -> Iterator[str]:
    server = HttpServer(_healthy, HttpAddress("127.0.0.1", 0))  # type: ignore[arg-type] # ASGI's
    server.start()
    yield server.url
    server.stop()


def test_a_hub_says_what_it_runs_and_one_that_is_away_says_nothing(hub: str) -> None:
    said = SystemdMachine(hub).hub()
    assert said is not None
    assert (said.software, said.house) == ("2.0", "closed")
    assert SystemdMachine("http://127.0.0.1:1").hub() is None
    assert SystemdMachine(hub.replace("http:", "https:")).hub() is None


class Ground:
    """The folders of a machine on which release 1 runs, and its command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.releases = Releases(folder / "opt")
        for name in ("1", "2"):
            self.releases.folder(name).mkdir(parents=True)
            self.releases.mark_built(name)
        for link in (CURRENT, PROVEN):
            self.releases.point(link, "2")
        self.releases.point(PREVIOUS, "1")
        self.notebook = Notebook(folder / "state")
        self.order_file = folder / "order.thutu"
        self.house = folder / "house"
        publisher = PUBLISHER.public_key().public_bytes_raw().hex()
        centre = CENTRE.public_key().public_bytes_raw().hex()
        (folder / "hub.toml").write_text(
            f'centre_key = "{centre}"\n{OPEN_ALL_DAY}\n'
            f'[updates]\npublisher_keys = ["{publisher}"]\n'
            f'order_file = "{self.order_file}"\n',
            "utf-8",
        )

    def do(self, *words: str) -> int:
        named = {
            "config": "hub.toml",
            "root": "opt",
            "state": "state",
            "wheelhouse": "fetched",
        }
        options = [f"--{name}={self.folder / place}" for name, place in named.items()]
        return main([*options, *words])


@pytest.fixture
def ground(tmp_path: Path, systemd: Systemd) -> Ground:
    systemd.set("thutu-hub.service", "active")
    return Ground(tmp_path)


def test_a_stick_is_taken_fetched_from_and_shown(
    ground: Ground, capsys: pytest.CaptureFixture[str], systemd: Systemd
) -> None:
    publish(ground.house, 3, [wheel(ground.folder, "3.0")])
    assert ground.do("install", str(ground.house)) == 0
    assert "Release 3 (3.0) is next" in capsys.readouterr().out
    assert ground.do("run") == 75  # the service that fetches did nothing here
    assert systemd.calls[-1] == f"start {FETCH_UNIT}"
    assert "tried again" in capsys.readouterr().err
    (ground.folder / "fetched").mkdir()
    assert ground.do("fetch") == 0
    assert sorted(path.name for path in (ground.folder / "fetched/wheels").glob("*/*.whl"))[1] == (
        "sample_hub-3.0-py3-none-any.whl"
    )
    assert ground.do("show") == 0
    said = capsys.readouterr().out
    assert re.search(r"current +2\nproven +2\nprevious +1\nRelease 3: fetching and building", said)


def test_what_was_refused_is_removed_by_who_fetched_it(ground: Ground) -> None:
    publish(ground.house, 3, [wheel(ground.folder, "3.0")])
    ground.do("install", str(ground.house))
    (ground.folder / "fetched").mkdir()
    ground.do("fetch")
    plan = ground.notebook.plan
    assert plan is not None
    plan_file = ground.folder / "state/plan.json"
    plan_file.write_text(plan_file.read_text("utf-8").replace("preparing", "refused"), "utf-8")
    assert ground.do("fetch") == 0
    assert [path for path in (ground.folder / "fetched").rglob("*") if path.is_file()] == []


def test_a_person_gives_back_what_runs(
    ground: Ground, capsys: pytest.CaptureFixture[str], systemd: Systemd
) -> None:
    assert ground.do("back") == 0
    assert "Release 1 runs again" in capsys.readouterr().out
    assert systemd.calls[-1] == "restart --no-block thutu-hub.service"
    assert [ground.releases.named(link) for link in (CURRENT, PROVEN)] == ["1", "1"]
    assert ground.do("back") == 1
    assert "no release before 1. Nothing was changed." in capsys.readouterr().err


def test_a_boot_without_a_trial_changes_nothing(ground: Ground) -> None:
    assert ground.do("resume") == 0
    assert ground.releases.named(CURRENT) == "2"


def test_the_centres_order_is_taken_and_a_strangers_is_not(ground: Ground) -> None:
    order(ground.order_file, 4, 0)
    assert ground.do("run") == 0
    plan = ground.notebook.plan
    assert plan is not None
    assert (plan.state.order, plan.state.phase) == (4, "done")
    ground.order_file.write_bytes(b"\xc1")
    assert ground.do("run") == 0
    assert ground.notebook.plan == plan


ORDER = (VERSION, NODE, 4, 7, bytes(32), ())
FILE = ("sample_hub-3.0-py3-none-any.whl", bytes(32), 1, 1, ("cp311-x86_64",))
RELEASE = (VERSION, 3, "3.0", 0, 3, 3, (FILE,))


@pytest.mark.parametrize(
    "body", [nested((*ORDER, False)), crowded(ORDER[:-1], 5_000_000)], ids=["deep", "wide"]
)
def test_an_order_of_the_centre_that_would_fill_the_memory_ends_nothing(
    ground: Ground, body: bytes
) -> None:
    ground.order_file.write_bytes(forge(CENTRE, "Update", body))
    assert ground.do("run") == 0
    assert ground.notebook.plan is None


@pytest.mark.parametrize("key", [PUBLISHER, CENTRE], ids=["publisher", "stranger"])
def test_a_stick_that_would_fill_the_memory_is_refused(
    ground: Ground, capsys: pytest.CaptureFixture[str], key: Ed25519PrivateKey
) -> None:
    ground.house.mkdir()
    (ground.house / "release-3.thutu").write_bytes(forge(key, "Release", nested(RELEASE)))
    assert ground.do("install", str(ground.house)) == 1
    assert "Nothing was changed" in capsys.readouterr().err


def test_a_fault_of_the_program_itself_is_tried_again_by_the_system(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def faulty(_updater: Updater, _orders: object) -> None:
        raise RecursionError("that nobody foresaw")

    monkeypatch.setattr(Updater, "run", faulty)
    status = ground.do("run")
    unit = Path("systemd/thutu-update.service").read_text("utf-8")
    (final,) = re.findall(r"^RestartPreventExitStatus=(.*)$", unit, re.MULTILINE)
    assert "Restart=on-failure" in unit
    assert str(status) not in ("0", *final.split())
    assert "that nobody foresaw" in caplog.text


def test_settings_that_are_wrong_are_named(
    ground: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    (ground.folder / "hub.toml").write_text("[", "utf-8")
    assert ground.do("run") == 1
    assert "hub.toml" in capsys.readouterr().err


def test_help_is_in_vietnamese_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert "trở lại bản trước" in said
    assert "Cách dùng" in said or "Dùng" in said
