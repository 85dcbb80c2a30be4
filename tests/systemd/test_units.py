"""The units as systemd reads them, and the traps that only hold because a line is there."""

import re
import shutil
import subprocess
import tomllib
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from central.identity.desk import LIST_FILE
from edge.satellite.__main__ import SatelliteSettings
from edge.settings import UpdateSettings
from provision.install.plan import ROLES, plan
from provision.update.follow import FollowSettings
from provision.update.notebook import TRIAL
from runtime.settings import load_settings

UNITS = sorted(Path("systemd").glob("*.service"))
STARTERS = sorted(
    unit for kind in ("path", "timer", "socket") for unit in Path("systemd").glob(f"*.{kind}")
)
PROGRAMS = Path("/opt/thutu/current/bin")
HIGHEST_EXPOSURE = 15
# A program of systemd's own, which stamps nothing.
CARRIER = "thutu-hall-page"
# What ends when its work is done, and is started again when a file changes.
ONCE = {
    "thutu-broker-files",
    *("thutu-update", "thutu-update-resume", "thutu-update-fetch", "thutu-update-check@"),
    *("thutu-update-lay", "thutu-follow", "thutu-follow-fetch"),
}
# Whoever replaces releases is started from the proven one, and whoever tries one from that itself.
PROVEN = Path("/opt/thutu/proven/bin")
TRIED = Path("/opt/thutu/releases/%i/bin")
# Debian's mosquitto package makes the one, every system has the other.
GROUPS_OF_OTHERS = {"mosquitto", "root"}


