"""What lies on a card."""

import base64
import re
import struct
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edge.settings import HubSettings, IdentitySettings, UpdateSettings
from runtime.mqtt import MqttSettings
from runtime.settings import load_settings
from tests.certificates import Authority
from tests.provision.image.desk import (
    CENTRE,
    KEY,
    KEY_PART,
    NAME,
    SITE,
    TEMPLATES,
    TOKEN,
    image,
    parsed,
)


def test_a_card_for_trixie_parses_and_names_the_site(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert image(desk) == 0
    card = desk / "bootfs"
    settings = load_settings(card / "thutu/etc/hub.toml", HubSettings, "THUTU", environment={})
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
    assert "sh first-boot.sh >first-boot.log 2>&1 && reboot" in at_every_start["content"]
    anew, unblocked = user["bootcmd"]
    assert anew[:2] == ["rm", "-rf"]
    assert unblocked == ["systemctl", "mask", "--now", "--no-block", "userconfig.service"]
    network = parsed(card, "network-config")["network"]
    assert network["ethernets"]["eth0"] == {"optional": True, "dhcp4": True}
    meta = parsed(card, "meta-data")
    assert meta["instance-id"] == meta["instance_id"] == f"thutu-{SITE}-h1-0.1.0"
    assert (card / "thutu/wheels/pip-25.0-py3-none-any.whl").exists()
    assert "firstrun.sh" not in {path.name for path in card.iterdir()}
    assert "ready to start" in capsys.readouterr().out


def test_what_a_card_without_keys_will_not_do_is_said(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image(desk)
    said = capsys.readouterr().out
    assert "no --centre-key" in said
    assert "no --publisher-key" in said
    image(desk, SITE, "--centre-key", "0a" * 32, "--publisher-key", "7c" * 32)
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_the_token_is_in_a_file_of_its_own_that_the_first_start_takes_away(desk: Path) -> None:
    image(desk)
    holding = [
        p for p in (desk / "bootfs").rglob("*") if p.is_file() and TOKEN in p.read_text("utf-8")
    ]
    assert holding == [desk / "bootfs/thutu/tokens/enrolment.token"]
    assert 'rm "$token"' in TEMPLATES["first-boot.sh"]


def test_the_token_ends_where_the_hub_looks_for_it_as_its_own_user(desk: Path) -> None:
    image(desk)
    card = desk / "bootfs/thutu"
    settings = load_settings(card / "etc/hub.toml", HubSettings, "THUTU", environment={})
    assert settings.identity is not None
    (token,) = (card / "tokens").iterdir()
    assert settings.identity.token_file == Path("/etc/thutu", token.name)
    rights = Path("systemd/tmpfiles.d/thutu.conf").read_text("utf-8").splitlines()
    assert f"z {settings.identity.token_file} 0640 root thutu" in rights


def test_whose_updates_the_hub_takes_and_whom_it_fetches_them_from_need_no_editing(
    desk: Path, tmp_path: Path
) -> None:
    ca_file = Authority(tmp_path / "ca").certificate
    keys = ("ab" * 32, "cd" * 32)
    given = [part for key in keys for part in ("--publisher-key", key)]
    assert image(desk, SITE, *given, "--centre-ca", str(ca_file)) == 0
    settings = load_settings(desk / "bootfs/thutu/etc/hub.toml", HubSettings, "X", environment={})
    assert settings.updates == UpdateSettings(keys, ca_file=Path("/etc/thutu/centre-ca.pem"))
    laid = desk / "bootfs/thutu/etc/centre-ca.pem"
    assert laid.read_bytes() == ca_file.read_bytes()


def test_a_hub_of_a_cluster_knows_every_broker_and_whom_to_believe(desk: Path) -> None:
    others = ("mqtt2.example.vn", "10.0.0.3", "2001:db8::3")
    named = [word for host in others for word in ("--broker", host)]
    assert image(desk, SITE, *named, "--centre-key", "0a" * 32) == 0
    hub = desk / "bootfs/thutu/etc/hub.toml"
    settings = load_settings(hub, HubSettings, "THUTU", environment={})
    assert settings.centre_key == "0a" * 32
    assert settings.uplink is not None
    assert (settings.uplink.host, settings.uplink.other_hosts) == ("mqtt.example.vn", others)


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


def test_only_a_clock_with_a_cell_of_ours_is_charged(desk: Path) -> None:
    for options in ((), ("--clock-chip",)):
        assert image(desk, SITE, *options) == 0
        texts = [path.read_text("utf-8") for path in (desk / "bootfs").glob("thutu*.txt")]
        assert any("rtc_bbat_vchg" in text for text in texts) == bool(options)
        settings = load_settings(
            desk / "bootfs/thutu/etc/hub.toml", HubSettings, "X", environment={}
        )
        assert settings.clock_chip == bool(options)


def written(*parts: bytes) -> str:
    """As SSH writes byte strings one after the other, in base64."""
    return base64.b64encode(b"".join(struct.pack(">I", len(p)) + p for p in parts)).decode()


def every_kind_of_key() -> list[str]:
    ed25519 = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    p256 = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = p256.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = [
        ec.generate_private_key(curve)
        .public_key()
        .public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        .decode()
        for curve in (ec.SECP384R1(), ec.SECP521R1())
    ]
    kind = "sk-ssh-ed25519@openssh.com"
    keys.append(f"{kind} {written(kind.encode(), ed25519, b'ssh:')}")
    kind = "sk-ecdsa-sha2-nistp256@openssh.com"
    return [*keys, f"{kind} {written(kind.encode(), b'nistp256', point, b'ssh:')}"]


def test_every_kind_of_ssh_key_and_any_comment_reaches_the_card(desk: Path) -> None:
    keys = [
        f"{key} Nguyễn Văn An, laptop" for key in [f"ssh-ed25519 {KEY_PART}", *every_kind_of_key()]
    ]
    for key in keys:
        (desk / "key.pub").write_text(f"\ufeff{key}\r\n", "utf-8")  # as Notepad may leave it
        assert image(desk) == 0
        (admin,) = parsed(desk / "bootfs", "user-data")["users"]
        assert admin["ssh_authorized_keys"] == [key]


def test_a_token_as_windows_writes_it_is_taken(desk: Path) -> None:
    (desk / "token").write_text(f"\ufeff{TOKEN}\r\n", "utf-8")
    assert image(desk) == 0
    assert (desk / "bootfs/thutu/tokens/enrolment.token").read_text("ascii") == f"{TOKEN}\n"


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("thutu.txt", {"[all]", "[pi3]", "[pi02]", "[pi4]", "[pi5]"}),
        ("thutu-clock.txt", {"[all]", "[pi5]"}),
    ],
)
def test_the_pi_gets_only_settings_under_a_filter_that_it_knows(name: str, known: set[str]) -> None:
    filters = set()
    for line in TEMPLATES[name].splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            filters.add(line)
        else:
            assert re.fullmatch(r"(dtparam|dtoverlay|enable_uart)=[a-z0-9_=,-]+", line), line
    assert filters == known
    # The Pi's filters stay in force until the next one.
    assert TEMPLATES[name].rstrip().endswith("[all]")
