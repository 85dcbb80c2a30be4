"""Whether the software on the disk is what a wheel brought, file by file."""

import compileall
import logging
import re
import subprocess
import sys
import zipfile
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

import pytest

from edge.software_files import SoftwareWatch, installed_fingerprint, recorded_fingerprint
from tests.provision.update.project_wheel import project_wheel
from tests.waiting import until

PACKAGES = ("contract", "edge", "systemd")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's own, as publishers build it."""
    return project_wheel(tmp_path_factory.mktemp("made"), "1.0.1")


@pytest.fixture
def site(wheel: Path, tmp_path: Path) -> Path:
    """A folder with that wheel, compiled, as pip installs it."""
    pip = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "--quiet"]
    target = tmp_path / "site-packages"
    subprocess.run([*pip, "install", "--no-deps", "--target", target, wheel], check=True)
    assert (target / "bin/thutu-hub").exists()
    assert compileall.compile_dir(target / "contract", quiet=1)
    return target


def installed(site: Path) -> Distribution:
    (found,) = distributions(name="thutu", path=[str(site)])
    return found


def published(wheel: Path) -> str:
    with zipfile.ZipFile(wheel) as archive:
        return recorded_fingerprint(archive.read("thutu-1.0.1.dist-info/RECORD").decode())


def test_what_a_wheel_brought_has_its_fingerprint_until_a_file_is_another(
    wheel: Path, site: Path
) -> None:
    right = published(wheel)
    assert len(right) == 12
    for package in PACKAGES:
        assert (site / package).is_dir()
    assert installed_fingerprint(installed(site)) == right

    edited = site / "edge/core/policy.py"
    was = edited.read_bytes()
    edited.write_bytes(was + b"\n")
    assert installed_fingerprint(installed(site)) != right
    edited.unlink()
    assert installed_fingerprint(installed(site)) != right
    edited.symlink_to("nowhere")
    assert installed_fingerprint(installed(site)) != right
    edited.unlink()
    edited.write_bytes(was)
    edited.chmod(0o600)
    assert installed_fingerprint(installed(site)) == right

    added = site / "edge/own.py"
    added.touch()
    assert installed_fingerprint(installed(site)) != right
    added.rename(site / "own.py")
    assert installed_fingerprint(installed(site)) == right


def test_what_cannot_be_read_counts_as_altered(
    wheel: Path, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, bad = Path.open, site / "edge/__init__.py"

    def damaged(path: Path, *how: Any, **more: Any) -> object:
        if path == bad:
            raise OSError(5, "Input/output error")
        return whole(path, *how, **more)

    assert bad.exists()
    monkeypatch.setattr(Path, "open", damaged)
    assert len(found := installed_fingerprint(installed(site))) == 12
    assert found != published(wheel)


def test_another_wheel_has_another_fingerprint_whatever_its_order(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        lines = archive.read("thutu-1.0.1.dist-info/RECORD").decode().splitlines()
    assert recorded_fingerprint("\n".join(reversed(lines))) == published(wheel)
    beside = [line for line in lines if "dist-info" not in line]
    assert recorded_fingerprint("\n".join(beside)) == published(wheel)
    assert recorded_fingerprint("\n".join(beside[1:])) != published(wheel)


def test_who_develops_has_none(tmp_path: Path) -> None:
    info = tmp_path / "thutu-1.0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: thutu\nVersion: 1.0.1\n", "utf-8")
    assert installed_fingerprint(installed(tmp_path)) == ""
    record = "_thutu.pth,sha256=a,12\nthutu-1.0.1.dist-info/METADATA,,\n../../bin/thutu-hub,,\n"
    (info / "RECORD").write_text(record, "utf-8")
    assert installed_fingerprint(installed(tmp_path)) == ""


def test_these_tests_programs_have_a_fingerprint_or_are_of_who_develops() -> None:
    watch = SoftwareWatch(after_s=0)
    watch.start()
    until(lambda: watch.fingerprint() is not None)
    assert re.fullmatch("([0-9a-f]{12})?", str(watch.fingerprint()))


# --- when ---------------------------------------------------------------------------------------


def test_it_is_read_once_after_the_start() -> None:
    read: list[str] = []

    def look() -> str:
        read.append("1a2b3c4d5e6f")
        return read[-1]

    watch = SoftwareWatch(look, after_s=0.2)
    watch.start()
    assert (watch.fingerprint(), read) == (None, [])
    until(lambda: watch.fingerprint() == "1a2b3c4d5e6f")
    assert len(read) == 1
    watch.close()


def test_a_hub_that_stops_before_reads_nothing() -> None:
    watch = SoftwareWatch(lambda: pytest.fail("read"))
    watch.close()
    watch.start()
    watch._timer.join(10)
    assert not watch._timer.is_alive()
    assert watch.fingerprint() is None


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), ValueError("no list")])
def test_what_cannot_be_told_is_left_open_with_a_word_in_the_log(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def look() -> str:
        raise error

    watch = SoftwareWatch(look, after_s=0)
    with caplog.at_level(logging.WARNING):
        watch.start()
        watch._timer.join(10)
    assert watch.fingerprint() is None
    assert str(error) in caplog.text
