"""The script that a card's first starts run, below a root of its own, after a power cut or none."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

BOOT = Path("firmware_config/boot")
SETTINGS, TOKEN = 'node = "01-00097-01-h1"\n', "a token\n"
LAID = {
    "etc/thutu/hub.toml": SETTINGS,
    "etc/thutu/centre-ca.pem": "authority\n",
    "etc/thutu/enrolment.token": TOKEN,
}


def card(root: Path) -> Path:
    """A machine whose card thutu-image has written; its pip lays a thutu-install that does
    nothing, its sync notes what had become of each file by then."""
    ours = root / "boot/thutu"
    (ours / "wheels/pip-1-py3-none-any.whl/pip").mkdir(parents=True)
    for folder in ("etc/thutu", "etc/cloud", "etc/ssh/sshd_config.d", "bin"):
        (root / folder).mkdir(parents=True)
    (root / "etc/hostname").write_text("thutu-01-00097-01-h1\n", "ascii")
    (root / "etc/ssh/sshd_config.d/rename_user.conf").write_text("Banner /x\n", "ascii")
    (root / "boot/cmdline.txt").write_text("console=serial0,115200 root=x\n", "ascii")
    (ours / "version").write_text("1\n", "ascii")
    (ours / "roles").write_text("hub\n", "ascii")
    for folder in ("etc", "tokens"):
        (ours / folder).mkdir()
    (ours / "etc/hub.toml").write_text(SETTINGS, "ascii")
    (ours / "etc/centre-ca.pem").write_text("authority\n", "ascii")
    (ours / "tokens/enrolment.token").write_text(TOKEN, "ascii")
    (ours / "wheels/pip-1-py3-none-any.whl/pip/__main__.py").write_text(
        "import pathlib, sys\n"
        "tool = pathlib.Path(sys.prefix, 'bin/thutu-install')\n"
        f"tool.write_text('#!/bin/sh\\necho $@ >>{root}/installed\\n')\n"
        "tool.chmod(0o755)\n",
        "ascii",
    )
    script = (BOOT / "first-boot.sh").read_text("utf-8")
    script = re.sub(r"(?<=[ =<])/(opt|etc)\b", rf"{root}/\1", script)
    (ours / "first-boot.sh").write_text(script, "utf-8")
    syncs = f"#!/bin/sh\n[ $# -gt 0 ] || find {root}/opt {root}/etc -type f >>{root}/synced\n"
    (root / "bin/sync").write_text(f'{syncs}exec /bin/sync "$@"\n', "utf-8")
    (root / "bin/sync").chmod(0o755)
    return root


def start(root: Path) -> None:
    """Run the script as a start of a Trixie machine does."""
    for name in ("systemctl", "reboot"):
        (root / "bin" / name).write_text("#!/bin/sh\n", "ascii")
        (root / "bin" / name).chmod(0o755)
    user_data = yaml.safe_load((BOOT / "user-data.template").read_text("utf-8"))
    at_every_start = user_data["write_files"][0]["content"].replace(
        "/boot/firmware", f"{root}/boot"
    )
    path = {**os.environ, "PATH": f"{root}/bin:{os.environ['PATH']}"}
    subprocess.run(["sh", "-c", at_every_start], check=True, env=path)


def lies(root: Path) -> dict[str, str]:
    """What lies in /etc/thutu."""
    return {
        str(path.relative_to(root)): path.read_text("ascii")
        for path in (root / "etc/thutu").iterdir()
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return card(tmp_path)


def test_a_start_lays_everything_and_says_that_it_was_the_last(root: Path) -> None:
    start(root)
    assert lies(root) == LAID
    assert (root / "boot/cmdline.txt").read_text("ascii") == "root=x\n"
    assert (root / "etc/cloud/cloud-init.disabled").exists()
    assert (root / "boot/thutu/set-up").read_text("ascii") == "thutu-01-00097-01-h1\n"
    assert not (root / "boot/thutu/tokens/enrolment.token").exists()
    assert not (root / "etc/ssh/sshd_config.d/rename_user.conf").exists()
    rights = {path.name: path.stat().st_mode & 0o777 for path in (root / "etc/thutu").iterdir()}
    assert rights == {"hub.toml": 0o644, "enrolment.token": 0o600, "centre-ca.pem": 0o644}


def test_a_machine_beside_the_hub_gets_its_roles_and_every_token(root: Path) -> None:
    ours = root / "boot/thutu"
    (ours / "roles").write_text("satellite\ndisplay\n", "ascii")
    (ours / "tokens/satellite").mkdir()
    (ours / "tokens/satellite/pad-3.token").write_text("pad's\n", "ascii")
    (ours / "tokens/boards.token").write_text("boards'\n", "ascii")
    start(root)
    assert (root / "installed").read_text("utf-8").startswith("satellite display --venv ")
    laid = root / "etc/thutu/satellite/pad-3.token"
    assert (laid.read_text("ascii"), laid.stat().st_mode & 0o777) == ("pad's\n", 0o600)
    assert (root / "etc/thutu/boards.token").read_text("ascii") == "boards'\n"
    assert not list((ours / "tokens").rglob("*.token"))


def test_only_a_terminals_console_gets_other_letters(root: Path) -> None:
    letters = root / "etc/default/console-setup"
    letters.parent.mkdir()
    as_raspberry_pi_os_has_it = 'CHARMAP="UTF-8"\nCODESET="guess"\nFONTFACE=""\nFONTSIZE=""\n'
    letters.write_text(as_raspberry_pi_os_has_it, "ascii")
    setupcon = root / "bin/setupcon"
    setupcon.write_text(f'#!/bin/sh\necho "$@" >{root}/console\nexit 1\n', "ascii")
    setupcon.chmod(0o755)
    start(root)
    assert 'CODESET="guess"' in letters.read_text("ascii")
    (root / "boot/thutu/roles").write_text("terminal\n", "ascii")
    start(root)
    assert letters.read_text("ascii").splitlines() == [
        *('CHARMAP="UTF-8"', 'CODESET="Vietnamese"', 'FONTFACE="Fixed"', 'FONTSIZE="8x16"')
    ]
    assert (root / "console").read_text("ascii") == "--save-only\n"
    assert (root / "etc/cloud/cloud-init.disabled").exists()  # no letters are no reason to stop


def test_what_a_power_cut_left_empty_is_laid_again(root: Path) -> None:
    release = root / "opt/thutu/releases/1"
    (release / "bin").mkdir(parents=True)
    empty = [release / "bin/thutu-install", release / ".complete", *map(root.joinpath, LAID)]
    for path in empty:
        path.touch(0o755)
    start(root)
    assert lies(root) == LAID
    assert all(path.stat().st_size for path in empty)


def test_what_keeps_a_card_from_setting_itself_up_is_on_its_boot_partition(root: Path) -> None:
    (root / "boot/thutu/wheels/pip-1-py3-none-any.whl/pip/__main__.py").unlink()
    with pytest.raises(subprocess.CalledProcessError):
        start(root)
    assert "can't find '__main__'" in (root / "boot/thutu/first-boot.log").read_text("utf-8")
    assert (root / "boot/thutu/tokens/enrolment.token").exists()
    assert not (root / "boot/thutu/set-up").exists()
    assert not (root / "etc/cloud/cloud-init.disabled").exists()


def test_a_card_that_did_not_come_to_its_end_has_the_say_over_the_settings(root: Path) -> None:
    (root / "etc/thutu/hub.toml").write_text("of the card as it was written before\n", "ascii")
    start(root)
    assert lies(root) == LAID


def test_the_wifis_key_leaves_the_boot_partition_when_all_is_done(root: Path) -> None:
    network = root / "boot/network-config"
    network.write_text("network:\n  wifis:\n    wlan0: key\n", "ascii")
    start(root)
    # Without a word of it cloud-init would lay Ethernet alone when somebody lets it look again.
    assert yaml.safe_load(network.read_text("ascii")) == {"network": {"config": "disabled"}}
    assert b"Written by thutu-image." in network.read_bytes()  # so the next run may replace it
    network.write_text("network:\n  ethernets:\n", "ascii")
    start(root)
    assert network.read_text("ascii") == "network:\n  ethernets:\n"


def test_what_a_technician_has_changed_stays(root: Path) -> None:
    start(root)
    theirs = {**LAID, "etc/thutu/hub.toml": "theirs\n", "etc/thutu/centre-ca.pem": "theirs\n"}
    for name, text in theirs.items():
        (root / name).write_text(text, "ascii")
    tool = root / "opt/thutu/releases/1/bin/thutu-install"
    tool.write_text("#!/bin/sh\n# the same one\n", "ascii")
    start(root)
    assert lies(root) == theirs
    assert "the same one" in tool.read_text("ascii")


def test_a_mark_is_set_when_what_it_stands_for_is_on_the_disk(root: Path) -> None:
    (root / "boot/thutu/tokens/enrolment.token").unlink()  # a start before this one has laid it
    start(root)
    synced = (root / "synced").read_text("utf-8").splitlines()
    for mark, stands_for in (
        ("opt/thutu/releases/1/.complete", "opt/thutu/releases/1/bin/thutu-install"),
        ("etc/cloud/cloud-init.disabled", "etc/thutu/hub.toml"),
    ):
        assert synced.index(f"{root}/{stands_for}") < synced.index(f"{root}/{mark}")


@pytest.mark.parametrize("last", ["network-config", "thutu/set-up"])
def test_cloud_init_looks_again_until_the_card_has_nothing_left_to_say(
    root: Path, last: str
) -> None:
    (root / "boot/network-config").write_text("network:\n  wifis:\n    wlan0: key\n", "ascii")
    cut = f"#!/bin/sh\n/bin/mv $@\n[ $2 != {root}/boot/{last} ]\n"  # as far as the script came
    (root / "bin/mv").write_text(cut, "utf-8")
    (root / "bin/mv").chmod(0o755)
    with pytest.raises(subprocess.CalledProcessError):
        start(root)
    assert "key" not in (root / "boot/network-config").read_text("ascii")
    assert not (root / "etc/cloud/cloud-init.disabled").exists()
    (root / "bin/mv").unlink()
    start(root)
    assert (root / "boot/thutu/set-up").exists()
    assert (root / "etc/cloud/cloud-init.disabled").exists()
