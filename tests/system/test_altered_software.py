"""A file of a hub that was edited by hand, from the publisher's wheel to the centre's answer."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.metadata import distributions, version
from pathlib import Path
from zipfile import ZipFile

import pytest

from central.configuration.differences import Difference, differences, wanted
from central.scope import Scope
from central.store.database import database_of, reading, transaction, writing
from central.store.reader import Reader
from central.store.updates import UpdateBook
from contract.wire import VERSION, Release, ReleaseFile
from edge.software_files import SoftwareWatch, installed_fingerprint, recorded_fingerprint
from tests.central.journal import DAY
from tests.provision.update.project_wheel import project_wheel
from tests.system.lost_line import Site
from tests.waiting import until


class Ground:
    """A site whose hub reads its software where its wheel has laid it, beside the tests' own."""

    def __init__(self, folder: Path, site: Site, patch: pytest.MonkeyPatch) -> None:
        self.site = site
        self.packages = folder / "site-packages"
        self._database = database_of(folder / "centre")
        patch.setattr("edge.node.SoftwareWatch", lambda: SoftwareWatch(self._read, after_s=0))

    def install(self, wheel: Path) -> None:
        """As pip does it."""
        pip = (sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "--quiet")
        subprocess.run([*pip, "install", "--no-deps", "-t", self.packages, wheel], check=True)

    def publish(self, wheel: Path) -> str:
        """The centre takes the release of this wheel; returns its fingerprint."""
        software = version("thutu")
        with ZipFile(wheel) as archive:
            record = archive.read(f"thutu-{software}.dist-info/RECORD").decode()
        file = ReleaseFile(wheel.name, bytes(32), 1, 1, ("cp313-aarch64",))
        release = Release(VERSION, 1, software, 0, 1, 1, (file,), recorded_fingerprint(record))
        with writing(self._database) as db, transaction(db.conn):
            UpdateBook(db.conn).note_release(release)
        return release.fingerprint

    def compared(self) -> list[Difference]:
        """What the hub says of its files once it has started, and whether they differ."""
        right = self._read()
        node = self.site.boot("card")

        def has_said() -> bool:
            assert node._uplink is not None
            node._uplink.status_changed()  # else with the next heartbeat
            with reading(self._database) as conn:
                return [row.fingerprint for row in Reader(conn, Scope()).nodes()] == [right]

        try:
            until(has_said)
        finally:
            node.stop()
        with reading(self._database) as conn:
            hubs = {row.site: [row] for row in Reader(conn, Scope()).nodes()}
            return [one for one in differences(hubs, wanted(conn, DAY)) if one.files_differ]

    def _read(self) -> str:
        (installed,) = distributions(name="thutu", path=[str(self.packages)])
        return installed_fingerprint(installed)


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    logging.disable(logging.CRITICAL)
    with ExitStack() as stack:
        yield Ground(tmp_path, Site(tmp_path, stack), monkeypatch)
    logging.disable(logging.NOTSET)


def test_the_centre_names_the_hub_until_its_files_are_those_of_the_release(
    ground: Ground, tmp_path: Path
) -> None:
    wheel = project_wheel(tmp_path, version("thutu"))
    published = ground.publish(wheel)
    ground.install(wheel)
    assert ground.compared() == []

    edited = ground.packages / "edge/core/policy.py"
    was = edited.read_bytes()
    edited.write_bytes(was.replace(b"\n", b"\n# here\n", 1))
    [mine] = ground.compared()
    assert (mine.software, mine.published) == (version("thutu"), published)
    assert mine.fingerprint != published

    edited.write_bytes(was)
    assert ground.compared() == []
