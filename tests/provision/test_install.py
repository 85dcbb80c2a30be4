import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from central.settings import CentralSettings
from display.boards import __main__ as boards
from display.hall import __main__ as hall
from display.terminal.settings import Settings as TerminalSettings
from display.voice.settings import Settings as VoiceSettings
from edge.satellite.__main__ import SatelliteSettings
from edge.settings import HubSettings
from provision.install import turn
from provision.install.__main__ import main
from provision.install.plan import ROLES, File, plan
from provision.install.turn import Other, alone
from provision.update.follow import FollowSettings
from runtime.settings import load_settings
from tests.provision.installing import HUB_UNIT, contents, install
from tests.waiting import until

STARTED_BY_ANOTHER = {"thutu-update-fetch", "thutu-update-check@", "thutu-hall-page"}


def nobody(other: Other | None) -> None:
    pytest.fail(f"waits for {other}")


def test_a_hub_gets_its_units_users_rules_and_examples(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert install(tmp_path, "hub") == 0
    laid = contents(tmp_path)
    for unit in ROLES["hub"]:
        assert f"etc/systemd/system/{unit}.service" in laid
        wanted = f"etc/systemd/system/multi-user.target.wants/{unit}.service"
        if unit in STARTED_BY_ANOTHER:
            assert wanted not in laid
        else:
            assert laid[wanted][0] == f"/etc/systemd/system/{unit}.service"
    assert laid["opt/thutu/current"][0] == "/opt/thutu/releases/1"
    assert laid["opt/thutu/proven"][0] == "/opt/thutu/releases/1"
    assert "etc/systemd/system/thutu-terminal.service" not in laid
    assert {
        "etc/udev/rules.d/60-thutu.rules",
        "etc/modules-load.d/thutu.conf",
        "etc/systemd/timesyncd.conf.d/thutu.conf",
        "etc/systemd/journald.conf.d/thutu.conf",
        "etc/systemd/system.conf.d/thutu.conf",
        "etc/thutu/hub.toml.example",
        "etc/thutu/boards.toml.example",
        "etc/thutu/hall.toml.example",
        "etc/thutu/voice.toml.example",
        "etc/thutu/profiles/printers/epson-tm-t88v.toml",
        "etc/thutu/profiles/boards/modbus-digits.toml",
        "etc/thutu/profiles/pads/four-buttons-with-lights.toml",
        "etc/thutu/procedures.toml",
    } <= laid.keys()
    assert "thutu:x:" in laid["etc/passwd"][0]
    said = capsys.readouterr().out
    assert f"{tmp_path / HUB_UNIT}: laid down" in said
    assert "systemctl start" in said


def test_the_centre_also_gets_what_carries_its_files_to_the_broker(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert install(tmp_path, "centre") == 0
    laid = contents(tmp_path)
    for unit in (
        "thutu-central.service",
        "thutu-central-public.service",
        "thutu-broker-files.service",
        "thutu-broker-files.path",
    ):
        assert f"etc/systemd/system/{unit}" in laid
        wanted = f"etc/systemd/system/multi-user.target.wants/{unit}"
        assert laid[wanted][0] == f"/etc/systemd/system/{unit}"
    assert {"etc/thutu/broker/mosquitto.conf", "etc/thutu/broker/acl"} <= laid.keys()
    assert "MemoryMax=" in laid["etc/systemd/system/mosquitto.service.d/thutu.conf"][0]
    said = capsys.readouterr().out
    assert said.rstrip().endswith(
        "thutu-broker-files.path thutu-broker-files thutu-central-public thutu-central"
    )


@pytest.mark.parametrize("role", ["satellite", "display", "terminal"])
def test_machines_beside_the_hub_get_what_follows_its_release(tmp_path: Path, role: str) -> None:
    assert install(tmp_path, role) == 0
    laid = contents(tmp_path)
    wanted = "etc/systemd/system/multi-user.target.wants"
    assert f"{wanted}/thutu-follow.timer" in laid
    assert f"{wanted}/thutu-follow.service" not in laid  # its timer starts it
    assert f"{wanted}/thutu-update-resume.service" in laid
    assert "etc/thutu/update.toml.example" in laid
    assert "etc/systemd/system/thutu-update.service" not in laid


def test_what_a_machine_is_is_remembered_and_laid_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert install(tmp_path, "refresh") == 1
    assert "Nobody has said yet what this machine is" in capsys.readouterr().err
    install(tmp_path, "hub")
    install(tmp_path, "terminal")
    before = contents(tmp_path)
    assert {HUB_UNIT, "etc/systemd/system/thutu-terminal.service"} <= before.keys()
    assert install(tmp_path, "refresh") == 0
    assert contents(tmp_path) == before
    with pytest.raises(SystemExit, match="2"):
        main(["hub", "refresh"])


def test_of_two_at_once_the_second_says_whom_it_waits_for(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "provision.install", "hub", "--root", str(tmp_path)]
    with alone(tmp_path, nobody):
        second = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert second.stdout is not None
        said = second.stdout.readline()
        assert said.startswith(f"thutu-install is already at work here: process {os.getpid()} (")
        assert "python" in said
        assert contents(tmp_path) == {}
    rest, _ = second.communicate(timeout=60)
    assert second.returncode == 0
    assert "already at work" not in rest
    assert HUB_UNIT in contents(tmp_path)


def test_who_waits_may_be_stopped_and_has_changed_nothing(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "provision.install", "hub", "--root", str(tmp_path)]
    command = ["env", "--default-signal=INT", *program]  # whoever runs the tests may ignore it
    with alone(tmp_path, nobody):
        waiting = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert waiting.stdout is not None
        assert "Ctrl-C" in waiting.stdout.readline()
        waiting.send_signal(signal.SIGINT)
        _, said = waiting.communicate(timeout=60)
    assert waiting.returncode == 1
    assert "Stopped by hand." in said
    assert "Traceback" not in said
    assert contents(tmp_path) == {}


def test_one_that_cannot_be_seen_is_waited_for_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "_LOCKS", tmp_path / "none")
    told: list[Other | None] = []
    with ThreadPoolExecutor(1) as threads:
        with alone(tmp_path, nobody):
            second = threads.submit(_takes_its_turn, tmp_path, told.append)
            until(lambda: told == [None])
            assert not second.done()
        second.result(timeout=60)


def _takes_its_turn(root: Path, told: Callable[[Other | None], object]) -> None:
    with alone(root, told):
        pass


def test_refresh_takes_away_what_a_release_no_longer_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(tmp_path, "hub")
    fewer = {**ROLES, "hub": tuple(unit for unit in ROLES["hub"] if unit != "thutu-voice")}
    monkeypatch.setattr("provision.install.plan.ROLES", fewer)
    capsys.readouterr()
    assert install(tmp_path, "refresh") == 0
    assert "thutu-voice.service: removed" in capsys.readouterr().out
    assert not any("voice.service" in path for path in contents(tmp_path))
    current = tmp_path / "opt/thutu/current"
    assert current.is_symlink()


def test_which_ingest_workers_there_are_is_for_the_centre_to_say(tmp_path: Path) -> None:
    assert install(tmp_path, "centre") == 0
    workers = {path for path in contents(tmp_path) if "ingest" in path}
    assert workers == {"etc/systemd/system/thutu-central-ingest@.service"}


def test_a_second_run_changes_nothing_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(tmp_path, "hub")
    before = contents(tmp_path)
    capsys.readouterr()
    assert install(tmp_path, "hub") == 0
    assert contents(tmp_path) == before
    said = capsys.readouterr().out
    assert said.startswith("Nothing to do: all ")
    assert "$" not in said


def test_it_speaks_vietnamese_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert install(tmp_path, "hub") == 0
    said = capsys.readouterr().out
    assert f"{tmp_path / HUB_UNIT}: đã đặt" in said
    assert "Tiếp theo: trong /etc/thutu" in said
    assert install(tmp_path, "hub") == 0
    assert capsys.readouterr().out.startswith("Không cần làm gì: cả ")
    with pytest.raises(SystemExit, match="2"):
        main(["hub", "remove"])
    assert "remove không đi kèm vai trò nào" in capsys.readouterr().err


def test_an_edited_file_stays_and_the_new_one_is_beside_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(tmp_path, "hub")
    ours = (tmp_path / HUB_UNIT).read_text("utf-8")
    (tmp_path / HUB_UNIT).write_text("theirs", "utf-8")
    capsys.readouterr()
    install(tmp_path, "hub")
    assert (tmp_path / HUB_UNIT).read_text("utf-8") == "theirs"
    assert (tmp_path / f"{HUB_UNIT}.thutu-new").read_text("utf-8") == ours
    assert "is edited: yours stays" in capsys.readouterr().out
    assert install(tmp_path, "hub") == 0
    assert "Nothing to do" in capsys.readouterr().out
    (tmp_path / HUB_UNIT).write_text(ours, "utf-8")
    install(tmp_path, "hub")
    assert not (tmp_path / f"{HUB_UNIT}.thutu-new").exists()


def test_a_file_of_an_older_version_is_replaced(tmp_path: Path) -> None:
    install(tmp_path, "hub")
    unit = tmp_path / HUB_UNIT
    newer = unit.read_text("utf-8")
    note = tmp_path / "var/lib/thutu-install/manifest.json"
    unit.write_text("older", "utf-8")
    older = hashlib.sha256(b"older").hexdigest()
    current = hashlib.sha256(newer.encode()).hexdigest()
    note.write_text(note.read_text("utf-8").replace(current, older), "utf-8")
    install(tmp_path, "hub")
    assert unit.read_text("utf-8") == newer


def test_a_file_that_was_there_before_us_is_not_ours_to_replace(tmp_path: Path) -> None:
    rules = tmp_path / "etc/udev/rules.d/60-thutu.rules"
    rules.parent.mkdir(parents=True)
    rules.write_text("theirs", "utf-8")
    install(tmp_path, "hub")
    assert rules.read_text("utf-8") == "theirs"
    assert rules.with_name("60-thutu.rules.thutu-new").exists()
    main(["remove", "--root", str(tmp_path)])
    assert rules.read_text("utf-8") == "theirs"
    assert [path.name for path in rules.parent.iterdir()] == ["60-thutu.rules"]


def test_a_dry_run_shows_every_step_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["hub", "--root", str(tmp_path), "--dry-run"]) == 0
    assert contents(tmp_path) == {}
    said = capsys.readouterr().out
    assert f"{tmp_path / HUB_UNIT}: laid down" in said
    assert "$ systemd-sysusers" in said
    assert "nothing was changed" in said


