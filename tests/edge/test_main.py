"""`thutu-hub` as those who install a hub meet it."""

import io
import logging
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from contract.commands import COUNTER_ROLES, Actor, Role
from edge.__main__ import main
from edge.access import Access
from runtime.clock import SystemClock
from runtime.wording import say
from tests.edge.hub_toml import TWO_COUNTERS


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    path = tmp_path / "hub.toml"
    path.write_text(TWO_COUNTERS, encoding="utf-8")
    return path


def run(config: Path, *arguments: str) -> int:
    return main(["--config", str(config), *arguments])


def actor(config: Path, token: str) -> Actor | None:
    with closing(Access(config.parent / "data" / "access.db", SystemClock())) as access:
        return access.actor(token)


@pytest.mark.parametrize("role", COUNTER_ROLES)
def test_a_device_of_a_counter_gets_its_token_and_its_counter(
    config: Path, capsys: pytest.CaptureFixture[str], role: Role
) -> None:
    assert run(config, "add-device", f"{role}-2", "--role", role, "--counter", "2") == 0
    out, err = capsys.readouterr()
    assert actor(config, out.strip()) == Actor(f"{role}-2", role, "2")
    assert err == "Keep this token; it is not shown again.\n"


@pytest.mark.parametrize(
    ("arguments", "key", "values"),
    [
        (("pad-1", "--role", "pad"), "counter_missing", {"role": "pad", "counters": "1, 2"}),
        (("key-1", "--role", "keypad"), "counter_missing", {"role": "keypad", "counters": "1, 2"}),
        (
            ("pad-1", "--role", "pad", "--counter", "9"),
            "counter_unknown",
            {"counter": "9", "counters": "1, 2"},
        ),
        (
            ("kiosk-1", "--role", "kiosk", "--counter", "1"),
            "counter_not_for",
            {"role": "kiosk"},
        ),
        (("máy 1", "--role", "kiosk"), "bad_name", {"name": "máy 1"}),
        (("hub", "--role", "display"), "bad_name", {"name": "hub"}),
        (("nv01", "--role", "display"), "name_taken", {"name": "nv01"}),
    ],
)
def test_a_device_that_cannot_be_is_refused_in_words(
    *,
    config: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    key: str,
    values: dict[str, str],
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("482915\n"))
    assert run(config, "set-pin", "nv01", "--role", "clerk") == 0
    capsys.readouterr()
    assert run(config, "add-device", *arguments) == 1
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"thutu-hub: {say(f'hub_tool.{key}', 'en', **values)}\n")


@pytest.mark.parametrize(
    ("name", "pin", "key"),
    [
        ("Nguyễn Văn A", "482915", "bad_name"),
        ("kiosk-1", "482915", "name_taken"),
        ("nv01", "111111", "weak_pin"),
        ("nv01", "", "weak_pin"),
    ],
)
def test_a_member_of_staff_who_cannot_be_is_refused_in_words(
    *,
    config: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    pin: str,
    key: str,
) -> None:
    assert run(config, "add-device", "kiosk-1", "--role", "kiosk") == 0
    capsys.readouterr()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{pin}\n"))
    assert run(config, "set-pin", name, "--role", "clerk") == 1
    values = {} if key == "weak_pin" else {"name": name}
    assert capsys.readouterr().err == f"thutu-hub: {say(f'hub_tool.{key}', 'en', **values)}\n"


def test_who_is_removed_is_out(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(config, "add-device", "kiosk-1", "--role", "kiosk")
    token = capsys.readouterr().out.strip()
    assert run(config, "remove-device", "kiosk-1") == 0
    assert actor(config, token) is None
    assert run(config, "remove-device", "kiosk-1") == 1
    assert run(config, "remove-staff", "nv01") == 1
    assert capsys.readouterr().out.splitlines() == [
        "kiosk-1 is shut out.",
        "kiosk-1 was not known. Nothing was changed.",
        "nv01 was not known. Nothing was changed.",
    ]


def test_help_and_errors_speak_the_readers_language(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for locale, usage, about, wrong in (
        ("vi_VN.UTF-8", "Cách dùng:", "in mã của nó đúng một lần", "chưa làm gì"),
        ("C", "Cách dùng:", "in mã của nó đúng một lần", "chưa làm gì"),
        ("en_GB.UTF-8", "Usage:", "prints its token once", "Nothing was done"),
    ):
        monkeypatch.setenv("LC_ALL", locale)
        with pytest.raises(SystemExit, match="0"):
            main(["--help"])
        told = capsys.readouterr().out
        assert usage in told
        assert about in told
        assert "usage" not in told
        with pytest.raises(SystemExit, match="2"):
            run(config, "add-device", "x", "--role", "king")
        said = capsys.readouterr().err
        assert usage in said
        assert wrong in said
        assert "king" in said


def test_a_spoiled_access_file_is_named_and_says_what_to_do(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = config.parent / "data"
    data.mkdir()
    (data / "access.db").write_bytes(b"this is no database at all" * 100)
    assert run(config, "run") == 1
    said = capsys.readouterr().err
    assert str(data / "access.db") in said
    assert "let devices and staff in anew" in said


def test_settings_that_cannot_be_used(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(TWO_COUNTERS + "nonsense = 1", encoding="utf-8")
    assert run(config, "verify") == 1
    assert "nonsense" in capsys.readouterr().err


def test_a_hub_runs_and_its_journal_is_verified(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(config, "verify") == 1
    assert "no hub has run here yet" in capsys.readouterr().err
    with subprocess.Popen(
        [sys.executable, "-m", "edge", "--config", str(config), "run"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    ) as hub:
        assert hub.stdout is not None
        name, _, url = hub.stdout.readline().strip().partition(": ")
        assert name == "Trung tâm Hồng Hà"
        assert httpx.get(f"{url}/api/health", trust_env=False, timeout=30).status_code == 200
        hub.send_signal(signal.SIGTERM)
        assert hub.wait(10) == 0
    assert run(config, "verify") == 0
    assert capsys.readouterr().out.endswith(" rows, each in its place and unaltered.\n")
    with closing(sqlite3.connect(config.parent / "data" / "journal.db")) as db, db:
        db.execute("UPDATE entries SET body = x'00' WHERE seq = 1")
    assert run(config, "verify") == 1
    assert "damaged" in capsys.readouterr().err
