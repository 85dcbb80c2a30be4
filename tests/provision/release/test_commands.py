"""`thutu-release` from key to wheelhouse, with an index that is a folder."""

import re
from collections.abc import Sequence
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path

import pytest

from contract.wire import JOURNAL_READS, JOURNAL_WRITES, Release
from edge.software_files import installed_fingerprint
from provision.release.__main__ import main
from provision.update.environment import build, is_whole
from runtime.sealed import unseal
from tests.provision.update.wheelhouses import PIP, TARGET, wheel

TARGETS = (TARGET, "cp313-aarch64")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What pip finds, and nothing else."""
    folder = tmp_path / "index"
    folder.mkdir()
    (folder / PIP.name).write_bytes(PIP.read_bytes())
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def requirements(folder: Path, wheels: Sequence[Path]) -> Path:
    path = folder / "requirements.txt"
    lines = []
    for one in wheels:
        name, version = one.name.split("-")[:2]
        digest = sha256(one.read_bytes()).hexdigest()
        lines.append(f"{name.replace('_', '-')}=={version} \\\n    --hash=sha256:{digest}\n")
    path.write_text("".join(lines), "utf-8")
    return path


def make(folder: Path, project: Path, pins: Path, number: int = 7) -> int:
    return main(
        [
            *("build", "--key", str(folder / "publisher.pem"), "--number", str(number)),
            *("--wheel", str(project), "--requirements", str(pins)),
            *("--target", *TARGETS, "--to", str(folder / "house")),
        ]
    )


def test_a_release_is_built_for_each_machine_and_builds_there(
    index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["key", "--key", str(tmp_path / "publisher.pem")]) == 0
    public = capsys.readouterr().out.strip()
    project = wheel(tmp_path / "made", "3.0")
    pins = requirements(tmp_path, [index / PIP.name])
    assert make(tmp_path, project, pins) == 0
    sealed = (tmp_path / "house/release-7.thutu").read_bytes()
    assert sha256(sealed).hexdigest() in capsys.readouterr().out
    unsealed = unseal(sealed, Release)
    release = unsealed.message
    assert unsealed.public_key.hex() == public
    assert (release.software, release.journal_writes) == ("3.0", JOURNAL_WRITES)
    assert release.journal_reads == JOURNAL_READS
    assert re.fullmatch("[0-9a-f]{12}", release.fingerprint)
    assert [file.name for file in release.files] == [PIP.name, project.name]
    assert all(file.targets == TARGETS for file in release.files)
    assert all(is_whole(tmp_path / "house" / file.path, file) for file in release.files)
    (tmp_path / "env").mkdir()
    build(tmp_path / "env", release.files_for(TARGET), tmp_path / "house")
    assert (tmp_path / "env/bin/sample-hub").exists()
    (packages,) = (tmp_path / "env/lib").glob("python*/site-packages")
    (installed,) = distributions(name="sample-hub", path=[str(packages)])
    assert installed_fingerprint(installed) == release.fingerprint


def test_a_number_is_used_once(
    index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = wheel(tmp_path / "made", "3.0")
    pins = requirements(tmp_path, [index / PIP.name])
    assert make(tmp_path, project, pins) == 0
    before = (tmp_path / "house/release-7.thutu").read_bytes()
    assert make(tmp_path, project, pins) == 1
    assert "a number is used once. No release was made." in capsys.readouterr().err
    assert (tmp_path / "house/release-7.thutu").read_bytes() == before


def test_what_is_not_pinned_or_was_altered_makes_no_release(
    index: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    needy = wheel(tmp_path / "made", "3.0", needs="Requires-Dist: left-pad>=1\n")
    pins = requirements(tmp_path, [index / PIP.name])
    assert make(tmp_path, needy, pins) == 1
    assert "not pinned by hash: left-pad" in capfd.readouterr().err
    pins.write_text(f"pip=={PIP.name.split('-')[1]} \\\n    --hash=sha256:{'0' * 64}\n", "utf-8")
    assert make(tmp_path, wheel(tmp_path / "other", "3.1"), pins) == 1
    assert "No release was made" in capfd.readouterr().err
    assert not (tmp_path / "house").exists()
