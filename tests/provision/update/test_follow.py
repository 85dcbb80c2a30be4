"""A machine beside a hub that is served for real: it asks, fetches, builds, switches, is heard."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest
from starlette.types import Send

from contract.commands import Actor, Answer, IssueTicket, VoidTicket
from edge.site_release import ReleaseOffer
from provision.update.__main__ import main
from provision.update.decide import number
from provision.update.fetch import Fetcher, FetchError
from provision.update.follow import FETCH_UNIT, FollowingMachine, FollowSettings
from provision.update.machine import HubView
from provision.update.releases import CURRENT, PREVIOUS, PROVEN, Releases
from provision.update.updater import Trusted, Updater
from runtime.clock import SystemClock
from runtime.http_address import HttpAddress
from runtime.http_server import HttpServer
from tests.edge.running_site import HOUR_MS, KIOSK, MONDAY_8_MS, RunningSite, TestClock
from tests.provision.killed_work import killed
from tests.provision.update.systemctl import Systemd
from tests.provision.update.wheelhouses import PUBLISHER, TARGET, Site, run_for_good

KEY = PUBLISHER.public_key().public_bytes_raw()


class HubOfTheSite:
    """A hub whose machine runs a release that it can hand on."""

    def __init__(self, folder: Path) -> None:
        self.site = RunningSite(folder, TestClock(MONDAY_8_MS + 10 * HOUR_MS))
        self.folder = folder
        self.releases = Releases(folder / "opt")

    def runs(self, release: int, made: Path) -> None:
        run_for_good(self.releases, self.folder / "house", release, made)

    def tries(self, release: int, made: Path) -> None:
        """As `runs`, but it is on trial."""
        proven = self.releases.named(PROVEN)
        self.runs(release, made)
        self.releases.point(PROVEN, proven)


class Satellite(Site):
    """A machine whose one program speaks to the hub when it starts."""

    def __init__(self, folder: Path, hub: RunningSite) -> None:
        super().__init__(folder)
        folder.mkdir()
        token = hub.access.add_device(Actor("update-2", "display"))
        (folder / "update.token").write_text(f"{token}\n", "ascii")
        self.settings = FollowSettings(
            hub.url, (KEY.hex(),), token_file=folder / "update.token", most_kb_s=0
        )
        self.asks = FollowingMachine(self.settings)
        self.token = token
        self.deaf = False

    @property
    def updater(self) -> Updater:
        return Updater(
            releases=self.releases,
            notebook=self.notebook,
            wheelhouse=self.folder / "fetched",
            machine=self,
            clock=self.clock,
            trusted=Trusted("", None, frozenset({KEY}), TARGET),
        )

    def follow(self) -> None:
        updater = self.updater
        updater.run(lambda: self.takes(updater))
        self.asks.end_turn()

    def takes(self, updater: Updater) -> bool:
        offer = self.asks.offer()
        return updater.take_offer(offer.number, bytes.fromhex(offer.manifest), self.settings.source)

    def fetch(self) -> None:
        (self.folder / "fetched").mkdir(exist_ok=True)
        fetcher = Fetcher(self.folder / "fetched", SystemClock(), token=self.settings.token())
        plan = self.notebook.plan
        assert plan is not None
        fetcher.fetch(plan.state.release, plan.manifest, TARGET, plan.sources)

    def check(self, release: str) -> None:
        self.asks.check(release)

    def restart(self, units: Sequence[str]) -> None:
        super().restart(units)
        if self.runs() and not self.deaf:
            self.speak(self.runs())

    def speak(self, version: str) -> None:
        agent = {"Authorization": f"Bearer {self.token}", "User-Agent": f"thutu/{version}"}
        httpx.get(f"{self.settings.hub}/api/snapshot", headers=agent, trust_env=False, timeout=30)

    def hub(self) -> HubView | None:
        return self.asks.hub()


class Terminal(Satellite):
    """A machine at whose first screen nobody has signed in."""

    def speak(self, version: str) -> None:
        agent = {"User-Agent": f"thutu/{version}"}
        httpx.get(f"{self.settings.hub}/api/health", headers=agent, trust_env=False, timeout=30)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubOfTheSite]:
    found = HubOfTheSite(tmp_path / "hub")
    yield found
    found.site.close()


@pytest.fixture
def satellite(tmp_path: Path, hub: HubOfTheSite) -> Iterator[Satellite]:
    found = Satellite(tmp_path / "satellite", hub.site)
    found.begin()
    yield found
    found.asks.close()


def test_it_runs_what_its_hub_runs_and_is_heard_in_it(
    hub: HubOfTheSite, satellite: Satellite, tmp_path: Path
) -> None:
    satellite.follow()
    assert satellite.notebook.plan is None  # a hub from a card has nothing to hand on
    hub.runs(2, tmp_path)
    satellite.follow()
    assert satellite.phase() == (2, "done", "")
    assert satellite.runs() == "2.0"
    assert satellite.asks.offer().heard == "2.0"


def test_a_terminal_is_heard_though_nobody_has_signed_in(hub: HubOfTheSite, tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "terminal", hub.site)
    terminal.begin()
    hub.runs(2, tmp_path)
    terminal.follow()
    assert terminal.phase() == (2, "done", "")
    terminal.asks.close()


@pytest.mark.timeout(600)
def test_killed_before_each_thing_that_it_does_to_the_disk(
    hub: HubOfTheSite, satellite: Satellite, tmp_path: Path
) -> None:
    """Until it is built each attempt finds what the killed ones before it left; from there on each
    kill has its own beginning. Power comes back after each."""
    hub.runs(2, tmp_path)
    folder, kept = satellite.folder, tmp_path / "kept"

    def follow() -> None:
        satellite.asks = FollowingMachine(satellite.settings)  # a connection is no inheritance
        satellite.follow()

    def cut(at: int) -> bool:
        if not killed(folder, at, follow):
            return False
        satellite.boot(f"boot-{at}")
        assert satellite.runs() == f"{satellite.releases.named(CURRENT)}.0"
        assert satellite.releases.is_built(satellite.releases.named(CURRENT))
        return True

    kills = 0
    while not satellite.releases.is_built("2"):
        kills += 1
        assert cut(kills)
    assert kills > 10
    shutil.copytree(folder, kept, symlinks=True)
    kills = 0
    while cut(kills + 1):
        kills += 1
        satellite.follow()
        assert (satellite.runs(), satellite.phase()) == ("2.0", (2, "done", ""))
        named = [satellite.releases.named(link) for link in (CURRENT, PROVEN, PREVIOUS)]
        assert named == ["2", "2", "1"]
        shutil.rmtree(folder)
        shutil.copytree(kept, folder, symlinks=True)
    assert kills > 10


def test_it_follows_its_hub_also_from_a_card_with_newer_software(
    hub: HubOfTheSite, tmp_path: Path
) -> None:
    satellite = Satellite(tmp_path / "newer", hub.site)
    satellite.begin("5.0.0")
    hub.runs(2, tmp_path)
    satellite.follow()
    assert (satellite.runs(), satellite.phase()) == ("2.0", (2, "done", ""))
    satellite.asks.close()


def test_a_release_that_the_hub_has_not_proven_is_not_followed(
    hub: HubOfTheSite, satellite: Satellite, tmp_path: Path
) -> None:
    hub.runs(1, tmp_path)
    hub.tries(2, tmp_path)
    assert satellite.asks.offer().number == 0
    satellite.follow()
    assert satellite.runs() == "1.0"


def test_a_release_in_which_the_hub_does_not_hear_it_is_given_back_and_not_tried_again(
    hub: HubOfTheSite, satellite: Satellite, tmp_path: Path
) -> None:
    hub.runs(2, tmp_path)
    satellite.deaf = True
    satellite.follow()
    assert satellite.phase() == (2, "refused", "not healthy within 15 minutes")
    assert satellite.runs() == "1.0"
    satellite.deaf = False
    restarts = satellite.restarts
    satellite.follow()
    assert satellite.restarts == restarts
    hub.runs(3, tmp_path)
    satellite.follow()
    assert satellite.runs() == "3.0"


def test_it_goes_back_with_its_hub(hub: HubOfTheSite, satellite: Satellite, tmp_path: Path) -> None:
    for release in (2, 3):
        hub.runs(release, tmp_path)
        satellite.follow()
    assert satellite.releases.named(PREVIOUS) == "2"
    hub.runs(2, tmp_path)
    satellite.follow()
    assert satellite.runs() == "2.0"
    assert number(satellite.releases.named(CURRENT)) == 2
    hub.runs(3, tmp_path)
    satellite.follow()
    assert satellite.runs() == "3.0"


def test_it_goes_back_with_its_hub_only_when_nobody_is_in_the_house(
    hub: HubOfTheSite, satellite: Satellite, tmp_path: Path
) -> None:
    for release in (2, 3):
        hub.runs(release, tmp_path)
        satellite.follow()
    hub.runs(2, tmp_path)
    hub.site.clock.wall_ms = MONDAY_8_MS
    hub.site.give(KIOSK, IssueTicket(("1",)))
    looks = 0

    def orders() -> bool:
        nonlocal looks
        looks += 1
        if looks == 5:
            assert satellite.phase() == (2, "waiting", "")
            assert satellite.runs() == "3.0"
            hub.runs(3, tmp_path)  # and forth again, before anything was switched
        return satellite.takes(satellite.updater)

    restarts = satellite.restarts
    satellite.updater.run(orders)
    assert satellite.phase() == (3, "done", "")
    assert (satellite.runs(), satellite.restarts) == ("3.0", restarts)


@pytest.mark.parametrize(
    "said",
    [b'{"number": 7, "manifest": "no hexadecimal"}', b'{"number": -1}', b'{"number": "7"}', b"["],
)
def test_a_hub_that_talks_nonsense_is_not_followed(tmp_path: Path, said: bytes) -> None:
    async def nonsense(_scope: object, _receive: object, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": said})

    (tmp_path / "update.token").write_text("token", "ascii")
    server = HttpServer(nonsense, HttpAddress("127.0.0.1", 0))
    server.start()
    token_file = tmp_path / "update.token"
    machine = FollowingMachine(FollowSettings(server.url, (KEY.hex(),), token_file=token_file))
    assert machine.offer() == ReleaseOffer()
    assert machine.hub() == HubView("", "busy")
    machine.close()
    server.stop()


def test_it_waits_while_somebody_is_in_the_house(
    hub: HubOfTheSite, satellite: Satellite, tmp_path: Path
) -> None:
    hub.runs(2, tmp_path)
    hub.site.clock.wall_ms = MONDAY_8_MS
    issued = hub.site.give(KIOSK, IssueTicket(("1",)))
    assert isinstance(issued, Answer)
    ticket = issued.number
    assert ticket is not None
    looks = 0

    def orders() -> bool:
        nonlocal looks
        looks += 1
        if looks == 5:
            assert satellite.phase() == (2, "waiting", "")
            assert satellite.runs() == "1.0"
            void = VoidTicket(ticket, "went home")
            hub.site.give(Actor("nv01", "supervisor"), void)
            hub.site.clock.later(10 * 3600)
        return satellite.takes(satellite.updater)

    satellite.updater.run(orders)
    assert looks >= 5
    assert satellite.phase() == (2, "done", "")


def test_a_hub_that_is_away_lets_nobody_switch_or_pass(
    hub: HubOfTheSite, satellite: Satellite, tmp_path: Path
) -> None:
    hub.runs(2, tmp_path)
    hub.site.stop_serving()
    assert satellite.asks.hub() == HubView("", "busy")
    assert satellite.asks.offer().number == 0
    satellite.follow()
    assert satellite.notebook.plan is None
    hub.site.serve_again()


def test_wheels_that_are_not_the_publishers_are_not_taken_from_the_hub_either(
    hub: HubOfTheSite, satellite: Satellite, tmp_path: Path
) -> None:
    hub.runs(2, tmp_path)
    for path in (hub.folder / "house/wheels").glob("*/sample*"):
        path.write_bytes(bytes(path.stat().st_size))
    with pytest.raises(FetchError, match="not what the release promises"):
        satellite.follow()
    assert satellite.runs() == "1.0"


def test_the_programs_that_systemd_starts_ask_and_fetch(
    hub: HubOfTheSite,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    systemd = Systemd(tmp_path / "systemd")
    monkeypatch.setenv("PATH", f"{tmp_path / 'systemd'}:/usr/bin:/bin")
    token = hub.site.access.add_device(Actor("update-2", "display"))
    (tmp_path / "update.token").write_text(token, "ascii")
    config = tmp_path / "update.toml"
    config.write_text(
        f'hub = "{hub.site.url}"\ntoken_file = "update.token"\npublisher_keys = ["{KEY.hex()}"]\n'
    )
    releases = Releases(tmp_path / "opt")
    releases.folder("1").mkdir(parents=True)
    releases.point(CURRENT, "1")
    fetched = tmp_path / "fetched"
    fetched.mkdir()
    options = [f"--config={config}", f"--root={tmp_path / 'opt'}", f"--state={tmp_path / 'state'}"]

    def do(word: str) -> int:
        return main([*options, f"--wheelhouse={fetched}", word])

    assert do("follow") == 0
    hub.runs(2, tmp_path)
    assert do("follow") == 75  # the service that fetches did nothing here
    assert systemd.calls[-1] == f"start {FETCH_UNIT}"
    assert "the release has not come yet" in capsys.readouterr().err
    assert do("follow-fetch") == 0
    assert (fetched / "release-2.thutu").is_file()
    assert len([*fetched.glob("wheels/*/sample_hub-2.0-*.whl")]) == 1
    hub.site.access.remove_device("update-2")
    assert do("follow-fetch") == 0  # all is there
    (fetched / "release-2.thutu").unlink()
    assert do("follow-fetch") == 75
    assert "401" in capsys.readouterr().err
