"""The boot partition of a Pi, which `thutu-install boot` alone changes."""

import shutil
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from provision.install.__main__ import main
from provision.install.boot import BootFile, boot_files_to_lay, lay_boot_file
from tests.provision.killed_work import killed, without_room

SOURCES = Path(__file__).parents[2]
OURS = (SOURCES / "firmware_config/boot/thutu.txt").read_bytes()
OLDER = OURS.replace(b"dtparam=watchdog=on\n", b"")
CONFIG = b"camera_auto_detect=1\n"
INCLUDING = CONFIG + b"\n[all]\ninclude thutu.txt\n"
FOLDER = "boot/firmware"


def install(root: Path, *what: str) -> int:
    return main([*what, "--root", str(root), "--venv", "/opt/thutu/releases/1"])


def pi(root: Path, ours: bytes = OURS, config: bytes = CONFIG) -> Path:
    """A machine with a boot partition, as `thutu-image` leaves it; returns that."""
    boot = root / FOLDER
    boot.mkdir(parents=True)
    (boot / "thutu.txt").write_bytes(ours)
    (boot / "config.txt").write_bytes(config)
    return boot


def lies(boot: Path) -> dict[str, bytes]:
    """What lies on the partition."""
    return {path.name: path.read_bytes() for path in boot.iterdir()}


