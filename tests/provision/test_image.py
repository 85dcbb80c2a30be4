import re
import subprocess
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path
from typing import Any

import pytest
import yaml

from edge.settings import HubSettings, IdentitySettings, UpdateSettings
from provision.image.__main__ import main
from provision.image.boot_files import Machine, Static, boot_files
from runtime.mqtt import MqttSettings
from runtime.settings import load_settings
from tests.certificates import Authority

SITE, NAME = "01-00097-01", 'Trung tâm Phục vụ hành chính công Phường "Hồng Hà"'
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ technician@province"
TOKEN = "0123456789abcdef_-XYZ"
CENTRE = "https://thutu.example.vn"
TEMPLATES = {p.name: p.read_text("utf-8") for p in Path("firmware_config/boot").iterdir()}
STATIC = Static(IPv4Interface("10.1.2.3/24"), IPv4Address("10.1.2.1"), IPv4Address("10.1.1.1"))


@pytest.fixture(autouse=True)
def _reads_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A technician's folder: the list of sites, wheels, a token, a key and a card."""
    lines = [
        "site,name,type,national_code",
        f'{SITE},"{NAME.replace(chr(34), chr(34) * 2)}",centre,',
    ]
    (tmp_path / "sites.csv").write_text("\n".join(lines), "utf-8")
    (tmp_path / "wheels").mkdir()
    for wheel in (
        "thutu-0.1.0-py3-none-any.whl",
        "pip-25.0-py3-none-any.whl",
        "x-1-py3-none-any.whl",
    ):
        (tmp_path / "wheels" / wheel).write_bytes(b"wheel")
    (tmp_path / "token").write_text(f"{TOKEN}\n", "ascii")
    (tmp_path / "key.pub").write_text(f"{KEY}\n", "ascii")
    card = tmp_path / "bootfs"
    card.mkdir()
    (card / "config.txt").write_text("camera_auto_detect=1\n", "ascii")
    (card / "cmdline.txt").write_text("console=serial0,115200 console=tty1 rootwait\n", "ascii")
    return tmp_path


def image(desk: Path, site: str = SITE, *more: str) -> int:
    return main(
        [
            site,
            *("--sites", str(desk / "sites.csv"), "--wheels", str(desk / "wheels")),
            *("--centre", CENTRE, "--broker", "mqtt.example.vn"),
            *("--token-file", str(desk / "token"), "--ssh-key", str(desk / "key.pub")),
            *("--boot", str(desk / "bootfs"), *more),
        ]
    )


def parsed(card: Path, name: str) -> Any:
    return yaml.safe_load((card / name).read_text("utf-8"))


