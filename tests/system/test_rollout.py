"""A release from the publisher's folder to sites, by a real broker and the centre's own commands.

Each site has the hub's real line to the centre, and the real `thutu-update` that fetches from the
centre, builds with pip, switches and proves; its hub is a small program that says its version.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest

from central.access.audit import first_broken
from central.broker import CENTRE, EmbeddedBroker
from central.service import Centre, issue_token, signing_key_of
from central.settings import AccessSettings, CentralSettings, HttpSettings
from central.store.access import AccessStore
from central.store.database import reading
from central.updates.rollout import share_of
from contract.wire import Release
from edge.node_identity import Identity
from edge.store.journal import Journal
from edge.update_orders import UpdateOrders
from edge.upstream.uplink import Uplink
from edge.upstream.vitals import Vitals
from provision.update.fetch import Fetcher
from provision.update.machine import HubView
from provision.update.notebook import PLAN
from provision.update.releases import CURRENT
from provision.update.updater import Trusted, Updater
from runtime.clock import SystemClock
from runtime.mqtt import MqttSettings
from runtime.sealed import unseal
from runtime.settings import load_settings
from tests.brokers import free_port
from tests.edge.standin_centre import AT_ONCE
from tests.provision.update.wheelhouses import PUBLISHER, TARGET, Site, UpTime, publish, wheel
from tests.system.lost_line import central
from tests.waiting import until

RELEASE = 2
_ALL = [f"01-{unit:05}-01-h1" for unit in range(1, 40)]
EARLY = next(node for node in _ALL if share_of(node, RELEASE) < 50)
LATE, ILL, BUSY = [node for node in _ALL if share_of(node, RELEASE) >= 50][:3]
NODES = (EARLY, LATE, ILL, BUSY)
_PUBLISHER = PUBLISHER.public_key().public_bytes_raw()


class RealAndUpTime(UpTime):
    """Hours pass at once; but a thread that waits lets others work."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        time.sleep(0.005)


class RolloutSite(Site):
    """A site whose orders come from the centre, and whose updater is started as systemd would."""

    def __init__(self, folder: Path, node: str, centre_key: bytes, mqtt: MqttSettings) -> None:
        super().__init__(folder, RealAndUpTime())
        self.node = node
        self.is_ill = False
        self.fetched = 0
        self._trusted = Trusted(node, centre_key, frozenset({_PUBLISHER}), TARGET)
        self._mqtt = mqtt
        self._orders = UpdateOrders(node, centre_key, self.order_file, folder / "state" / PLAN)
        self._journal = Journal(folder / "data/journal.db")
        self._uplink: Uplink | None = None
        self._taken = b""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"update-{node}", daemon=True)

    @property
    def updater(self) -> Updater:
        return Updater(
            releases=self.releases,
            notebook=self.notebook,
            wheelhouse=self.house,
            machine=self,
            clock=self.clock,
            trusted=self._trusted,
        )

    def start(self) -> None:
        self.begin()
        self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        self.says = "closed"
        self._thread.join()
        if self._uplink is not None:
            self._uplink.stop()
        self._journal.close()

    def fetch(self) -> None:
        plan = self.notebook.plan
        assert plan is not None
        self.house.mkdir(exist_ok=True)
        fetcher = Fetcher(self.house, SystemClock())
        fetcher.fetch(plan.state.release, plan.manifest, TARGET, plan.sources)
        self.fetched += 1

    def check(self, release: str) -> None:
        assert self.releases.is_built(release)

    def restart(self, units: Sequence[str]) -> None:
        super().restart(units)
        if self._uplink is not None:
            self._uplink.stop()
        self._uplink = Uplink(
            self._journal,
            self._mqtt,
            Identity(self.node, self.runs(), ""),
            clock=SystemClock(),
            line_clock=SystemClock(),
            vitals=Vitals(update=self._orders.state),
            heartbeat_s=0.1,
            backoff=AT_ONCE,
            listeners={"update": self._orders.hear},
        )
        self._uplink.start()

    def hub(self) -> HubView | None:
        is_new = self.runs() != "1.0"
        return None if self.is_ill and is_new else super().hub()

    def _watch(self) -> None:
        """`thutu-update.path`."""
        while not self._stopping.wait(0.02):
            found = self.order_file.read_bytes() if self.order_file.is_file() else b""
            if found != self._taken:
                self._taken = found
                self.run()