def laid_by_an_older_release(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Pi whose `thutu.txt` is ours, from before the watchdog."""
    boot = pi(root, OLDER, INCLUDING)
    older = root / "older"
    (older / "firmware_config/boot").mkdir(parents=True)
    (older / "firmware_config/boot/thutu.txt").write_bytes(OLDER)
    with monkeypatch.context() as patch:
        patch.setattr("provision.install.__main__._SOURCES", older)
        assert install(root, "boot") == 0
    return boot


def test_a_machine_without_a_boot_partition_has_nothing_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert install(tmp_path, "hub") == 0
    assert "boot/firmware" not in capsys.readouterr().out
    assert install(tmp_path, "boot") == 0
    assert "this is no Pi" in capsys.readouterr().out
    assert not (tmp_path / "boot").exists()


def test_the_first_start_of_a_card_includes_ours_and_keeps_what_was_there(tmp_path: Path) -> None:
    boot = pi(tmp_path)
    assert install(tmp_path, "boot") == 0
    assert lies(boot) == {
        "thutu.txt": OURS,
        "config.txt": INCLUDING,
        "config.txt.former": CONFIG,
    }


def test_it_says_only_what_was_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    boot = pi(tmp_path)
    (boot / "thutu.txt").unlink()
    assert install(tmp_path, "boot", "--dry-run") == 0
    said = capsys.readouterr().out
    assert "laid down" not in said
    assert ".former" not in said
    assert install(tmp_path, "boot") == 0
    said = capsys.readouterr().out
    assert f"{boot}/thutu.txt: laid down\n" in said
    assert f"{boot}/config.txt: laid down; what was there is kept" in said


def test_a_cell_is_charged_where_the_card_says_that_there_is_one(tmp_path: Path) -> None:
    assert b"rtc_bbat_vchg" not in OURS
    boot = pi(tmp_path, OURS, INCLUDING)
    (boot / "thutu-clock.txt").write_bytes(b"[pi5]\n")
    assert install(tmp_path, "boot") == 0
    including = INCLUDING + b"\n[all]\ninclude thutu-clock.txt\n"
    assert (boot / "config.txt").read_bytes() == including
    assert install(tmp_path, "boot") == 0
    assert (boot / "config.txt").read_bytes() == including


def test_who_removes_everything_is_told_what_the_pi_still_starts_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    boot = pi(tmp_path)
    (boot / "thutu-clock.txt").write_bytes(b"[pi5]\n")
    install(tmp_path, "hub")
    install(tmp_path, "boot")
    before = lies(boot)
    capsys.readouterr()
    assert install(tmp_path, "remove") == 0
    said = capsys.readouterr().out
    assert "stays on the boot partition: thutu.txt, thutu-clock.txt." in said
    assert "include thutu.txt, include thutu-clock.txt" in said
    assert lies(boot) == before
    (boot / "config.txt").unlink()
    (boot / "config.txt").mkdir()
    install(tmp_path, "hub")
    assert install(tmp_path, "remove") == 0
    assert "could not be looked at" in capsys.readouterr().out


def test_a_machine_that_is_no_pi_is_told_nothing_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(tmp_path, "centre")
    assert install(tmp_path, "remove") == 0
    assert "boot partition" not in capsys.readouterr().out


@pytest.mark.parametrize("what", ["hub", "refresh"])
def test_no_release_lays_it_but_each_says_what_differs(
    what: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    boot = laid_by_an_older_release(tmp_path, monkeypatch)
    install(tmp_path, "hub")
    before = lies(boot)
    capsys.readouterr()
    assert install(tmp_path, what) == 0
    said = capsys.readouterr().out
    assert "thutu-install boot --dry-run" in said
    assert "\n  +dtparam=watchdog=on\n" in said
    assert lies(boot) == before


def test_the_centre_is_not_asked_for_what_a_site_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pi(tmp_path)
    assert install(tmp_path, "centre") == 0
    assert "thutu-install boot" not in capsys.readouterr().out


def test_a_technician_lays_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    boot = laid_by_an_older_release(tmp_path, monkeypatch)
    before = lies(boot)
    assert install(tmp_path, "boot", "--dry-run") == 0
    assert lies(boot) == before
    assert "+dtparam=watchdog=on" in capsys.readouterr().out
    assert install(tmp_path, "boot") == 0
    assert lies(boot) == {**before, "thutu.txt": OURS, "thutu.txt.former": OLDER}
    assert "reboot now" in capsys.readouterr().out
    assert install(tmp_path, "boot") == 0
    assert "Nothing to do" in capsys.readouterr().out


def test_what_somebody_edited_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    theirs = OURS.replace(b"dtoverlay=disable-bt\n", b"")
    boot = pi(tmp_path, theirs, INCLUDING)
    assert install(tmp_path, "boot", "--dry-run") == 0
    assert lies(boot) == {"thutu.txt": theirs, "config.txt": INCLUDING}
    assert "would lie beside it as thutu.txt.thutu-new" in capsys.readouterr().out
    assert install(tmp_path, "boot") == 0
    assert lies(boot) == {
        "thutu.txt": theirs,
        "thutu.txt.thutu-new": OURS,
        "config.txt": INCLUDING,
    }
    said = capsys.readouterr().out
    assert "+dtoverlay=disable-bt" in said
    assert "yours stays, the new one is beside it" in said
    assert "reboot" not in said


def test_a_partition_that_cannot_be_read_keeps_nothing_else_from_being_laid(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    boot = pi(tmp_path)
    (boot / "thutu.txt").unlink()
    (boot / "thutu.txt").mkdir()
    assert install(tmp_path, "hub") == 0
    assert "could not be looked at" in capsys.readouterr().out
    assert (tmp_path / "etc/systemd/system/thutu-hub.service").exists()
    assert install(tmp_path, "boot") == 1


def lay(root: Path) -> None:
    for file in boot_files_to_lay(root, SOURCES):
        lay_boot_file(BootFile(file.path, file.found, file.wanted))


def test_after_every_cut_each_file_is_the_old_or_the_new(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for at in count(1):
        shutil.rmtree(root, ignore_errors=True)
        boot = pi(root, OLDER)
        if not killed(root, at, partial(lay, root)):
            break
        assert (boot / "thutu.txt").read_bytes() in (OLDER, OURS)
        assert (boot / "config.txt").read_bytes() in (CONFIG, INCLUDING)
        if (boot / "config.txt").read_bytes() == INCLUDING:
            assert (boot / "config.txt.former").read_bytes() == CONFIG
        lay(root)
        assert (boot / "thutu.txt").read_bytes() == OURS
        assert (boot / "config.txt").read_bytes() == INCLUDING
    assert at > 8


@pytest.mark.parametrize("lacks", ["names", "bytes"])
def test_a_full_partition_keeps_what_it_has(tmp_path: Path, lacks: str) -> None:
    root = tmp_path / "root"
    for at in count(1):
        shutil.rmtree(root, ignore_errors=True)
        boot = pi(root, OLDER)
        if not without_room(root, at, lacks, partial(lay, root)):
            break
        assert (boot / "thutu.txt").read_bytes() in (OLDER, OURS)
        assert (boot / "config.txt").read_bytes() == CONFIG
        assert not [*boot.glob("*.new")]
    assert at > 1