def test_a_card_for_trixie_parses_and_names_the_site(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert image(desk) == 0
    card = desk / "bootfs"
    settings = load_settings(card / "thutu/hub.toml", HubSettings, "THUTU", environment={})
    assert settings.node == f"{SITE}-h1"
    assert settings.site.site_name == NAME
    assert settings.site.unit == 'Phường "Hồng Hà"'
    assert settings.identity == IdentitySettings(CENTRE)
    assert settings.uplink == MqttSettings("mqtt.example.vn", 8883, f"thutu-{SITE}-h1")
    user = parsed(card, "user-data")
    assert (card / "user-data").read_text("utf-8").startswith("#cloud-config\n")
    assert user["hostname"] == f"thutu-{SITE}-h1"
    assert user["ssh_pwauth"] is False
    (admin,) = user["users"]
    assert admin["lock_passwd"] is True
    assert admin["ssh_authorized_keys"] == [KEY]
    (at_every_start,) = user["write_files"]
    assert at_every_start["path"].startswith("/var/lib/cloud/scripts/per-boot/")
    assert at_every_start["permissions"] == "0755"
    assert "sh /boot/firmware/thutu/first-boot.sh && reboot" in at_every_start["content"]
    network = parsed(card, "network-config")["network"]
    assert network["ethernets"]["eth0"] == {"optional": True, "dhcp4": True}
    meta = parsed(card, "meta-data")
    assert meta["instance-id"] == meta["instance_id"] == f"thutu-{SITE}-h1-0.1.0"
    assert (card / "thutu/wheels/pip-25.0-py3-none-any.whl").exists()
    assert "firstrun.sh" not in {path.name for path in card.iterdir()}
    assert "ready to start" in capsys.readouterr().out


def test_the_token_is_in_a_file_of_its_own_that_the_first_start_takes_away(desk: Path) -> None:
    image(desk)
    holding = [
        p for p in (desk / "bootfs").rglob("*") if p.is_file() and TOKEN in p.read_text("utf-8")
    ]
    assert holding == [desk / "bootfs/thutu/token"]
    assert 'rm "$here/token"' in TEMPLATES["first-boot.sh"]


def test_the_token_ends_where_the_hub_looks_for_it_as_its_own_user(desk: Path) -> None:
    image(desk)
    card = desk / "bootfs/thutu"
    settings = load_settings(card / "hub.toml", HubSettings, "THUTU", environment={})
    assert settings.identity is not None
    laid = f'install -m 0640 -o root -g thutu "$here/token" {settings.identity.token_file}'
    assert laid in (card / "first-boot.sh").read_text("utf-8")


def test_whose_updates_the_hub_takes_and_whom_it_fetches_them_from_need_no_editing(
    desk: Path, tmp_path: Path
) -> None:
    ca_file = Authority(tmp_path / "ca").certificate
    keys = ("ab" * 32, "cd" * 32)
    given = [part for key in keys for part in ("--publisher-key", key)]
    assert image(desk, SITE, *given, "--centre-ca", str(ca_file)) == 0
    settings = load_settings(desk / "bootfs/thutu/hub.toml", HubSettings, "X", environment={})
    assert settings.updates == UpdateSettings(keys, ca_file=Path("/etc/thutu/centre-ca.pem"))
    laid = desk / "bootfs/thutu/centre-ca.pem"
    assert laid.read_bytes() == ca_file.read_bytes()
    script = (desk / "bootfs/thutu/first-boot.sh").read_text("utf-8")
    assert 'install -m 0644 "$here/centre-ca.pem" /etc/thutu/centre-ca.pem' in script


def test_without_a_publisher_there_are_no_updates_and_an_authority_is_refused(
    desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ca_file = Authority(tmp_path / "ca").certificate
    assert image(desk, SITE, "--centre-ca", str(ca_file)) == 1
    assert "--publisher-key" in capsys.readouterr().err
    assert not (desk / "bootfs/thutu").exists()
    assert image(desk) == 0
    settings = load_settings(desk / "bootfs/thutu/hub.toml", HubSettings, "X", environment={})
    assert settings.updates is None
    assert not (desk / "bootfs/thutu/centre-ca.pem").exists()


def test_a_private_key_never_gets_onto_a_card(
    desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = tmp_path / "both.pem"
    key = "-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n"
    ca_file = Authority(tmp_path / "ca").certificate
    for text in (ca_file.read_text("ascii") + key, key, ""):
        both.write_text(text, "ascii")
        assert image(desk, SITE, "--publisher-key", "ab" * 32, "--centre-ca", str(both)) == 1
        assert "no private key" in capsys.readouterr().err
        assert not (desk / "bootfs/thutu").exists()


def test_a_hub_of_a_cluster_knows_every_broker_and_whom_to_believe(desk: Path) -> None:
    others = ("mqtt2.example.vn", "10.0.0.3")
    named = [word for host in others for word in ("--broker", host)]
    assert image(desk, SITE, *named, "--centre-key", "0a" * 32) == 0
    hub = desk / "bootfs/thutu/hub.toml"
    settings = load_settings(hub, HubSettings, "THUTU", environment={})
    assert settings.centre_key == "0a" * 32
    assert settings.uplink is not None
    assert (settings.uplink.host, settings.uplink.other_hosts) == ("mqtt.example.vn", others)


@pytest.mark.parametrize(
    ("option", "value", "name"),
    [
        ("--broker", "mqtt2.example.vn", "$other_brokers"),
        ("--centre-key", "0a" * 32, "$centre_key"),
    ],
)
def test_what_an_older_template_would_drop_in_silence_is_refused(
    option: str, value: str, name: str, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    template = desk / "ours.toml"
    lines = TEMPLATES["hub.toml.template"].splitlines()
    template.write_text("\n".join(line for line in lines if name not in line), "utf-8")
    ours = ("--hub-template", str(template))
    assert image(desk, SITE, *ours, option, value) == 1
    assert name in capsys.readouterr().err
    assert not (desk / "bootfs/thutu").exists()
    assert image(desk, SITE, *ours) == 0


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--centre-key", "0a", "centre_key"),
        ("--centre", "thutu.example.vn", "centre"),
        ("--broker", "mqtt://mqtt.example.vn", "no host name or address of a broker"),
    ],
)
def test_a_centre_that_cannot_be_reached_like_this_is_refused(
    option: str, value: str, words: str, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert image(desk, SITE, option, value) == 1
    assert words in capsys.readouterr().err
    assert not (desk / "bootfs/thutu").exists()


def test_a_card_for_bookworm_starts_a_script_that_a_shell_can_read(desk: Path) -> None:
    for _ in range(2):
        assert image(desk, SITE, "--system", "bookworm") == 0
    card = desk / "bootfs"
    script = (card / "firstrun.sh").read_text("utf-8")
    assert f"hostnamectl set-hostname thutu-{SITE}-h1" in script
    assert f"\n{KEY}\n" in script
    assert not re.search(r"\$(hostname|ssh_keys|network)", script)
    words = (card / "cmdline.txt").read_text("ascii").split()
    assert words[:3] == ["console=serial0,115200", "console=tty1", "rootwait"]
    assert words[3:] == [
        "systemd.run=/boot/firmware/firstrun.sh",
        "systemd.run_success_action=reboot",
        "systemd.unit=kernel-command-line.target",
    ]
    assert not (card / "user-data").exists()


@pytest.mark.parametrize("name", ["first-boot.sh", "firstrun.sh.template"])
def test_the_scripts_are_shell(name: str) -> None:
    checked = subprocess.run(
        ["sh", "-n"], input=TEMPLATES[name], text=True, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize("system", ["trixie", "bookworm"])
def test_a_fixed_address_is_written_in_the_systems_own_way(system: Any) -> None:
    machine = Machine(SITE, NAME, system, (KEY,), TOKEN, CENTRE, ("mqtt",), "0.1.0", STATIC)
    files = boot_files(machine, TEMPLATES)
    if system == "trixie":
        eth0 = yaml.safe_load(files["network-config"])["network"]["ethernets"]["eth0"]
        assert eth0 == {
            "optional": True,
            "dhcp4": False,
            "addresses": ["10.1.2.3/24"],
            "routes": [{"to": "default", "via": "10.1.2.1"}],
            "nameservers": {"addresses": ["10.1.1.1"]},
        }
    else:
        assert "address1=10.1.2.3/24,10.1.2.1\ndns=10.1.1.1;" in files["firstrun.sh"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda desk: (desk / "token").write_text("short"), "The token is not one"),
        (lambda desk: (desk / "key.pub").write_text("-----BEGIN PRIVATE KEY"), "no public SSH key"),
        (lambda desk: (desk / "wheels/pip-25.0-py3-none-any.whl").unlink(), "pip's"),
        (lambda desk: (desk / "sites.csv").write_text("site,name"), "the columns must be"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_written(
    change: Any, words: str, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(desk)
    assert image(desk) == 1
    assert words in capsys.readouterr().err
    assert {path.name for path in (desk / "bootfs").iterdir()} == {"config.txt", "cmdline.txt"}


def test_an_unknown_site_is_refused(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert image(desk, "01-00099-01") == 1
    assert "01-00099-01 is not in" in capsys.readouterr().err
    assert not (desk / "bootfs/thutu").exists()


def test_it_speaks_vietnamese_first(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert image(desk, "01-00099-01") == 1
    said = capsys.readouterr().err
    assert said.startswith("thutu-image: Không có điểm 01-00099-01 trong ")
    assert said.endswith("Chưa ghi gì.\n")
    assert image(desk) == 0
    assert "thẻ sẵn sàng khởi động thành" in capsys.readouterr().out


def test_half_a_fixed_address_is_refused(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert image(desk, SITE, "--address", "10.1.2.3/24") == 1
    assert "belong together" in capsys.readouterr().err


def test_a_province_may_bring_a_template_and_a_wrong_one_is_refused(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    template = desk / "ours.toml"
    template.write_text(
        TEMPLATES["hub.toml.template"].replace("usual_min = 7", "usual_min = 9"), "utf-8"
    )
    assert image(desk, SITE, "--hub-template", str(template)) == 0
    assert "usual_min = 9" in (desk / "bootfs/thutu/hub.toml").read_text("utf-8")
    template.write_text("node = $node\nunknown = 1\n", "utf-8")
    assert image(desk, SITE, "--hub-template", str(template)) == 1
    assert "hub.toml" in capsys.readouterr().err
    assert "usual_min = 9" in (desk / "bootfs/thutu/hub.toml").read_text("utf-8")


def test_the_pi_gets_only_settings_under_a_filter_that_it_knows() -> None:
    filters = set()
    for line in TEMPLATES["thutu.txt"].splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            filters.add(line)
        else:
            assert re.fullmatch(r"(dtparam|dtoverlay|enable_uart)=[a-z0-9_=,-]+", line), line
    assert filters == {"[all]", "[pi3]", "[pi02]", "[pi4]", "[pi5]"}
    # The Pi's filters stay in force until the next one.
    assert TEMPLATES["thutu.txt"].rstrip().endswith("[all]")
