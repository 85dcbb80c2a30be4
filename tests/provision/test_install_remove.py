"""`thutu-install remove`: what was laid goes, and nothing else."""

import re
from pathlib import Path

import pytest

from provision.install.__main__ import main
from provision.install.plan import DATA
from tests.provision.installing import HUB_UNIT, contents, install

SYSTEMD = Path(__file__).parents[2] / "systemd"


def test_remove_takes_back_what_was_laid_and_keeps_data_and_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(tmp_path, "hub", "terminal")
    journal = tmp_path / "var/lib/thutu/journal.db"
    journal.parent.mkdir(parents=True)
    journal.write_bytes(b"events")
    settings = tmp_path / "etc/thutu/hub.toml"
    settings.write_text("mine", "utf-8")
    (tmp_path / "etc/thutu/hall.toml.example").write_text("edited", "utf-8")
    capsys.readouterr()
    assert main(["remove", "--root", str(tmp_path)]) == 0
    left = contents(tmp_path)
    assert {path for path in left if "thutu" in path} == {
        "var/lib/thutu/journal.db",
        "etc/thutu/hub.toml",
        "etc/thutu/hall.toml.example",
    }
    said = capsys.readouterr().out
    assert str(tmp_path / "var/lib/thutu") in said.splitlines()[-1]
    assert main(["remove", "--root", str(tmp_path)]) == 0
    assert "Nothing to remove" in capsys.readouterr().out


def test_links_are_removed_wherever_updates_have_led_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else the next installation would start what lay there before."""
    install(tmp_path, "hub")
    for name, release in (("current", 7), ("proven", 7), ("previous", 6)):
        (tmp_path / "opt/thutu" / name).unlink(missing_ok=True)
        (tmp_path / "opt/thutu" / name).symlink_to(f"/opt/thutu/releases/{release}")
    assert main(["remove", "--root", str(tmp_path)]) == 0
    assert [*(tmp_path / "opt/thutu").iterdir()] == []
    assert "yours stays" not in capsys.readouterr().out


def test_what_a_damaged_note_tells_to_do_leads_to_a_removal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(tmp_path, "hub")
    (tmp_path / HUB_UNIT).write_text("theirs", "utf-8")
    (tmp_path / "var/lib/thutu-install/manifest.json").unlink()
    before = contents(tmp_path)
    assert install(tmp_path, "remove") == 1
    assert contents(tmp_path) == before
    assert "thutu-install refresh" in capsys.readouterr().err
    assert install(tmp_path, "refresh") == 0
    assert install(tmp_path, "remove") == 0
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.service*")}
    assert left == {HUB_UNIT}
    assert install(tmp_path, "remove") == 0


def test_remove_stops_all_that_may_be_at_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not only what starts by itself: who fetches a release would go on as root without it."""
    units = [*SYSTEMD.glob("thutu-*.*")]
    for unit in units:
        (tmp_path / unit.name).touch()
    monkeypatch.setattr("provision.install.__main__.UNITS", str(tmp_path))
    assert main(["remove", "--dry-run"]) == 0
    (stops,) = re.findall(r"\$ systemctl stop (.+)", capsys.readouterr().out)
    assert set(stops.split()) == {unit.name.replace("@.", "@*.") for unit in units}


def test_all_that_units_keep_is_known_as_data() -> None:
    texts = [unit.read_text("utf-8") for unit in SYSTEMD.glob("*.service")]
    kept = {
        name for text in texts for name in re.findall(r"^StateDirectory=(\S+)$", text, re.MULTILINE)
    }
    assert {f"/var/lib/{name}" for name in kept} == {*DATA}


def test_remove_stops_only_units_that_are_here_because_systemctl_fails_at_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["remove", "--dry-run"]) == 0
    named = re.findall(r"thutu-[a-z@*-]+\.(?:service|path)", capsys.readouterr().out)
    here = [Path("/etc/systemd/system") / name.replace("@*.", "@.") for name in named]
    assert [unit for unit in here if not unit.exists()] == []
