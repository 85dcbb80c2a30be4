"""A list of a further machine's devices, let in at the hub."""

import io
import json
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from contract.commands import Actor
from edge.__main__ import main
from edge.access import Access
from runtime.clock import SystemClock
from tests.edge.hub_toml import TWO_COUNTERS

SITE = "01-00097-01"
PAD = {"id": "pad-2", "role": "pad", "counter": "2"}
SATELLITE = {"id": "satellite-2", "role": "display"}


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "hub.toml"
    path.write_text(TWO_COUNTERS, encoding="utf-8")
    return path


def listed(*devices: dict[str, str], machine: str = "satellite-2", site: str = SITE) -> bytes:
    """As thutu-image-machine writes it; each token is the device's name."""
    kept = [{**one, "token_sha256": sha256(one["id"].encode()).hexdigest()} for one in devices]
    return json.dumps({"site": site, "machine": machine, "devices": kept}).encode()


def let_in(config: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> int:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    return main(["--config", str(config), "add-devices", "-"])


def actor(config: Path, token: str) -> Actor | None:
    with closing(Access(config.parent / "data/access.db", SystemClock())) as access:
        return access.actor(token)


def test_all_of_a_machines_devices_are_let_in_by_what_the_card_holds(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert let_in(config, monkeypatch, listed(SATELLITE, PAD)) == 0
        out = capsys.readouterr().out
        assert out == "satellite-2 is let in as display.\npad-2 is let in as pad.\n"
    assert actor(config, "satellite-2") == Actor("satellite-2", "display")
    assert actor(config, "pad-2") == Actor("pad-2", "pad", "2")


def test_a_card_written_anew_shuts_the_old_one_out(
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert let_in(config, monkeypatch, listed(PAD)) == 0
    anew = tmp_path / "pad.devices.json"
    anew.write_bytes(listed(PAD).replace(sha256(b"pad-2").hexdigest().encode(), b"ab" * 32))
    capsys.readouterr()
    assert main(["--config", str(config), "add-devices", str(anew)]) == 0
    said = "pad-2 is let in as pad; what had this name before is shut out.\n"
    assert capsys.readouterr().out == said
    assert actor(config, "pad-2") is None


def test_what_a_machine_no_longer_has_is_shut_out_and_nobody_else(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = {"id": "boards", "role": "display"}
    assert let_in(config, monkeypatch, listed(other, machine="display-1")) == 0
    assert main(["--config", str(config), "add-device", "kiosk-1", "--role", "kiosk"]) == 0
    kiosk = capsys.readouterr().out.split()[-1]
    assert let_in(config, monkeypatch, listed(SATELLITE, PAD)) == 0
    capsys.readouterr()
    assert let_in(config, monkeypatch, listed(SATELLITE)) == 0
    said = "satellite-2 is let in as display.\npad-2 is shut out.\n"
    assert capsys.readouterr().out == said
    assert actor(config, "pad-2") is None
    assert None not in [actor(config, token) for token in ("satellite-2", "boards", kiosk)]


def test_a_machine_takes_no_other_machines_name(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert let_in(config, monkeypatch, listed(SATELLITE, PAD)) == 0
    third = {"id": "satellite-3", "role": "display"}
    theirs = listed(third, PAD, machine="satellite-3")
    theirs = theirs.replace(sha256(b"pad-2").hexdigest().encode(), b"ab" * 32)
    assert let_in(config, monkeypatch, theirs) == 1
    said = capsys.readouterr().err
    assert "pad-2 is a device of satellite-2, and would be shut out there" in said
    assert "Nothing was changed" in said
    assert actor(config, "satellite-3") is None
    assert actor(config, "pad-2") == Actor("pad-2", "pad", "2")
    assert main(["--config", str(config), "remove-device", "pad-2"]) == 0
    assert let_in(config, monkeypatch, theirs) == 0
    assert actor(config, "satellite-3") == Actor("satellite-3", "display")


def test_a_device_that_was_let_in_by_itself_may_become_a_machines(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    by_itself = ("add-device", "pad-2", "--role", "pad", "--counter", "2")
    assert main(["--config", str(config), *by_itself]) == 0
    capsys.readouterr()
    assert let_in(config, monkeypatch, listed(PAD)) == 0
    assert "what had this name before is shut out" in capsys.readouterr().out
    assert actor(config, "pad-2") == Actor("pad-2", "pad", "2")


def test_a_devices_new_token_is_told_and_leaves_it_its_machines(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert let_in(config, monkeypatch, listed(SATELLITE, PAD)) == 0
    capsys.readouterr()
    by_itself = ("add-device", "pad-2", "--role", "pad", "--counter", "2")
    assert main(["--config", str(config), *by_itself]) == 0
    told = capsys.readouterr()
    assert "pad-2 had a token before" in told.err
    assert let_in(config, monkeypatch, listed(SATELLITE)) == 0
    assert actor(config, told.out.strip()) is None


def test_a_device_that_has_another_name_now_keeps_its_token(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert let_in(config, monkeypatch, listed(SATELLITE, PAD)) == 0
    renamed = listed(SATELLITE, PAD).replace(b'"pad-2"', b'"pad-two"')
    assert let_in(config, monkeypatch, renamed) == 0
    assert actor(config, "pad-2") == Actor("pad-two", "pad", "2")


def test_a_list_that_cannot_be_stored_changes_nothing(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert let_in(config, monkeypatch, listed(SATELLITE, PAD)) == 0
    with closing(sqlite3.connect(config.parent / "data/access.db")) as db:
        db.execute(
            "CREATE TRIGGER full BEFORE INSERT ON devices WHEN new.id = 'boards'"
            " BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        )
    fewer = listed(SATELLITE, {"id": "boards", "role": "display"})
    assert let_in(config, monkeypatch, fewer) == 1
    assert actor(config, "pad-2") == Actor("pad-2", "pad", "2")


def test_another_sites_list_is_refused(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert let_in(config, monkeypatch, listed(PAD, site="01-00070-01")) == 1
    said = capsys.readouterr().err
    assert "lists devices of site 01-00070-01, and this hub is that of 01-00097-01" in said
    assert actor(config, "pad-2") is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"id": "pad-3", "role": "pad", "counter": "9"}, "no counter 9 here"),
        ({"id": "pad-3", "role": "pad"}, "needs --counter"),
        ({"id": "k", "role": "kiosk", "counter": "1"}, "belongs to no counter"),
        ({"id": "nv01", "role": "kiosk"}, "nv01 is already the name"),
        ({"id": "hub", "role": "kiosk"}, "“hub” cannot"),
        ({"id": "chief", "role": "supervisor"}, "no list of devices"),
        ({"id": "máy 1", "role": "kiosk"}, "no list of devices"),
        ({"id": "k", "role": "kiosk", "more": "x"}, "no list of devices"),
    ],
)
def test_a_list_with_one_that_cannot_be_lets_nobody_in(
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    wrong: dict[str, str],
    said: str,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("482915\n"))
    assert main(["--config", str(config), "set-pin", "nv01", "--role", "clerk"]) == 0
    assert let_in(config, monkeypatch, listed(SATELLITE, wrong)) == 1
    err = capsys.readouterr().err
    assert said in err
    assert "Nothing was changed" in err
    assert actor(config, "satellite-2") is None


def test_a_token_of_two_devices_lets_in_neither_and_shuts_out_nobody(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert let_in(config, monkeypatch, listed(PAD, PAD)) == 1
    assert "the same id" in capsys.readouterr().err
    digest = {one: sha256(one.encode()).hexdigest().encode() for one in ("pad-2", "satellite-2")}
    both = listed(SATELLITE, PAD).replace(digest["pad-2"], digest["satellite-2"])
    assert let_in(config, monkeypatch, both) == 1
    assert "the same token_sha256" in capsys.readouterr().err
    assert let_in(config, monkeypatch, listed(PAD)) == 0
    stolen = listed(SATELLITE, machine="satellite-3")
    stolen = stolen.replace(digest["satellite-2"], digest["pad-2"])
    assert let_in(config, monkeypatch, stolen) == 1
    assert actor(config, "pad-2") == Actor("pad-2", "pad", "2")


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b'{"devices": []}', b"{" * 100_000])
def test_what_is_no_list_is_refused(
    config: Path, monkeypatch: pytest.MonkeyPatch, content: Any
) -> None:
    assert let_in(config, monkeypatch, content) == 1
