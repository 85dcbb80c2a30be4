"""The page on the wall and the settings say what the program does."""

import re
from pathlib import Path

import pytest

import display
from display.terminal.__main__ import main
from display.terminal.actions import ACTIONS, Action
from display.terminal.settings import Settings
from runtime.settings import load_settings

GUIDE = (Path(display.__file__).parents[1] / "docs" / "terminal.md").read_text("utf-8")


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_key_is_on_the_wall(action: Action) -> None:
    for key in filter(None, (action.function_key, action.letter)):
        assert f"**{key.upper()}**" in GUIDE


def test_the_settings_of_the_guide_are_accepted(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```toml thutu-terminal\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    file = tmp_path / "terminal.toml"
    file.write_text(example, "utf-8")
    settings = load_settings(file, Settings, "THUTU_TERMINAL", environment={})
    assert settings.hub == "http://192.168.1.10:8100"


def test_settings_that_cannot_be_used_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "terminal.toml"
    file.write_text('hubb = "http://x"\n', "utf-8")
    assert main(["--config", str(file)]) == 1
    assert "hubb" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("locale", "words"),
    [("vi_VN.UTF-8", "Màn hình của cán bộ quầy"), ("en_US.UTF-8", "The clerk's terminal")],
)
def test_help_is_in_the_readers_language(
    locale: str,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    with pytest.raises(SystemExit):
        main(["--help"])
    assert words in capsys.readouterr().out
