import pytest

from runtime.command_line import CommandLine, reader_language


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "vi"),
        ({"LANG": "C.UTF-8"}, "vi"),
        ({"LANG": "vi_VN.UTF-8"}, "vi"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "vi_VN.UTF-8"}, "vi"),
        ({"LANG": "vi_VN.UTF-8", "LC_MESSAGES": "en_US", "LC_ALL": ""}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "vi"),
    ],
)
def test_the_locale_chooses_the_language(environment: dict[str, str], language: str) -> None:
    assert reader_language(environment) == language


def test_subcommands_speak_it_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "vi_VN.UTF-8")
    parser = CommandLine(prog="thutu-x")
    parser.add_subparsers(required=True, metavar="COMMAND").add_parser("go").add_argument("where")
    with pytest.raises(SystemExit):
        parser.parse_args(["go", "--help"])
    assert capsys.readouterr().out == (
        "Cách dùng: thutu-x go [-h] where\n\nTham số:\n  where\n\n"
        "Tùy chọn:\n  -h, --help  in trợ giúp này rồi thoát\n"
    )
    with pytest.raises(SystemExit, match="2"):
        parser.parse_args(["go"])
    said = capsys.readouterr().err
    assert said.startswith("Cách dùng: thutu-x go [-h] where\nthutu-x go: Lệnh chưa đúng")
    assert "thutu-x go --help" in said
