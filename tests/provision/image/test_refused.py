"""Cards that could not start are not written."""

from pathlib import Path
from typing import Any

import pytest

from edge.settings import HubSettings
from runtime.settings import load_settings
from tests.certificates import Authority
from tests.provision.image.desk import KEY, SITE, TEMPLATES, TOKEN, image


def test_without_a_publisher_there_are_no_updates_and_an_authority_is_refused(
    desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ca_file = Authority(tmp_path / "ca").certificate
    assert image(desk, SITE, "--centre-ca", str(ca_file)) == 1
    assert "--publisher-key" in capsys.readouterr().err
    assert not (desk / "bootfs/thutu").exists()
    assert image(desk) == 0
    settings = load_settings(desk / "bootfs/thutu/etc/hub.toml", HubSettings, "X", environment={})
    assert settings.updates is None
    assert not (desk / "bootfs/thutu/etc/centre-ca.pem").exists()


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
        ("--centre-key", "0a", "Correct the option or the --hub-template"),
        ("--centre", "thutu.example.vn", "centre"),
        ("--broker", "mqtt://mqtt.example.vn", "no host name or address of a broker"),
        ("--broker", "mqtt.example.vn:8883", "without a port"),
        ("--broker", "10.0.0.3:8883", "without a port"),
        ("--broker", "fe80::1::2", "no host name or address of a broker"),
        ("--broker", "203.0.113.300", "no host name or address of a broker"),
        ("--broker", "mqtt..example.vn", "no host name or address of a broker"),
        ("--broker", "a" * 300, "no host name or address of a broker"),
    ],
)
def test_a_centre_that_cannot_be_reached_like_this_is_refused(
    option: str, value: str, words: str, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert image(desk, SITE, option, value) == 1
    assert words in capsys.readouterr().err
    assert not (desk / "bootfs/thutu").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda desk: (desk / "token").write_text("short"), "The token is not one"),
        (lambda desk: (desk / "token").write_text("0123456789abcdef_-XYZ"), "The token is not one"),
        (lambda desk: (desk / "token").write_text(TOKEN[:-1]), "The token is not one"),
        (lambda desk: (desk / "key.pub").write_text(KEY.replace("MI ", " ")), "or not a whole one"),
        (lambda desk: (desk / "key.pub").write_text("-----BEGIN PRIVATE KEY"), "no public SSH key"),
        (lambda desk: (desk / "wheels/pip-25.0-py3-none-any.whl").unlink(), "one of pip"),
        (lambda desk: (desk / "wheels/pip-26.3-py3-none-any.whl").touch(), "one of pip"),
        (
            lambda desk: (desk / "wheels/thutu-0.2.0-py3-none-any.whl").touch(),
            "exactly one wheel of Thứ Tự",
        ),
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


@pytest.mark.parametrize("lacks", ["config.txt", "cmdline.txt"])
def test_a_folder_that_no_pi_starts_from_is_refused(
    lacks: str, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk / "bootfs" / lacks).unlink()
    assert image(desk) == 1
    assert "is no boot partition of a Pi" in capsys.readouterr().err
    assert len([*(desk / "bootfs").iterdir()]) == 1


def test_a_mistyped_folder_is_not_made(desk: Path) -> None:
    assert image(desk, SITE, "--boot", str(desk / "botfs")) == 1
    assert not (desk / "botfs").exists()


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


def test_a_province_may_bring_a_template_and_a_wrong_one_is_refused(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    template = desk / "ours.toml"
    template.write_text(
        TEMPLATES["hub.toml.template"].replace("usual_min = 7", "usual_min = 9"), "utf-8"
    )
    assert image(desk, SITE, "--hub-template", str(template)) == 0
    assert "usual_min = 9" in (desk / "bootfs/thutu/etc/hub.toml").read_text("utf-8")
    template.write_text("node = $node\nunknown = 1\n", "utf-8")
    assert image(desk, SITE, "--hub-template", str(template)) == 1
    said = capsys.readouterr().err
    assert "unknown field `unknown`" in said
    assert "--hub-template" in said
    assert "usual_min = 9" in (desk / "bootfs/thutu/etc/hub.toml").read_text("utf-8")
