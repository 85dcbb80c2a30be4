import re
from pathlib import Path

import pytest

import edge
from edge.devices.printer_profile import PrinterProfile
from edge.printer_tool.__main__ import main
from edge.printer_tool.models import known_models
from edge.settings import PrinterSettings
from runtime.settings import load_settings
from runtime.wording import catalogue

GUIDE = (Path(edge.__file__).parents[1] / "docs" / "printers.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```toml thutu-hub\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"^thutu-printer (.*?)\s*(?:#.*)?$", GUIDE, re.MULTILINE)


def test_every_state_on_the_terminal_is_explained() -> None:
    said = catalogue("vi")
    states = [
        words
        for key, words in said.items()
        if key.startswith("device.") and key.replace("device.", "printer.") in said
    ]

    assert len(states) == 8
    assert [words for words in states if f"| {words} |" not in GUIDE] == []


def test_what_the_guide_quotes_is_said() -> None:
    said = " ".join(catalogue("vi").values())

    quotes = re.findall("«(.+?)»", GUIDE)
    assert quotes
    assert [quote for quote in quotes if quote not in said] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=["pictures", "text", "the site's own"])
def test_its_settings_are_accepted(example: str, tmp_path: Path) -> None:
    file = tmp_path / "hub.toml"
    file.write_text(example, "utf-8")

    printer = load_settings(file, dict[str, PrinterSettings], "THUTU", environment={})["printer"]

    assert printer.profile != PrinterProfile()


@pytest.mark.parametrize("command", COMMANDS)
def test_its_commands_exist(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([*command.split(), "--help"])

    assert left.value.code == 0
    assert "thutu-printer" in capsys.readouterr().out


def test_it_names_exactly_the_models_whose_descriptions_list_tcvn_3() -> None:
    [sentence] = re.findall(r"these list TCVN-3: (.*?)\. ", GUIDE)
    named = {
        name.replace(" South Asia", "-SA")
        for name in re.findall(r"[A-Z]+-\w+(?: South Asia)?", sentence)
    }

    listed = {name.removesuffix("-42col") for name, m in known_models().items() if m.has_tcvn3}
    assert named == listed
