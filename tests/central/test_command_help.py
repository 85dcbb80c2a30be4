"""`thutu-central --help`, for all commands and in both languages."""

import re
import sys

import pytest

from central.__main__ import main


@pytest.mark.parametrize(
    ("locale", "usage", "import_sites"),
    [
        ("C.UTF-8", "Cách dùng:", "khai các điểm từ một tệp CSV"),
        ("en_GB.UTF-8", "Usage:", "register the sites of a CSV file"),
    ],
)
def test_every_command_has_help_in_its_readers_language(
    locale: str,
    usage: str,
    import_sites: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    monkeypatch.setenv("COLUMNS", "200")

    def help_of(*command: str) -> str:
        monkeypatch.setattr(sys, "argv", ["thutu-central", *command, "--help"])
        with pytest.raises(SystemExit) as left:
            main()
        assert not left.value.code
        return capsys.readouterr().out

    whole = help_of()
    assert import_sites in whole
    commands = re.findall(r"^    ([a-z-]+)(?:  +\S|$)", whole, re.MULTILINE)
    assert {"serve", "account", "init-ca", "publish-config", "import", "rollout"} <= set(commands)
    for command in commands:
        said = help_of(command)
        assert said.startswith(usage)
        unexplained = re.findall(r"^  (?:--)?[a-z][a-z-]*(?: [A-Z_]+)?$", said, re.MULTILINE)
        assert not unexplained, command