def test_the_programs_stay_where_an_update_put_them(tmp_path: Path) -> None:
    install(tmp_path, "hub")
    current = tmp_path / "opt/thutu/current"
    current.unlink()
    current.symlink_to("/opt/thutu/releases/2")
    install(tmp_path, "hub")
    assert str(current.readlink()) == "/opt/thutu/releases/2"


def test_a_damaged_note_stops_before_anything_is_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(tmp_path, "hub")
    note = tmp_path / "var/lib/thutu-install/manifest.json"
    note.write_text("{", "utf-8")
    before = contents(tmp_path)
    assert install(tmp_path, "hub") == 1
    assert contents(tmp_path) == before
    assert "nothing was changed" in capsys.readouterr().err


def test_what_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "etc").write_text("a file where a folder belongs", "utf-8")
    assert install(tmp_path, "hub") == 1
    assert "Not a directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("hub", HubSettings),
        ("boards", boards.Settings),
        ("hall", hall.Settings),
        ("voice", VoiceSettings),
        ("satellite", SatelliteSettings),
        ("update", FollowSettings),
        ("terminal", TerminalSettings),
        ("central", CentralSettings),
    ],
)
def test_the_examples_are_settings_that_the_programs_accept(name: str, kind: type) -> None:
    example = Path(f"firmware_config/etc/thutu/{name}.toml.example")
    assert isinstance(load_settings(example, kind, "THUTU", environment={}), kind)


@pytest.mark.parametrize("role", ROLES)
def test_what_is_laid_is_laid_once_and_is_text(role: str) -> None:
    items = plan([role], Path())
    assert len({item.path for item in items}) == len(items)
    for item in items:
        if isinstance(item, File):
            assert item.content.decode("utf-8").endswith("\n")
