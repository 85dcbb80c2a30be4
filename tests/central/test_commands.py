"""Who gave a command, as the audit log keeps it."""

import os
import sys
from pathlib import Path

import pytest

from central.__main__ import main
from central.catalogue.reading import COLUMNS
from central.commands import invoking_user
from central.store.access import AccessStore
from central.store.database import database_of, reading

NAMES = ("SUDO_USER", "LOGNAME", "USER", "LNAME", "USERNAME")


@pytest.mark.parametrize(
    ("environment", "who"),
    [
        ({"LOGNAME": "minh"}, "minh"),
        ({"LOGNAME": "root", "SUDO_USER": "minh"}, "minh"),
        ({"LOGNAME": "minh", "SUDO_USER": ""}, "minh"),
    ],
)
def test_who_gave_a_command_is_the_person_behind_sudo(
    environment: dict[str, str], who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert invoking_user() == who


def test_a_user_without_a_name_is_known_by_the_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)

    def nobody(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr("pwd.getpwuid", nobody)
    assert invoking_user() == str(os.geteuid())


def test_commands_of_every_kind_say_who_gave_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "central.toml"
    config.write_text('[store]\nfolder = "data"\n[embedded_broker]\n', "utf-8")
    procedures = tmp_path / "procedures.csv"
    procedures.write_text(f"{','.join(COLUMNS)}\n1.000894,Đăng ký kết hôn,,1,,\n", "utf-8")
    monkeypatch.setenv("SUDO_USER", "minh")
    for words in (
        ("import-procedures", str(procedures)),
        ("token", "--name", "An", "--role", "national"),
        ("revoke", "--name", "An"),
        ("init-ca", "--broker", "mqtt.example.vn"),
    ):
        monkeypatch.setattr(sys, "argv", ["thutu-central", "--config", str(config), *words])
        main()
    with reading(database_of(tmp_path / "data")) as conn:
        deeds = [(row.who, row.action) for row, _ in AccessStore(conn).audit(0, 10)]
    assert deeds == [
        ("minh", "catalogue-published"),
        ("minh", "account-created"),
        ("minh", "token-created"),
        ("minh", "account-removed"),
        ("minh", "init-ca"),
    ]
