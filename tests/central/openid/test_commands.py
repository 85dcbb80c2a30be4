"""The operator's commands about links, as typed."""

import io
import sys
from pathlib import Path

import pytest

from central.__main__ import main

OPENID = """
[access.openid]
issuer = "https://id.example.vn"
client_id = "thutu"
centre_url = "https://xephang.example.vn"
name = "Cổng định danh"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "central.toml"
    path.write_text(f'[store]\nfolder = "data"\n[embedded_broker]\n{OPENID}', "utf-8")
    return path


def do(config: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    monkeypatch.setattr(sys, "argv", ["thutu-central", "--config", str(config), *words])
    monkeypatch.setattr(sys, "stdin", io.StringIO("hàng chờ buổi sáng\n"))
    main()


def test_an_account_is_linked_listed_and_unlinked(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = ("account", "--name", "An", "--role", "national", "--without-password")
    do(config, monkeypatch, *made)
    do(config, monkeypatch, "link-account", "--name", "An", "--subject", "s1")
    capsys.readouterr()
    do(config, monkeypatch, "accounts")
    listed = capsys.readouterr().out
    assert listed == "An: national, the nation; sub s1, https://id.example.vn\n"
    do(config, monkeypatch, "unlink-account", "--name", "An")
    assert "its sessions have ended" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="Nothing is linked"):
        do(config, monkeypatch, "unlink-account", "--name", "An")


def test_an_address_that_would_never_come_is_not_linked(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match="ask_email"):
        do(config, monkeypatch, "link-account", "--name", "An", "--email", "an@example.vn")


def test_without_a_provider_nothing_can_be_linked(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text('[store]\nfolder = "data"\n[embedded_broker]\n')
    with pytest.raises(SystemExit, match=r"access\.openid"):
        do(config, monkeypatch, "link-account", "--name", "An", "--subject", "s1")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('"https://id.example.vn"', '"http://id.example.vn"'),
        ('"https://id.example.vn"', '"https://id.example.vn?x=1"'),
        ('"https://xephang.example.vn"', '"https://xephang.example.vn/"'),
        ('"https://xephang.example.vn"', '"http://localhost.evil.example"'),
        ('"https://xephang.example.vn"', '"https://a@evil.example"'),
    ],
)
def test_addresses_that_are_not_safe_are_refused(
    config: Path, monkeypatch: pytest.MonkeyPatch, right: str, wrong: str
) -> None:
    config.write_text(config.read_text("utf-8").replace(right, wrong), "utf-8")
    with pytest.raises(SystemExit, match=r"access\.openid"):
        do(config, monkeypatch, "accounts")
