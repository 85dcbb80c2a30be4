"""The project's own wheel as an older and a newer version, with real hubs and people who wait.

What the project needs comes from this environment, by a small wheel that names its folder.
"""

import os
import signal
import subprocess
import sysconfig
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from contract.commands import Actor
from edge.access import Access
from provision.update.machine import HubView, MachineError, SystemdMachine
from provision.update.releases import CURRENT, PROVEN, Releases
from runtime.clock import SystemClock
from tests.edge.hub_toml import OPEN_ALL_DAY
from tests.provision.update.project_wheel import project_wheel
from tests.provision.update.wheelhouses import Site, order, publish
from tests.waiting import until


class RealSite(Site):
    """A site whose hub is the project's own, started from `current` as systemd would."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.config = folder / "hub.toml"
        self.hub_process: subprocess.Popen[str] | None = None
        self.url = ""

    def restart(self, units: Sequence[str]) -> None:
        assert units == ("hub",)
        self.stop()
        program = self.folder / "opt/current/bin/thutu-hub"
        self.hub_process = subprocess.Popen(
            [program, "--config", self.config, "run"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.hub_process.stdout is not None
        self.url = self.hub_process.stdout.readline().strip().rpartition(": ")[2]

    def stop(self) -> None:
        if self.hub_process is not None:
            self.hub_process.send_signal(signal.SIGTERM)
            self.hub_process.wait(30)
            assert self.hub_process.stdout is not None
            self.hub_process.stdout.close()

    def check(self, release: str) -> None:
        program = self.releases.folder(release) / "bin/thutu-hub"
        said = subprocess.run(
            [program, "--config", self.config, "check"], capture_output=True, text=True, check=False
        )
        if said.returncode:
            raise MachineError(said.stderr)

    def hub(self) -> HubView | None:
        return SystemdMachine(self.url).hub() if self.url else None


def needs_from_here(folder: Path) -> Path:
    """A wheel that lets an environment see the packages of this one."""
    path = folder / "needs_from_here-1-py3-none-any.whl"
    info = "needs_from_here-1.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("zz_needs_from_here.pth", sysconfig.get_path("purelib") + "\n")
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: needs-from-here\nVersion: 1\n"
        )
        archive.writestr(
            f"{info}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RealSite]:
    site = RealSite(tmp_path / "site")
    site.folder.mkdir()
    site.config.write_text(OPEN_ALL_DAY, "utf-8")
    site.releases = Releases(site.folder / "opt")
    site.releases.folder("0.0.9").mkdir(parents=True)
    yield site
    site.stop()


@pytest.mark.timeout(900)
def test_people_who_wait_keep_their_place_through_updates_good_and_bad(
    site: RealSite, tmp_path: Path
) -> None:
    needs = needs_from_here(tmp_path)
    access = Access(site.folder / "data/access.db", SystemClock())
    headers = {"Authorization": f"Bearer {access.add_device(Actor('kiosk-1', 'kiosk'))}"}
    access.close()

    def waiting() -> list[str]:
        with httpx.Client(
            base_url=site.url, headers=headers, trust_env=False, timeout=30
        ) as client:
            return [ticket["number"] for ticket in client.get("/api/snapshot").json()["waiting"]]

    site.releases.point(CURRENT, "0.0.9")
    site.releases.point(PROVEN, "0.0.9")
    first = [project_wheel(tmp_path, "1.0.1"), needs]
    order(site.order_file, 1, 1, publish(site.house, 1, first, software="1.0.1"))
    site.says = "closed"
    site.run()
    assert site.phase() == (1, "done", "")
    assert HubView("1.0.1", "closed").software == site.hub().software  # type: ignore[union-attr] # it runs

    for service in ("1", "1", "2"):
        issued = httpx.post(
            f"{site.url}/api/commands",
            headers={**headers, "Idempotency-Key": os.urandom(16).hex()},
            json={"type": "IssueTicket", "services": [service]},
            trust_env=False,
            timeout=30,
        )
        assert issued.status_code == 200, issued.text
    queue = waiting()
    assert len(queue) == 3

    # Somebody waits: the update is built and checked, and waits too; here long enough for no hub.
    second = [project_wheel(tmp_path, "1.0.2"), needs]
    order(site.order_file, 2, 2, publish(site.house, 2, second, software="1.0.2"))
    looks = 0

    def busy_for_a_while() -> bool:
        nonlocal looks
        looks += 1
        if looks > 3:
            site.stop()
            site.hub_process, site.url = None, ""
        return site.updater.take_order(site.order_file)

    site.updater.run(busy_for_a_while)
    assert site.phase() == (2, "done", "")
    until(lambda: site.hub() is not None)
    assert site.hub() == HubView("1.0.2", "busy")
    assert waiting() == queue
    assert site.clock.now_s > 3600

    # A newer one that passes every look at it and dies at its work is given back.
    third = [project_wheel(tmp_path, "1.0.3", broken=True), needs]
    order(site.order_file, 3, 3, publish(site.house, 3, third, software="1.0.3"))
    looks = 0
    site.updater.run(busy_for_a_while)
    assert site.phase() == (3, "refused", "not healthy within 15 minutes")
    assert site.releases.named(CURRENT) == "2"
    assert waiting() == queue