class Province:
    """A centre with its broker and its API, and sites."""

    def __init__(self, folder: Path, stack: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch
        port = free_port()
        self.config = folder / "central.toml"
        self.config.write_text(
            f"""
            [store]
            folder = "{folder / "centre"}"
            [embedded_broker]
            [updates]
            publisher_keys = ["{_PUBLISHER.hex()}"]
            sources = ["http://127.0.0.1:{port}/releases"]
            """,
            encoding="utf-8",
        )
        settings = load_settings(self.config, CentralSettings, "NONE", environment={})
        broker = stack.enter_context(EmbeddedBroker(folder / "broker", NODES))
        centre = Centre(
            settings.folder,
            broker.settings(CENTRE),
            http=HttpSettings(port=port),
            access=AccessSettings(requests_per_minute=1_000_000),
            updates=settings.updates,
        )
        centre.start()
        stack.callback(centre.stop)
        token = issue_token(settings.folder, "operator", "operator")
        self.api = stack.enter_context(
            httpx.Client(
                base_url=f"{centre.url}/api/v1",
                headers={"Authorization": f"Bearer {token}"},
                timeout=30,
            )
        )
        self.database = settings.database()
        key = signing_key_of(settings.folder).public_key().public_bytes_raw()
        self.sites: dict[str, RolloutSite] = {}
        for node in NODES:
            site = RolloutSite(folder / node, node, key, broker.settings(node))
            self.sites[node] = stack.enter_context(closing(site))
            site.start()

    def do(self, *words: str) -> None:
        central(self._monkeypatch, str(self.config), *words)

    def progress(self) -> dict[str, str]:
        found = self.api.get("/rollouts/1/hubs").json().get("hubs", [])
        return {hub["node"]: hub["progress"] for hub in found}

    def is_at(self, **progress: str) -> Callable[[], bool]:
        wanted = {globals()[name]: state for name, state in progress.items()}
        return lambda: self.progress() == wanted


@pytest.fixture
def province(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Province]:
    logging.disable(logging.CRITICAL)
    with ExitStack() as stack:
        yield Province(tmp_path, stack, monkeypatch)
    logging.disable(logging.NOTSET)


def test_a_release_goes_to_a_half_then_to_all_and_is_halted_when_one_refuses_it(
    province: Province, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    publish(province.folder / "house", RELEASE, [wheel(province.folder, "2.0")])
    province.do("release", "add", str(province.folder / "house"))
    assert "Release 2 (2.0) is here" in capsys.readouterr().out
    sealed = next((province.folder / "house").glob("*.thutu")).read_bytes()
    assert unseal(sealed, Release).message.software == "2.0"

    province.sites[ILL].is_ill = True
    province.sites[BUSY].says = "busy"
    until(lambda: province.api.get("/nodes").json()["total"] == 4, 20)
    province.do("rollout", "start", "2", "--percent", "50", "--most-refused", "0")
    until(province.is_at(EARLY="done"), 60)
    assert province.sites[EARLY].runs() == "2.0"
    assert [province.sites[node].runs() for node in (LATE, ILL, BUSY)] == ["1.0"] * 3
    assert not any(province.sites[node].order_file.exists() for node in (LATE, ILL, BUSY))

    province.sites[ILL].says = "busy"
    province.do("rollout", "widen", "1", "--percent", "100")
    until(province.is_at(EARLY="done", LATE="done", ILL="waiting", BUSY="waiting"), 60)
    province.sites[ILL].says = "closed"
    until(province.is_at(EARLY="done", LATE="done", ILL="refused", BUSY="kept"), 60)
    (rollout,) = province.api.get("/rollouts").json()["rollouts"]
    assert (rollout["state"], rollout["reason"]) == ("halted", "too-many-refused 1 3")
    until(lambda: province.sites[BUSY].phase() == (0, "done", ""), 20)
    assert [province.sites[node].runs() for node in NODES] == ["2.0", "2.0", "1.0", "1.0"]
    assert province.sites[BUSY].releases.named(CURRENT) == "1"

    province.do("rollout", "show", "1")
    said = capsys.readouterr().out
    assert f"{ILL}: not healthy within 15 minutes" in said
    assert "halted, 1 of 3 hubs that tried it refused it" in said
    with pytest.raises(SystemExit, match="rollout 1 is over"):
        province.do("rollout", "widen", "1", "--percent", "100")

    # The next rollout's orders are higher: all try it again, also who refused; fetched is fetched.
    province.sites[ILL].is_ill = False
    province.sites[BUSY].says = "closed"
    province.do("rollout", "start", "2", "--percent", "100", "--place", "01")
    until(lambda: all(site.runs() == "2.0" for site in province.sites.values()), 60)
    until(lambda: province.api.get("/rollouts").json()["rollouts"][0]["counts"]["done"] == 4, 20)
    with reading(province.database) as conn:
        deeds = [row.action for row, _ in AccessStore(conn).audit(0, 50)]
        assert first_broken(conn) is None
    assert [deed for deed in deeds if "roll" in deed or "release" in deed] == [
        "release-added",
        "rollout-started",
        "rollout-widened",
        "rollout-halted",
        "rollout-started",
    ]
