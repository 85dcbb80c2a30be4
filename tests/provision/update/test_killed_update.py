"""An update killed without warning before everything that it does to the disk, one after another.

Then power comes back, and the update goes on.
"""

import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from contract.commands import Actor, IssueTicket
from provision.update.releases import CURRENT, PROVEN
from provision.update.updater import RefusedError
from tests.edge.running_site import RunningHub, TestClock
from tests.provision.killed_work import killed
from tests.provision.update.wheelhouses import Site, UpTime, order, publish, wheel
from tests.waiting import until


def journal_of(folder: Path) -> bytes:
    return (folder / "data/journal.db").read_bytes()


def queue_of_yesterday(folder: Path) -> None:
    hub = RunningHub(folder / "data", TestClock())
    for service in "1251":
        hub.give(Actor("kiosk-1", "kiosk"), IssueTicket((service,)))
    hub.close()


def prepared(folder: Path, *, good: bool) -> Site:
    """A site with an order that waits to be carried out."""
    site = Site(folder)
    queue_of_yesterday(folder)
    site.begin()
    new = wheel(folder / "made", "2.0", status=0 if good else 1)
    order(site.order_file, 1, 2, publish(site.house, 2, [new]))
    return site


def whole(site: Site, *allowed: str) -> None:
    """The links lead to whole releases, and the hub runs one of `allowed`."""
    for link in (CURRENT, PROVEN):
        assert site.releases.is_built(site.releases.named(link))
    assert site.runs() in allowed


def mended(site: Site, at: int, journal: bytes, *, good: bool, by_boot: bool) -> None:
    """After a kill: the present is whole, and going on ends in what an uncut update ends in."""
    if by_boot:
        site.boot(f"boot-{at}")
        whole(site, "1.0", "2.0" if good else "")
        assert site.runs() == site.releases.named(CURRENT) + ".0" or not good
    update(site)
    whole(site, "2.0" if good else "1.0")
    assert site.phase()[1] == ("done" if good else "refused")
    assert site.releases.named(CURRENT) == site.releases.named(PROVEN) == ("2" if good else "1")
    assert site.laid() == site.releases.named(CURRENT)
    assert site.notebook.trial is None
    assert site.notebook.restart_due is None
    assert journal_of(site.folder) == journal


def update(site: Site) -> None:
    site.run()


@pytest.mark.timeout(600)
def test_killed_while_it_is_built(tmp_path: Path) -> None:
    """Each attempt finds what the killed ones before it left, and is killed one change later."""
    site = prepared(tmp_path, good=True)
    journal = journal_of(tmp_path)
    kills = 0
    while not site.releases.is_built("2"):
        kills += 1
        assert killed(tmp_path, kills, lambda: update(site))
        whole(site, "1.0")
    assert kills > 15
    mended(site, kills, journal, good=True, by_boot=True)


@pytest.mark.parametrize("trace", ["pyvenv.cfg", "lib/python3*/site-packages/sample_hub.py"])
def test_killed_with_the_programs_that_build_it(tmp_path: Path, trace: str) -> None:
    site = prepared(tmp_path, good=True)
    journal = journal_of(tmp_path)
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        update(site)
        os._exit(0)
    try:
        until(lambda: any(site.releases.folder("2").glob(trace)), within_s=120)
    finally:
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
    whole(site, "1.0")
    mended(site, 0, journal, good=True, by_boot=False)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("by_boot", [True, False], ids=["power", "process"])
@pytest.mark.parametrize("good", [True, False], ids=["healthy", "dead"])
def test_killed_from_the_check_to_the_end(tmp_path: Path, good: bool, by_boot: bool) -> None:
    site = prepared(tmp_path / "site", good=good)
    folder, kept = site.folder, tmp_path / "kept"
    journal = journal_of(folder)
    at = 1
    while not site.releases.is_built("2"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(site.releases, "is_checked", _end)
            with pytest.raises(_BuiltError):
                update(site)
    shutil.copytree(folder, kept, symlinks=True)
    while killed(folder, at, lambda: update(site)):
        whole(site, "1.0", "2.0" if good else "")
        mended(site, at, journal, good=good, by_boot=by_boot)
        site.clock = UpTime()
        shutil.rmtree(folder)
        shutil.copytree(kept, folder, symlinks=True)
        at += 1
    assert at > 30
    whole(site, "2.0" if good else "1.0")


@pytest.mark.parametrize("by_boot", [True, False], ids=["power", "process"])
def test_killed_while_it_goes_back_by_hand(tmp_path: Path, *, by_boot: bool) -> None:
    """What was cut is mended by doing it again, by a start, or by the next update."""
    site = prepared(tmp_path / "site", good=True)
    folder, kept = site.folder, tmp_path / "kept"
    journal = journal_of(folder)
    update(site)
    whole(site, "2.0")
    shutil.copytree(folder, kept, symlinks=True)
    at = 1
    while killed(folder, at, site.updater.back):
        whole(site, "1.0", "2.0")
        if by_boot:
            site.boot(f"boot-{at}")
            assert site.runs() == site.releases.named(CURRENT) + ".0"
        update(site)
        whole(site, "1.0", "2.0")
        assert site.runs() == site.releases.named(CURRENT) + ".0"
        with suppress(RefusedError):  # it had come so far that there is none before it
            site.updater.back()
        update(site)
        whole(site, "1.0")
        assert site.releases.named(CURRENT) == site.releases.named(PROVEN) == "1"
        assert site.notebook.restart_due is None
        assert journal_of(folder) == journal
        site.clock = UpTime()
        shutil.rmtree(folder)
        shutil.copytree(kept, folder, symlinks=True)
        at += 1
    whole(site, "1.0")
    assert at > 5


class _BuiltError(Exception):
    """As far as it shall go."""


def _end(_name: str) -> bool:
    raise _BuiltError
