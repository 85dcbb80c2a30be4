"""The address and the Wi-Fi of a card's machine."""

import hashlib
import io
import subprocess
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path
from typing import Any

import pytest
import yaml

from provision.image.card import Card, card_files
from provision.image.network import Static, Wifi
from tests.provision.image.desk import (
    KEY,
    SITE,
    TEMPLATES,
    TOKEN,
    image,
    lies,
    parsed,
)

STATIC = Static(IPv4Interface("10.1.2.3/24"), IPv4Address("10.1.2.1"), IPv4Address("10.1.1.1"))


@pytest.mark.parametrize("system", ["trixie", "bookworm"])
def test_a_fixed_address_is_written_in_the_systems_own_way(system: Any) -> None:
    files = card_files(Card("thutu-x", ("hub",), system, (KEY,), "0.1.0", STATIC), TEMPLATES)
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
        assert "address1=10.1.2.3/24,10.1.2.1\ndns=10.1.1.1;" in files["thutu/network"]


def test_wifi_comes_with_a_key_that_its_passphrase_is_not_read_from(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passphrase, ssid = "mot cua 2026", "Hồng; Hà"
    key = hashlib.pbkdf2_hmac("sha1", passphrase.encode(), ssid.encode(), 4096, 32).hex()
    wifi = ("--wifi", ssid, "--wifi-passphrase-file", "-", "--token-file", "-")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{TOKEN}\n{passphrase}\n"))
    assert image(desk, SITE, *wifi) == 0
    assert parsed(desk / "bootfs", "network-config")["network"] == {
        "version": 2,
        "wifis": {
            "wlan0": {
                "optional": True,
                "dhcp4": True,
                "regulatory-domain": "VN",
                "access-points": {ssid: {"password": key}},
            }
        },
    }
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{TOKEN}\n{passphrase}\n"))
    assert image(desk, SITE, *wifi, "--system", "bookworm") == 0
    connection = (desk / "bootfs/thutu/network").read_text("ascii")
    name = "".join(f"{byte};" for byte in ssid.encode())
    assert f"type=wifi\ninterface-name=wlan0\n[wifi]\nssid={name}\n" in connection
    assert f"psk={key}\n" in connection
    script = (desk / "bootfs/firstrun.sh").read_text("utf-8")
    assert key not in script
    assert "do_wifi_country VN" in script
    checked = subprocess.run(
        ["sh", "-n"], input=script, text=True, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")
    assert not [name for name, content in lies(desk).items() if passphrase.encode() in content]


def test_the_key_of_a_wifi_is_that_of_the_standard() -> None:
    """IEEE 802.11-2020, annex J.4.2, test vector 1."""
    key = "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e"
    assert Wifi.of("IEEE", "password") == Wifi("IEEE", key)


@pytest.mark.parametrize(
    ("ssid", "passphrase", "words"),
    [
        ("HH", None, "belong together"),
        (None, "long enough", "belong together"),
        ("HH", "short", "8 to 63"),
        ("HH", "mật khẩu dài", "8 to 63"),
        ("H" * 33, "long enough", "1 to 32"),
        ("Hồng Hà\u2028", "long enough", "cannot be seen"),
        ("Hồng\x85Hà", "long enough", "cannot be seen"),
        ("HH\x7f", "long enough", "cannot be seen"),
        ("HH\udcff", "long enough", "cannot be seen"),
    ],
)
def test_a_wifi_that_cannot_be_is_refused(
    ssid: str | None,
    passphrase: str | None,
    words: str,
    desk: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = [] if ssid is None else ["--wifi", ssid]
    if passphrase is not None:
        (desk / "passphrase").write_text(f"{passphrase}\n", "utf-8")
        options += ["--wifi-passphrase-file", str(desk / "passphrase")]
    assert image(desk, SITE, *options) == 1
    assert words in capsys.readouterr().err
    assert not (desk / "bootfs/thutu").exists()


def test_half_a_fixed_address_is_refused(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert image(desk, SITE, "--address", "10.1.2.3/24") == 1
    assert "belong together" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("address", "gateway", "words"),
    [
        ("10.1.2.3", "10.1.2.1", "10.1.2.3/32 is no address"),
        ("10.1.2.3/2", "10.1.2.1", "10.1.2.3/2 is no address"),
        ("10.1.2.0/24", "10.1.2.1", "10.1.2.0/24 is no address"),
        ("10.1.2.255/24", "10.1.2.1", "10.1.2.255/24 is no address"),
        ("10.1.2.3/24", "10.1.3.1", "10.1.3.1 is no gateway for 10.1.2.3/24"),
        ("10.1.2.3/24", "10.1.2.3", "10.1.2.3 is no gateway"),
        ("10.1.2.3/24", "10.1.2.0", "10.1.2.0 is no gateway"),
        ("10.1.2.3/24", "10.1.2.255", "10.1.2.255 is no gateway"),
    ],
)
def test_an_address_by_which_nothing_is_reached_is_refused(
    address: str, gateway: str, words: str, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fixed = ("--address", address, "--gateway", gateway, "--name-server", "10.1.1.1")
    assert image(desk, SITE, *fixed) == 1
    assert words in capsys.readouterr().err
    assert not (desk / "bootfs/thutu").exists()


def test_two_machines_alone_on_a_line_may_have_both_its_addresses() -> None:
    Static(IPv4Interface("10.1.2.0/31"), IPv4Address("10.1.2.1"), IPv4Address("10.1.1.1"))
