"""`thutu-central units`, `provinces` and their imports, in the words that an operator reads."""

from pathlib import Path

import pytest

from central.__main__ import main
from central.registry.register import register
from central.registry.sites import parse_sites
from central.registry.units import shipped_units
from central.store.database import database_of, writing

SITE = "01-00097-01"
NEW = "01-99999,Phường Mới,2027-01-01,\n"
HONG_HA = "01-00097,Phường Hồng Hà,2025-07-01,\n"


class Operator:
    """Somebody at the centre's machine."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys
        self._config = folder / "central.toml"
        self._config.write_text('[store]\nfolder = "centre"\n[embedded_broker]\n', "utf-8")
        self.list = folder / "units.csv"
        self.database = database_of(folder / "centre")
        monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
        with writing(self.database) as db:
            sites = ["site,name,type,national_code", f"{SITE},Trung tâm Hồng Hà,centre,"]
            register(db, parse_sites(sites), "2026-11-20")

    def does(self, *arguments: str) -> str:
        """Give a command; returns what it says."""
        command = ["thutu-central", "--config", str(self._config), *arguments]
        self._monkeypatch.setattr("sys.argv", command)
        main()
        return self._capsys.readouterr().out

    def imports(self, *options: str, of: str = "units") -> list[str]:
        """Import the list; returns the lines of the answer."""
        return self.does(f"import-{of}", str(self.list), *options).splitlines()


@pytest.fixture
def operator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Operator:
    return Operator(tmp_path, monkeypatch, capsys)


def test_the_list_is_printed_edited_and_imported_again(operator: Operator) -> None:
    printed = operator.does("units")
    assert len(printed.splitlines()) == len(shipped_units().all) + 1
    operator.list.write_text(printed, "utf-8")
    assert operator.imports() == ["3321 unchanged. The list is in force within seconds."]

    renamed = "01-00097,Phường Sông Hồng,2025-07-01,\n"
    operator.list.write_text(printed.replace(HONG_HA, renamed) + NEW, "utf-8")
    said = ["new: 01-99999 Phường Mới, from 2027-01-01"]
    said += ["renamed: 01-00097 Phường Sông Hồng, from 2025-07-01"]
    assert operator.imports("--dry-run") == [*said, "3320 unchanged. Nothing was stored."]
    assert operator.does("units") == printed
    assert operator.imports()[:2] == said
    assert NEW in operator.does("units")


def test_sites_left_behind_are_named_and_may_stay(operator: Operator) -> None:
    ended = HONG_HA.replace(",\n", ",2026-12-31\n")
    operator.list.write_text(operator.does("units").replace(HONG_HA, ended), "utf-8")
    for options in ((), ("--dry-run",)):
        with pytest.raises(SystemExit, match=rf"site {SITE} \(Trung tâm Hồng Hà\) is still in"):
            operator.imports(*options)
    said = operator.imports("--keep-sites")
    assert said[0] == "end moved: 01-00097 Phường Hồng Hà, until the end of 2026-12-31"
    assert ended in operator.does("units")


def test_provinces_are_printed_edited_and_imported_again(operator: Operator) -> None:
    printed = operator.does("provinces")
    assert len(printed.splitlines()) == 35
    hanoi = "01,Thành phố Hà Nội,2025-07-01,\n"
    renamed = "01,Thủ đô Hà Nội,2025-07-01,\n02,Tỉnh Mới,2027-01-01,\n"
    operator.list.write_text(printed.replace(hanoi, renamed), "utf-8")
    said = ["new: 02 Tỉnh Mới, from 2027-01-01", "renamed: 01 Thủ đô Hà Nội, from 2025-07-01"]
    compared = operator.imports("--dry-run", of="provinces")
    assert compared == [*said, "33 unchanged. Nothing was stored."]
    assert operator.does("provinces") == printed
    assert operator.imports(of="provinces")[:2] == said
    assert renamed in operator.does("provinces")