def settings(unit: Path) -> dict[str, list[str]]:
    """All values of every key, in order."""
    found: dict[str, list[str]] = {}
    text = unit.read_text("utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


by_unit = pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
lasting = pytest.mark.parametrize(
    "unit", [u for u in UNITS if u.stem not in ONCE], ids=lambda unit: unit.stem
)
stamping = pytest.mark.parametrize(
    "unit",
    [u for u in UNITS if u.stem not in ONCE | {"thutu-hall-screen", CARRIER}],
    ids=lambda unit: unit.stem,
)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root folder with Debian's units, ours, and files where our programs will be."""
    root = tmp_path_factory.mktemp("root")
    shutil.copytree("/lib/systemd/system", root / "usr/lib/systemd/system", symlinks=True)
    (root / "lib").symlink_to("usr/lib")
    # Debian's seatd package brings this unit; the machine of the tests need not have it.
    (root / "usr/lib/systemd/system/seatd.service").write_text("[Service]\nExecStart=/bin/true\n")
    ours = root / "etc/systemd/system"
    ours.mkdir(parents=True)
    programs = [root / f"{PROGRAMS}/{unit.stem}".lstrip("/") for unit in UNITS]
    programs += [root / f"{PROVEN}/thutu-update".lstrip("/")]
    programs += [root / f"{PROGRAMS}/thutu-install".lstrip("/")]
    programs += [root / f"{TRIED}/thutu-hub".lstrip("/").replace("%i", "7")]
    of_debian = (
        *("usr/bin/cage", "usr/bin/install", "usr/bin/systemctl", "usr/sbin/mosquitto"),
        *("bin/true", "bin/sh", "bin/mkdir", "bin/chown", "bin/kill"),
        "usr/lib/systemd/systemd-socket-proxyd",
    )
    for program in (*programs, *(root / name for name in of_debian)):
        program.parent.mkdir(parents=True, exist_ok=True)
        program.touch(mode=0o755)
    for unit in (*UNITS, *STARTERS):
        shutil.copy(unit, ours)
    for additions in Path("systemd").glob("*.service.d"):
        shutil.copytree(additions, ours / additions.name)
    return root


def systemd_analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("unit", [*UNITS, *STARTERS], ids=lambda unit: unit.name)
def test_systemd_finds_nothing_to_say_about_it(unit: Path, machine: Path) -> None:
    said = systemd_analyze("verify", f"--root={machine}", unit.name.replace("@.", "@7."))
    # It returns 0 on an unknown key, but then it says so.
    assert (said.returncode, said.stderr) == (0, "")


def test_systemd_finds_nothing_to_say_about_what_is_added_to_the_brokers_unit(
    machine: Path,
) -> None:
    said = systemd_analyze("verify", f"--root={machine}", "mosquitto.service")
    assert (said.returncode, said.stderr) == (0, "")


@pytest.mark.parametrize(
    "unit", [u for u in UNITS if u.stem != CARRIER], ids=lambda unit: unit.stem
)
def test_it_starts_a_program_that_we_install(unit: Path) -> None:
    program = settings(unit)["ExecStart"][0].split()[0]
    scripts = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    updates = unit.stem.startswith(("thutu-update", "thutu-follow"))
    updates = updates and unit.stem != "thutu-update-lay"
    assert Path(program).parent in ((PROVEN, TRIED) if updates else (PROGRAMS,))
    assert Path(program).name in scripts


@by_unit
def test_it_waits_for_the_partition_its_program_is_on(unit: Path) -> None:
    """With a read-only root that is another one, and with nofail nothing else waits for it."""
    keys = settings(unit)
    if keys["ExecStart"][0].startswith("/opt/thutu/"):
        assert "/opt/thutu" in keys["RequiresMountsFor"][0].split()


@by_unit
def test_its_exposure_is_low(unit: Path) -> None:
    allowed = f"--threshold={HIGHEST_EXPOSURE}"
    said = systemd_analyze("security", "--offline=true", allowed, str(unit))
    assert said.returncode == 0, said.stdout


@by_unit
def test_the_modules_of_its_devices_come_first(unit: Path) -> None:
    """DeviceAllow= knows only the kinds of devices that exist when the service starts."""
    keys = settings(unit)
    if any(line.startswith("char-") for line in keys.get("DeviceAllow", [])):
        assert "systemd-modules-load.service" in keys["After"][0].split()
        assert "systemd-modules-load.service" in keys["Wants"][0].split()


@by_unit
def test_nothing_waits_for_a_network_or_for_the_time(unit: Path) -> None:
    keys = settings(unit)
    waited_for = [line for key in ("After", "Wants", "Requires") for line in keys.get(key, [])]
    assert not re.search("network|time-|udev-settle", " ".join(waited_for))


@lasting
def test_it_is_started_again_for_ever(unit: Path) -> None:
    keys = settings(unit)
    assert keys["Restart"] == ["always"]
    assert keys["StartLimitIntervalSec"] == ["0"]


@lasting
def test_it_says_that_it_is_ready_and_that_it_lives(unit: Path) -> None:
    keys = settings(unit)
    assert keys["Type"] == ["exec" if unit.stem == CARRIER else "notify"]
    # The stream's reader turns at least every 20 s, which must be less than half of this.
    assert keys["WatchdogSec"] == ["60"]


@stamping
def test_the_clock_can_be_asked_whether_it_is_synchronised(unit: Path) -> None:
    """`runtime/clock.py` calls adjtimex and reads /proc/sys; both are easily locked away."""
    keys = settings(unit)
    assert "ProtectClock" not in keys
    assert "ProcSubset" not in keys
    allowed = keys["SystemCallFilter"][0].split()
    assert {"adjtimex", "clock_adjtime", "clock_adjtime64"} <= {*allowed}
    assert keys["SystemCallErrorNumber"] == ["EPERM"]


@by_unit
def test_tokens_come_from_systemd_and_settings_from_etc(unit: Path) -> None:
    keys = settings(unit)
    for credential in keys.get("LoadCredential", []):
        name = unit.stem.removeprefix("thutu-").replace("follow-fetch", "update")
        assert credential == f"token:/etc/thutu/{name}.token"
        assert f"THUTU_{name.upper()}_TOKEN_FILE=%d/token" in keys["Environment"]
    command = keys["ExecStart"][0]
    if command.startswith(str(PROGRAMS)) and " --config " in command:
        assert keys["ConditionPathExists"][0] in command


def test_the_halls_browser_has_one_address_in_a_network_of_its_own() -> None:
    browser = settings(Path("systemd/thutu-hall-screen.service"))
    socket = settings(Path("systemd/thutu-hall-page.socket"))
    carrier = settings(Path("systemd/thutu-hall-page.service"))
    assert browser["PrivateNetwork"] == socket["PrivateNetwork"] == ["yes"]
    # What two units share of these they must both ask for, or the second goes without.
    assert browser["PrivateTmp"] == socket["PrivateTmp"]
    assert browser["JoinsNamespaceOf"] == ["thutu-hall-page.socket"]
    assert socket["PartOf"] == ["thutu-hall-screen.service"]
    (address,) = socket["ListenStream"]
    assert f"THUTU_SCREEN_URL=http://{address}/" in browser["Environment"]
    assert carrier["ExecStart"][0].split()[1:] == [address]
    assert "PrivateNetwork" not in carrier
    for key in ("After", "Requires"):
        assert "thutu-hall-page.socket" in browser[key][0].split()


def test_the_broker_gets_its_files_at_every_change_and_at_every_start() -> None:
    service = settings(Path("systemd/thutu-broker-files.service"))
    *watched, access_list = settings(Path("systemd/thutu-broker-files.path"))["PathChanged"]
    assert {Path(path).name for path in watched} == {LIST_FILE, "broker.pem"}
    assert len({Path(path).parent for path in watched}) == 1
    config = Path(service["ExecStart"][0].split()[2])
    assert Path(access_list) == config.parent / "broker/acl"
    assert access_list[1:] in {item.path for item in plan(["centre"], Path())}
    # At the limit of starts systemd would let go of the path unit as well, for ever.
    assert service["StartLimitIntervalSec"] == ["0"]
    # What changed while the machine was off changes no file any more.
    assert service["WantedBy"] == ["multi-user.target"]


def test_nobody_with_rights_opens_files_that_the_centres_user_may_swap_for_links() -> None:
    service = settings(Path("systemd/thutu-broker-files.service"))
    assert service["User"] == ["thutu-central"]
    assert service["Group"] == ["mosquitto"]
    (target,) = service["ReadWritePaths"]
    assert service["ExecStart"][0].endswith(f" --to {target}")
    for key in ("ExecStartPre", "ExecStartPost"):
        (command,) = service[key]
        assert command.startswith("+/usr/bin/")
        assert "/var/lib/thutu-central" not in command
    # Waiting for Mosquitto, which may wait for this very unit at the machine's start, would hang.
    assert "--no-block" in service["ExecStartPost"][0]


@pytest.mark.parametrize("name", ["thutu-hub", "thutu-satellite"])
def test_whoever_drives_devices_finds_them(name: str) -> None:
    keys = settings(Path(f"systemd/{name}.service"))
    devices = {line.split()[0] for line in keys["DeviceAllow"]}
    assert {"char-ttyUSB", "char-ttyACM", "char-usb", "char-usb_device", "char-gpiochip"} <= devices


def test_a_satellite_finds_a_token_for_each_device_and_may_remember_slips() -> None:
    keys = settings(Path("systemd/thutu-satellite.service"))
    example = load_settings(
        Path("firmware_config/etc/thutu/satellite.toml.example"),
        SatelliteSettings,
        "THUTU",
        environment={},
    )
    # With credentials the tokens beside the program's own would be out of its sight.
    assert "LoadCredential" not in keys
    readable = Path("systemd/tmpfiles.d/thutu.conf").read_text("utf-8").split()
    assert f"/etc/thutu/{example.token_file.parent.name}/*.token" in readable
    assert f"/var/lib/{keys['StateDirectory'][0]}" == str(example.data)


def test_users_of_the_units_are_made(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    made = subprocess.run(
        [
            "systemd-sysusers",
            f"--root={tmp_path}",
            str(Path("systemd/sysusers.d/thutu.conf").resolve()),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    users = {line.split(":")[0] for line in (tmp_path / "etc/passwd").read_text().splitlines()}
    groups = {line.split(":")[0] for line in (tmp_path / "etc/group").read_text().splitlines()}
    groups |= GROUPS_OF_OTHERS
    for unit in UNITS:
        keys = settings(unit)
        assert {*keys["User"]} <= users | {"root"}
        assert {*keys["Group"], *" ".join(keys.get("SupplementaryGroups", [])).split()} <= groups
    shells = {line.rsplit(":", 1)[1] for line in (tmp_path / "etc/passwd").read_text().splitlines()}
    assert shells == {"/usr/sbin/nologin"}


def test_settings_and_tokens_are_readable_by_those_who_need_them(tmp_path: Path) -> None:
    folder = tmp_path / "etc/thutu"
    folder.mkdir(parents=True)
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n")
    (tmp_path / "etc/group").write_text("root:x:0:\nthutu:x:901:\nthutu-central:x:902:\n")
    (folder / "satellite").mkdir(mode=0o755)
    tokens = ("boards.token", "enrolment.token", "satellite/pad-3.token")
    for name in ("hub.toml", "central.toml", *tokens):
        (folder / name).touch(mode=0o644)
    conf = Path("systemd/tmpfiles.d/thutu.conf").resolve()
    applied = subprocess.run(
        ["systemd-tmpfiles", "--create", f"--root={tmp_path}", str(conf)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert applied.returncode == 0, applied.stderr
    found = {path.name: path.stat() for path in folder.rglob("*")}
    assert {name: (oct(file.st_mode & 0o777), file.st_gid) for name, file in found.items()} == {
        "hub.toml": ("0o640", 901),
        "central.toml": ("0o640", 902),
        "boards.token": ("0o600", 0),
        # Which the hub reads by itself, as its own user, once there is one.
        "enrolment.token": ("0o640", 901),
        "satellite": ("0o750", 901),
        "pad-3.token": ("0o640", 901),
    }


def test_who_fetches_has_no_rights_and_who_has_rights_speaks_to_the_site_alone() -> None:
    update = settings(Path("systemd/thutu-update.service"))
    fetch = settings(Path("systemd/thutu-update-fetch.service"))
    check = settings(Path("systemd/thutu-update-check@.service"))
    assert (update["User"], update["CapabilityBoundingSet"]) == (["root"], [""])
    assert update["IPAddressDeny"] == ["any"]
    loopback, *networks = update["IPAddressAllow"][0].split()
    assert loopback == "localhost"
    assert not any(ip_network(network).is_global for network in networks)
    assert update["ReadWritePaths"] == ["/opt/thutu"]
    assert fetch["User"] == ["thutu-update"]
    assert "ReadWritePaths" not in fetch
    assert check["User"] == settings(Path("systemd/thutu-hub.service"))["User"]
    assert (check["PrivateNetwork"], check["ProtectSystem"]) == (["yes"], ["strict"])
    assert "StateDirectory" not in check  # it may read the journal, and change nothing


@pytest.mark.parametrize(
    "host", ["192.168.1.10", "10.1.2.3", "172.20.0.5", "100.64.3.4", "fd12::5"]
)
def test_a_release_proves_itself_at_a_hub_that_listens_on_the_sites_network_alone(
    host: str,
) -> None:
    networks = settings(Path("systemd/thutu-update.service"))["IPAddressAllow"][0].split()[1:]
    address = ip_address(host)
    assert any(address in network for network in map(ip_network, networks))


@pytest.mark.parametrize("name", ["thutu-update-resume", "thutu-update-lay"])
def test_a_trial_is_judged_and_its_units_laid_before_what_is_on_trial_starts(name: str) -> None:
    keys = settings(Path(f"systemd/{name}.service"))
    before = keys["Before"][0].split()
    of_the_hub = {unit for unit in UNITS if str(PROGRAMS) in unit.read_text("utf-8")}
    on_a_hub = {f"{name}.service" for name in ROLES["hub"]} - {f"{name}.service"}
    assert {unit.name for unit in of_the_hub} & on_a_hub <= {*before, "thutu-update-lay.service"}
    assert "thutu-update.service" in before
    assert keys["WantedBy"] == ["multi-user.target"]


def test_a_machine_beside_the_hub_speaks_to_its_own_network_alone() -> None:
    follow = settings(Path("systemd/thutu-follow.service"))
    fetch = settings(Path("systemd/thutu-follow-fetch.service"))
    assert (follow["User"], follow["CapabilityBoundingSet"]) == (["root"], [""])
    assert follow["ReadWritePaths"] == ["/opt/thutu"]
    assert fetch["User"] == ["thutu-update"]
    assert "SupplementaryGroups" not in fetch  # its token comes from systemd
    for keys in (follow, fetch):
        assert keys["IPAddressDeny"] == ["any"]
        assert "0.0.0.0/0" not in keys["IPAddressAllow"][0]
    (example,) = Path("firmware_config/etc/thutu").glob("update.toml.example")
    read = load_settings(example, FollowSettings, "THUTU", environment={})
    assert str(read.token_file) == "/etc/thutu/update.token"
    assert fetch["LoadCredential"] == [f"token:{read.token_file}"]


def test_units_are_laid_after_it_is_known_which_release_runs() -> None:
    resume = settings(Path("systemd/thutu-update-resume.service"))
    lay = settings(Path("systemd/thutu-update-lay.service"))
    assert "thutu-update-resume.service" in lay["After"][0].split()
    assert "RemainAfterExit" not in lay  # it is started again after each switch
    assert lay["PrivateNetwork"] == ["yes"]
    assert {*lay["ReadWritePaths"][0].split()} == {"/etc", "/var/lib/thutu-install"}
    assert resume["WantedBy"] == ["multi-user.target"]
    assert resume["ConditionPathExists"] == [f"/var/lib/thutu-update/{TRIAL}"]


def test_an_order_is_looked_for_where_the_hub_puts_it() -> None:
    (watched,) = settings(Path("systemd/thutu-update.path"))["PathChanged"]
    assert Path(watched) == UpdateSettings(publisher_keys=("0" * 64,)).order_file
    hub = settings(Path("systemd/thutu-hub.service"))
    assert Path(watched).parent == Path("/run") / hub["RuntimeDirectory"][0]


def test_the_terminal_draws_where_textual_does() -> None:
    """On the error output: a terminal whose errors go to the journal has an empty screen."""
    keys = settings(Path("systemd/thutu-terminal.service"))
    assert keys["StandardInput"] == keys["StandardOutput"] == keys["StandardError"] == ["tty"]
